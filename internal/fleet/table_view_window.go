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
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// nearEnd is the number of rows of a view that a traversal visits in the time that one
// lookup by position takes.
const nearEnd = 64

// page returns the rows of a window of the view. Near the ends, the cost does not depend
// on the fleet; elsewhere, it depends on the height of the tree.
func (v *view) page(w window) []*Row {
	rows := make([]*Row, 0, w.n)
	if w.n == 0 {
		return rows
	}
	skip, backwards := w.fromNearerEnd(v.tree.Len())
	visit := func(ordinal uint32) bool {
		if skip > 0 {
			skip--
			return true
		}
		rows = append(rows, v.table.rows[ordinal])
		return len(rows) < w.n
	}
	if skip <= nearEnd {
		v.traverse(backwards, visit)
	} else {
		position := skip
		skip = 0
		v.traverseFrom(position, backwards, visit)
	}
	if backwards != w.descending {
		slices.Reverse(rows)
	}
	return rows
}

// walk returns the rows of a window of a set by traversing the view from the nearer end.
// ok is false if it has not found the window within maxSteps rows. That happens if the
// set depends on the order, as in a search by time: all its rows may be at the far end.
func (v *view) walk(s rowSet, w window, maxSteps int) (page []*Row, ok bool) {
	rows := make([]*Row, 0, w.n)
	skip, backwards := w.fromNearerEnd(s.total)
	contains := membership(s.Bitmap, v.steps(s, w))
	v.traverse(backwards, func(ordinal uint32) bool {
		switch {
		case !contains(ordinal):
		case skip > 0:
			skip--
		default:
			rows = append(rows, v.table.rows[ordinal])
		}
		maxSteps--
		return len(rows) < w.n && maxSteps > 0
	})
	if backwards != w.descending {
		slices.Reverse(rows)
	}
	return rows, len(rows) == w.n
}

// runs is for an order whose first field is the view's. Rows with equal values in it form a
// run. runs traverses the view as walk does. It returns the rows of those runs that
// overlap the window, and the number of rows of the set before them in the order. ok is
// false if there are more than maxRows such rows, or too few steps to find them.
func (v *view) runs(s rowSet, w window, maxRows int, steps *steps) (rows []*Row, preceding int, ok bool) {
	skip, backwards := w.fromNearerEnd(s.total)
	passed := 0
	contains := membership(s.Bitmap, v.steps(s, w))
	ok = true
	v.traverse(backwards, func(ordinal uint32) bool {
		if ok = steps.take(1); !ok {
			return false
		}
		if !contains(ordinal) {
			return true
		}
		if ok = steps.take(rowSteps) && len(rows) <= maxRows; !ok {
			return false
		}
		row := v.table.rows[ordinal]
		if last := len(rows) - 1; last >= 0 && v.field.compare(rows[last], row) != 0 {
			switch end := passed + len(rows); {
			case end <= skip:
				passed, rows = end, rows[:0]
			case end >= skip+w.n:
				return false
			}
		}
		rows = append(rows, row)
		return true
	})
	if backwards != w.descending {
		return rows, s.total - passed - len(rows), ok
	}
	return rows, passed, ok
}

// membership returns a function that reports whether the set has an ordinal. For many
// calls, it uses an array of bits, which is three times as fast as the set.
func membership(set *roaring.Bitmap, calls int) func(uint32) bool {
	const many = 500
	if calls < many {
		return set.Contains
	}
	bits := set.ToDense()
	return func(ordinal uint32) bool {
		i := int(ordinal / 64)
		return i < len(bits) && bits[i]&(1<<(ordinal%64)) != 0
	}
}

// steps estimates how many rows walk visits.
func (v *view) steps(s rowSet, w window) int {
	wanted := min(w.offset, s.total-w.offset-w.n) + w.n
	return wanted * v.tree.Len() / s.total
}
