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

// span is a part of a view, in one piece: the rows behind those for which before
// is true, as far as within is. A row that has no value of the field is in no
// span.
type span struct {
	field          *field
	before, within func(*Row) bool
	// negate asks for the rows that have a value and are not in that part.
	negate bool
}

// spanOf returns the span of an ordered comparison.
func spanOf[V any](f *field, op tsl.Op, values []V, compare func(*Row, V) int) *span {
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

// found is a span in one state of a view: places from to until, among those from
// first on, where rows begin to have a value.
type found struct {
	view               *view
	first, from, until int
	negate             bool
}

func (s *span) find(x *Index) found {
	v := x.views[s.field]
	n := v.tree.Len()
	at := func(i int) *Row { ordinal, _ := v.tree.GetAt(i); return x.rows[ordinal] }
	first := 0
	if s.field.text != nil {
		first = sort.Search(n, func(i int) bool { return s.field.text(at(i)) != "" })
	}
	from := first + sort.Search(n-first, func(i int) bool { return !s.before(at(first + i)) })
	until := from + sort.Search(n-from, func(i int) bool { return !s.within(at(from + i)) })
	return found{view: v, first: first, from: from, until: until, negate: s.negate}
}

// size returns how many rows the span has.
func (f found) size() int {
	if f.negate {
		return f.view.tree.Len() - f.first - (f.until - f.from)
	}
	return f.until - f.from
}

// set returns the rows of the span. It goes over them or over all others,
// whichever are fewer.
func (f found) set(x *Index) *roaring.Bitmap {
	n := f.view.tree.Len()
	inside := f.until - f.from
	if 2*inside <= n {
		set := f.collect(len(x.rows), f.from, f.until)
		if !f.negate {
			return set
		}
		set.Or(f.collect(len(x.rows), 0, f.first))
		return roaring.AndNot(x.all, set)
	}
	outside := f.collect(len(x.rows), f.until, n)
	if f.negate {
		outside.Or(f.collect(len(x.rows), f.first, f.from))
		return outside
	}
	outside.Or(f.collect(len(x.rows), 0, f.from))
	return roaring.AndNot(x.all, outside)
}

// collect returns the rows at places of the view. Where they are many it sets
// bits of an array, as rows come in no order of their ordinals.
func (f found) collect(rows, from, until int) *roaring.Bitmap {
	if from >= until {
		return roaring.New()
	}
	const fewOf = 64 // the part of all rows below which an array of all bits is not worth it
	pivot, _ := f.view.tree.GetAt(from)
	remaining := until - from
	set := roaring.New()
	add := set.Add
	var bits []uint64
	if remaining > rows/fewOf {
		bits = make([]uint64, rows/64+1)
		add = func(ordinal uint32) { bits[ordinal/64] |= 1 << (ordinal % 64) }
	}
	f.view.tree.Ascend(pivot, func(ordinal uint32) bool {
		add(ordinal)
		remaining--
		return remaining > 0
	})
	if bits != nil {
		return roaring.FromDense(bits, false)
	}
	return set
}
