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
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// scan tests rows one by one, as they were when it began.
type scan struct {
	state    state
	strays   *roaring.Bitmap // among the rows
	ordinals []uint32
	rows     []*Row
	watch    stopwatch
}

// newScan gathers the rows of a plan. It detaches the plan from the table, so the caller
// may release the lock.
func newScan(x *table, p *plan, watch stopwatch) *scan {
	p.detach()
	s := &scan{
		state:    x.state(),
		strays:   roaring.And(p.set, x.strays),
		ordinals: p.set.ToArray(),
		watch:    watch,
	}
	s.rows = make([]*Row, len(s.ordinals))
	for i, ordinal := range s.ordinals {
		s.rows[i] = x.rows[ordinal]
	}
	return s
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
	turn     *turn
	patience time.Duration
}

func newStopwatch(ctx context.Context, limits limits, turn *turn) stopwatch {
	return stopwatch{ctx: ctx, deadline: time.Now().Add(limits.scanTime), turn: turn, patience: limits.patience}
}

// tested records one test of a row, of that cost. It fails once the time is over, the
// context of the search is done, or the search does not get its next turn. It reads the
// clock after each match of a pattern, which may take a while; after every other test,
// reading the clock would take as long as the test.
func (w *stopwatch) tested(c cost) error {
	testsPerReading := 16
	if c == costPattern || c == costFreeFormPattern {
		testsPerReading = 1
	}
	w.tests++
	if w.tests%testsPerReading != 0 {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	if now.After(w.deadline) {
		return ErrTooBroad
	}
	if !w.turn.expired(now) {
		return nil
	}
	err := w.turn.yield(w.ctx, w.patience)
	w.deadline = w.deadline.Add(time.Since(now)) // scanTime does not include the scans of others
	return err
}
