/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// limits bound the searches that scan rows, so that they leave capacity for all others.
type limits struct {
	// scanTime is the maximum time that a search scans rows.
	scanTime time.Duration
	// patience is the maximum time that a search waits for each of its turns to scan.
	patience time.Duration
	// fewRows is the maximum number of rows that a search scans without a turn.
	fewRows int
	// fewValues is the maximum number of values of a column that a search tests while it
	// holds the lock.
	fewValues int
}

var defaultLimits = limits{
	scanTime:  5 * time.Second,
	patience:  2 * time.Second,
	fewRows:   2000,
	fewValues: 500,
}

// ErrTooBroad reports that a search could not scan all its rows in time. The user gets an
// answer from a narrower search.
var ErrTooBroad = errors.New("the search looks at too many objects one by one; narrow it, as by a label, a condition or a name")

// ErrBusy reports that too many searches scan rows already. The same search may get an
// answer a moment later.
var ErrBusy = errors.New("too many searches that look at objects one by one are under way")

// takeTurn waits for a turn for work on that number of rows. Few rows need none.
func (x *Index) takeTurn(ctx context.Context, rows int) (*turn, error) {
	if rows <= x.limits.fewRows {
		return nil, nil
	}
	return x.turns.take(ctx, x.limits.patience)
}

// scanPage answers a search whose plan is not exact. The caller holds the read lock, which
// scanPage releases.
func (x *Index) scanPage(ctx context.Context, p *plan, search *Search, r PageRequest) (Page, error) {
	s, matching, err := x.scan(ctx, p, search, r.Owners)
	if err != nil {
		return Page{}, err
	}
	rows := make([]*Row, 0, matching.GetCardinality())
	s.iterate(matching, func(_ uint32, row *Row) bool {
		rows = append(rows, row)
		return true
	})
	return pageOf(unsorted{rows, search.order}, r, len(rows), search.order), nil
}

// scan returns the rows that match a search whose plan is not exact. The caller holds the
// read lock. scan releases it before it tests rows, because rows are immutable. If it has to
// wait for its turn, it binds the search again.
func (x *Index) scan(ctx context.Context, p *plan, search *Search, owners []string) (*scan, *roaring.Bitmap, error) {
	var taken *turn
	if n := int(p.set.GetCardinality()); n > x.limits.fewRows {
		x.mu.RUnlock()
		var err error
		if taken, err = x.takeTurn(ctx, n); err != nil {
			return nil, nil, err
		}
		defer taken.done()
		x.mu.RLock()
		p = search.bind(x.scope(), owners)
	}
	s := newScan(x.table, p, newStopwatch(ctx, x.limits, taken))
	x.mu.RUnlock()
	matching, err := s.matching(p, p.set)
	return s, matching, err
}
