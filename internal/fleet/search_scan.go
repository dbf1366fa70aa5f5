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
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// scan is a search that tests rows one by one, without the lock. It starts with the rows
// that a plan found in one state of the table. Rows may change while it gathers them. It
// then reads the changed rows in one later state, and its result reflects that state.
type scan struct {
	search *Search
	owners []string
	plan   *plan
	state  state
	watch  stopwatch

	// ordinals and rows are the rows that may match. strays are the strays of the table.
	ordinals []uint32
	rows     []*Row
	strays   *roaring.Bitmap
	result   *roaring.Bitmap // the ordinals that match
}

// newScan detaches the plan from the table, so the caller may release the lock.
func newScan(x *table, p *plan, search *Search, owners []string, watch stopwatch) *scan {
	p.detach(x)
	return &scan{search: search, owners: owners, plan: p, state: x.state(), watch: watch}
}

// mend replaces the rows that changed since the plan was bound. changed contains them by
// their ordinals. mend returns the rows for which the plan is still true.
func (s *scan) mend(changed map[uint32]*Row) (unchanged *roaring.Bitmap) {
	if len(changed) == 0 {
		return s.plan.set
	}
	unchanged = s.plan.set.Clone()
	all := unchanged.Clone()
	for ordinal, row := range changed {
		unchanged.Remove(ordinal)
		if s.mayMatch(row) {
			all.Add(ordinal)
		} else {
			all.Remove(ordinal)
		}
	}
	gathered := *s
	s.ordinals, s.rows = all.ToArray(), make([]*Row, 0, all.GetCardinality())
	at := 0
	for _, ordinal := range s.ordinals {
		row, ok := changed[ordinal]
		if !ok {
			for gathered.ordinals[at] != ordinal {
				at++
			}
			row = gathered.rows[at]
		}
		s.rows = append(s.rows, row)
	}
	return unchanged
}

// mayMatch reports whether a row, nil for none, belongs to one of the owners.
func (s *scan) mayMatch(row *Row) bool {
	return row != nil && (len(s.owners) == 0 || slices.Contains(s.owners, row.OwnerID))
}

// matchingRows returns the rows of the result.
func (s *scan) matchingRows() []*Row {
	rows := make([]*Row, 0, s.result.GetCardinality())
	s.iterate(s.result, func(_ uint32, row *Row) bool {
		rows = append(rows, row)
		return true
	})
	return rows
}

// matching returns the candidates that match the plan. The candidates are a subset of the
// rows of the scan.
func (s *scan) matching(p *plan, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
	candidates = roaring.And(candidates, p.set)
	switch {
	case p.exact:
		return candidates, nil
	case p.predicate != nil:
		return s.matchingPredicate(p, candidates)
	case p.any != nil:
		return s.matchingAny(p, candidates)
	}
	for _, operand := range p.all {
		var err error
		if candidates, err = s.matching(operand, candidates); err != nil {
			return nil, err
		}
	}
	return candidates, nil
}

func (s *scan) matchingAny(p *plan, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
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

func (s *scan) matchingPredicate(p *plan, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
	var matching []uint32
	var err error
	s.iterate(candidates, func(ordinal uint32, row *Row) bool {
		if p.predicate(row) {
			matching = append(matching, ordinal)
		}
		err = s.watch.tested(p.cost)
		return err == nil
	})
	return roaring.BitmapOf(matching...), err
}

// iterate calls f for each row of a subset of the scan until f returns false.
func (s *scan) iterate(subset *roaring.Bitmap, f func(ordinal uint32, row *Row) bool) {
	i := 0
	subset.Iterate(func(ordinal uint32) bool {
		for s.ordinals[i] != ordinal {
			i++
		}
		return f(ordinal, s.rows[i])
	})
}

// stopwatch limits the time of one scan, and gives its turn to other callers.
type stopwatch struct {
	ctx      context.Context // of the search
	deadline time.Time
	tests    int
	turn     *fairness.Turn
	patience time.Duration
	// err is the reason why the search must end, nil if it may continue.
	err error
}

func newStopwatch(ctx context.Context, limits limits, turn *fairness.Turn) stopwatch {
	return stopwatch{ctx: ctx, deadline: time.Now().Add(limits.scanTime), turn: turn, patience: limits.patience}
}

// tested records one test of a row, of that cost. It calls check and returns its error
// after each match of a pattern, which may take a while, but only after one in 16 other
// tests: check reads the clock, which takes as long as such a test.
func (w *stopwatch) tested(c cost) error {
	testsPerReading := 16
	if c == costPattern || c == costFreeFormPattern {
		testsPerReading = 1
	}
	w.tests++
	if w.tests%testsPerReading != 0 {
		return nil
	}
	return w.check()
}

// check fails once the time is over, the context of the search is done, or the search does
// not get its next turn.
func (w *stopwatch) check() error {
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err != nil {
		return w.err
	}
	now := time.Now()
	if now.After(w.deadline) {
		w.err = ErrTooBroad
		return w.err
	}
	if !w.turn.Expired(now) {
		return nil
	}
	w.err = w.turn.Yield(w.ctx, w.patience)
	w.deadline = w.deadline.Add(time.Since(now)) // scanTime does not include the scans of others
	return w.err
}

// comparing returns the comparison of an order. Once the search must end, all rows are equal,
// so that sorting ends soon.
func (w *stopwatch) comparing(o ordering) func(a, b *Row) int {
	const comparisonsPerReading = 128
	return func(a, b *Row) int {
		if w.tests++; w.tests%comparisonsPerReading == 0 && w.check() != nil || w.err != nil {
			return 0
		}
		return o.compare(a, b)
	}
}
