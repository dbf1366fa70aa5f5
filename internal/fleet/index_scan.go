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
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// limits bound the work of searches, so that other requests have capacity left.
type limits struct {
	// scanTime is the maximum time that a search scans or sorts rows.
	scanTime time.Duration
	// patience is the maximum time that a search waits for each of its turns.
	patience time.Duration
	// fewRows is the maximum number of rows that a search scans or sorts without a turn.
	fewRows int
	// fewValues is the maximum number of values of a column that a search tests while it
	// holds the lock.
	fewValues int
	// fewSteps are the steps of a search without a turn, and manySteps those of a search in
	// its turn. manySteps is also the number of rows that a search gathers at a time.
	fewSteps, manySteps steps
}

var defaultLimits = limits{
	scanTime:  5 * time.Second,
	patience:  2 * time.Second,
	fewRows:   2000,
	fewValues: 500,
	fewSteps:  10_000,
	manySteps: 200_000,
}

// ErrTooBroad reports that a search could not scan or sort all its rows in time. The user
// has to narrow the search.
var ErrTooBroad = errors.New("the search or its order looks at too many objects; narrow it, as by a label, a condition or a name")

// takeTurn waits for a turn for work on that number of rows. Few rows need none.
func (x *Index) takeTurn(ctx context.Context, rows int) (*fairness.Turn, error) {
	if rows <= x.limits.fewRows {
		return nil, nil
	}
	return x.turns.Take(ctx, x.limits.patience)
}

// scanPage answers a search without the lock. The caller holds the read lock, which scanPage
// releases, and the turn, nil for none.
func (x *Index) scanPage(ctx context.Context, p *plan, search *Search, r PageRequest, taken *fairness.Turn) (Page, error) {
	s, err := x.scan(ctx, p, search, r.Owners, taken)
	if err != nil {
		return Page{}, err
	}
	rows := s.matchingRows()
	return found{total: len(rows), rows: rows}.pageWithin(&s.watch, search, r)
}

// scan returns the rows that match a search, and tests them without the lock. The caller
// holds the read lock, which scan releases, and the turn, nil for none. If the table is
// replaced meanwhile, scan binds the search again.
func (x *Index) scan(ctx context.Context, p *plan, search *Search, owners []string, taken *fairness.Turn) (*scan, error) {
	watch := newStopwatch(ctx, x.limits, taken)
	for range maxRounds {
		s := newScan(x.table, p, search, owners, watch)
		x.mu.RUnlock()
		ok, err := s.run(x)
		if ok || err != nil {
			return s, err
		}
		watch = s.watch
		x.mu.RLock()
		steps := x.steps(taken)
		p = search.bind(x.scope(&steps), owners)
	}
	x.mu.RUnlock()
	return nil, fairness.ErrBusy
}

// run finds the result. ok is false if the table was replaced meanwhile.
func (s *scan) run(x *Index) (ok bool, err error) {
	s.ordinals = s.plan.set.ToArray()
	if s.rows, ok, err = x.gatherPieces(s.state.table, s.ordinals, &s.watch); err != nil || !ok {
		return false, err
	}
	changed, now, strays, ok := x.changesSince(s.state)
	if !ok {
		return false, nil
	}
	s.state, s.strays = now, strays
	unchanged := s.mend(changed)
	if s.result, err = s.matching(s.plan, unchanged); err != nil {
		return false, err
	}
	for ordinal, row := range changed {
		if s.mayMatch(row) && s.search.matches(row) {
			s.result.Add(ordinal)
		}
		if err := s.watch.tested(s.search.cost); err != nil {
			return false, err
		}
	}
	return true, nil
}

// gatherPieces returns the rows of some ordinals of the table with that number. It
// releases the lock after each piece. So of a row that changes meanwhile, it may return
// any version, and nil if the row is deleted. ok is false if the table is replaced.
func (x *Index) gatherPieces(table uint64, ordinals []uint32, watch *stopwatch) (rows []*Row, ok bool, err error) {
	rows = make([]*Row, 0, len(ordinals))
	for piece := range slices.Chunk(ordinals, int(x.limits.manySteps)) {
		if len(rows) > 0 {
			if err := watch.check(); err != nil {
				return nil, false, err
			}
		}
		x.mu.RLock()
		if x.number != table {
			x.mu.RUnlock()
			return nil, false, nil
		}
		for _, ordinal := range piece {
			rows = append(rows, x.rows[ordinal])
		}
		x.mu.RUnlock()
	}
	return rows, true, nil
}

// changesSince returns the rows that changed after a state, by their ordinals; a deleted
// row is nil. ok is false if the table is replaced, or if there are too many changes.
func (x *Index) changesSince(as state) (changed map[uint32]*Row, now state, strays *roaring.Bitmap, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	now = x.state()
	if now.table != as.table || now.changes-as.changes > maxChanges {
		return nil, now, nil, false
	}
	changes, ok := x.journal.since(as.changes)
	if len(changes) > 0 {
		changed = make(map[uint32]*Row, len(changes))
		for _, c := range changes {
			changed[c.ordinal] = x.rows[c.ordinal]
		}
	}
	return changed, now, x.strays.Clone(), ok
}
