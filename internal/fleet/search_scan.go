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
	"runtime"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// limits bound searches that have to look at rows one by one, so that they leave
// room for all others.
type limits struct {
	// scanTime is how long a search may look at rows.
	scanTime time.Duration
	// patience is how long a search waits for others of its kind to end.
	patience time.Duration
	// fewRows is how many rows a search may look at without waiting its turn.
	fewRows int
	// fewValues is how many values of a column a search may look at while readers
	// and writers wait.
	fewValues int
}

var defaultLimits = limits{
	scanTime:  5 * time.Second,
	patience:  2 * time.Second,
	fewRows:   2000,
	fewValues: 500,
}

// ErrTooBroad says that a search has to look at more rows, or at more of each,
// than time allows. It is for the user: a narrower search gets an answer.
var ErrTooBroad = errors.New("the search looks at too many objects one by one; narrow it, as by a label, a condition or a name")

// ErrBusy says that too many searches look at many rows already. The same search
// may get an answer a moment later.
var ErrBusy = errors.New("too many searches that look at objects one by one are under way")

// turns lets as many searches scan at once as leave half of the processors to
// everything else.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// take waits for a turn. The caller gives it back by done.
func (t turns) take(ctx context.Context, patience time.Duration) (done func(), err error) {
	select {
	case t <- struct{}{}:
	default:
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case t <- struct{}{}:
		case <-timer.C:
			return nil, ErrBusy
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return func() { <-t }, nil
}

// scanPage answers a search that posting lists and views cannot answer alone,
// bound to a plan. Its caller holds the lock for reading, of which it lets go.
func (x *Index) scanPage(ctx context.Context, p *plan, search *Search, owners []string, offset, limit int) (Page, error) {
	s, matching, err := x.scan(ctx, p, search, owners)
	if err != nil {
		return Page{}, err
	}
	rows := make([]*Row, 0, matching.GetCardinality())
	s.each(matching, func(_ uint32, row *Row) bool {
		rows = append(rows, row)
		return true
	})
	page := Page{Total: len(rows)}
	if n := min(limit, len(rows)-offset); n > 0 {
		page.Rows = search.order.slice(rows, offset, n)
	}
	return page, nil
}

// scan returns the rows for which a search that is bound to a plan is true. Its
// caller holds the lock for reading. It lets go of it before it looks at rows, as
// they do not change. If it has to wait for its turn, it binds the search anew.
func (x *Index) scan(ctx context.Context, p *plan, search *Search, owners []string) (*scan, *roaring.Bitmap, error) {
	if int(p.set.GetCardinality()) > x.limits.fewRows {
		x.mu.RUnlock()
		done, err := x.turns.take(ctx, x.limits.patience)
		if err != nil {
			return nil, nil, err
		}
		defer done()
		x.mu.RLock()
		p = x.find(search, owners)
	}
	s := newScan(ctx, x, p)
	x.mu.RUnlock()
	matching, err := s.matching(p, p.set)
	return s, matching, err
}

// scan is the rows that a search looks at, as they were when it began.
type scan struct {
	state    state
	strays   *roaring.Bitmap // of the rows
	ordinals []uint32
	rows     []*Row
	watch    stopwatch
}

// newScan gathers the rows of a plan, and makes the plan independent of the Index.
func newScan(ctx context.Context, x *Index, p *plan) *scan {
	p.detach()
	s := &scan{
		state:    x.state(),
		strays:   roaring.And(p.set, x.strays),
		ordinals: p.set.ToArray(),
		watch:    x.stopwatch(ctx),
	}
	s.rows = make([]*Row, len(s.ordinals))
	for i, ordinal := range s.ordinals {
		s.rows[i] = x.rows[ordinal]
	}
	return s
}

// stopwatch tells those who look at rows when to stop.
type stopwatch struct {
	ctx      context.Context // of the one search that it is for
	deadline time.Time
	looked   int
}

func (x *Index) stopwatch(ctx context.Context) stopwatch {
	return stopwatch{ctx: ctx, deadline: time.Now().Add(x.limits.scanTime)}
}

// look is called for each row that has been looked at, at that cost. It fails once
// the time is over, or whoever asked has gone. To match a text with a pattern may
// take a while, after which the clock is looked at. For other tests that would
// take as long as the test.
func (w *stopwatch) look(c cost) error {
	looksPerTime := 16
	if c == costPattern || c == costFreeFormPattern {
		looksPerTime = 1
	}
	w.looked++
	if w.looked%looksPerTime != 0 {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if time.Now().After(w.deadline) {
		return ErrTooBroad
	}
	return nil
}

func (p *plan) detach() {
	p.set = p.set.Clone()
	for _, operand := range append(p.all, p.any...) {
		operand.detach()
	}
}

// matching returns which of the candidates, a subset of the rows of the scan, the
// plan is true for.
func (s *scan) matching(p *plan, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
	candidates = roaring.And(candidates, p.set)
	switch {
	case p.exact:
		return candidates, nil
	case p.row != nil:
		return s.look(p, candidates)
	case p.any != nil:
		return s.anyOf(p, candidates)
	}
	for _, operand := range p.all {
		var err error
		if candidates, err = s.matching(operand, candidates); err != nil {
			return nil, err
		}
	}
	return candidates, nil
}

func (s *scan) anyOf(p *plan, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
	matching := roaring.And(candidates, p.sure)
	for _, operand := range p.any {
		more, err := s.matching(operand, roaring.AndNot(candidates, matching))
		if err != nil {
			return nil, err
		}
		matching.Or(more)
	}
	return matching, nil
}

// look asks each candidate.
func (s *scan) look(p *plan, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
	var matching []uint32
	var err error
	s.each(candidates, func(ordinal uint32, row *Row) bool {
		if p.row(row) {
			matching = append(matching, ordinal)
		}
		err = s.watch.look(p.cost)
		return err == nil
	})
	return roaring.BitmapOf(matching...), err
}

// each calls f for each row of a subset of the scan until f returns false.
func (s *scan) each(subset *roaring.Bitmap, f func(ordinal uint32, row *Row) bool) {
	i := 0
	subset.Iterate(func(ordinal uint32) bool {
		for s.ordinals[i] != ordinal {
			i++
		}
		return f(ordinal, s.rows[i])
	})
}
