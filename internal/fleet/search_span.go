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
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// span is a contiguous part of a view: it starts after the rows for which before is true
// and ends with the last row for which within is true. A row without a value of the field
// is in no span.
type span struct {
	field          *field
	before, within func(*Row) bool
	// negate selects the rows outside of that part that have a value.
	negate bool
}

// newSpan returns the span of an ordered comparison.
func newSpan[V any](f *field, op tsl.Op, values []V, compare func(*Row, V) int) *span {
	s := &span{
		field:  f,
		before: func(*Row) bool { return false },
		within: func(*Row) bool { return true },
		negate: op == tsl.NotBetween,
	}
	switch op {
	case tsl.Less:
		s.within = func(r *Row) bool { return compare(r, values[0]) < 0 }
	case tsl.LessOrEqual:
		s.within = func(r *Row) bool { return compare(r, values[0]) <= 0 }
	case tsl.Greater:
		s.before = func(r *Row) bool { return compare(r, values[0]) <= 0 }
	case tsl.GreaterOrEqual:
		s.before = func(r *Row) bool { return compare(r, values[0]) < 0 }
	case tsl.Between, tsl.NotBetween:
		s.before = func(r *Row) bool { return compare(r, values[0]) < 0 }
		s.within = func(r *Row) bool { return compare(r, values[1]) <= 0 }
	}
	return s
}

// segment is a span in one state of a view: the positions in [from, until). Rows have a
// value from position first on.
type segment struct {
	view               *view
	first, from, until int
	negate             bool
}

func (s *span) locate(x *table) segment {
	v := x.views[s.field]
	n := v.tree.Len()
	first := 0
	if s.field.key != nil {
		first = sort.Search(n, func(i int) bool { return s.field.key(v.row(i)) != "" })
	}
	from := first + sort.Search(n-first, func(i int) bool { return !s.before(v.row(first + i)) })
	until := from + sort.Search(n-from, func(i int) bool { return !s.within(v.row(from + i)) })
	return segment{view: v, first: first, from: from, until: until, negate: s.negate}
}

// size returns the number of rows of the span.
func (s segment) size() int {
	if s.negate {
		return s.view.tree.Len() - s.first - (s.until - s.from)
	}
	return s.until - s.from
}

// steps returns the steps to collect the span.
func (s segment) steps() int {
	inside := s.until - s.from
	return min(inside, s.view.tree.Len()-inside) + s.view.table.setSteps()
}

// rows returns the rows of the span. It visits them or all other rows, whichever are fewer.
func (s segment) rows() *roaring.Bitmap {
	n := s.view.tree.Len()
	if inside := s.until - s.from; 2*inside <= n {
		set := s.view.collect(s.from, s.until)
		if !s.negate {
			return set
		}
		set.Or(s.view.collect(0, s.first))
		return roaring.AndNot(s.view.table.all, set)
	}
	outside := s.view.collect(s.until, n)
	if s.negate {
		outside.Or(s.view.collect(s.first, s.from))
		return outside
	}
	outside.Or(s.view.collect(0, s.from))
	return roaring.AndNot(s.view.table.all, outside)
}

// collect returns the rows at the positions in [from, until). For many rows it sets bits of
// an array, because their ordinals are in no order.
func (v *view) collect(from, until int) *roaring.Bitmap {
	if from >= until {
		return roaring.New()
	}
	const fewOf = 64 // an array of bits is not worth its cost for a smaller part of all rows
	rows := len(v.table.rows)
	pivot, _ := v.tree.GetAt(from)
	remaining := until - from
	set := roaring.New()
	add := set.Add
	var bits []uint64
	if remaining > rows/fewOf {
		bits = make([]uint64, rows/64+1)
		add = func(ordinal uint32) { bits[ordinal/64] |= 1 << (ordinal % 64) }
	}
	v.tree.Ascend(pivot, func(ordinal uint32) bool {
		add(ordinal)
		remaining--
		return remaining > 0
	})
	if bits != nil {
		return roaring.FromDense(bits, false)
	}
	return set
}
