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
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/tidwall/btree"
)

// view is the ordinals of all rows, ordered by one field and then by id. It
// counts: the row at any place is found in a time that hardly grows with the
// fleet.
type view struct {
	field   *field
	compare func(a, b uint32) int
	tree    *btree.BTreeG[uint32]
	hint    btree.PathHint // of the writer
	hints   sync.Pool      // of *btree.PathHint, of readers
}

// newViews returns views of the rows that the Index holds, by every field of its
// Schema to order by.
func newViews(x *table) map[*field]*view {
	ordinals := x.all.ToArray()
	views := map[*field]*view{}
	for _, f := range x.schema.fields {
		if f.compare == nil {
			continue
		}
		v := newView(x, f)
		slices.SortFunc(ordinals, v.compare)
		for _, ordinal := range ordinals {
			v.tree.Load(ordinal)
		}
		views[f] = v
	}
	return views
}

// viewDegree is how many children a node of a view has at least: with twice the
// library's usual number a tree of 100000 rows is lower by a level, and a row found
// by its place in less time. Writers do not notice.
const viewDegree = 64

// newView returns a view without rows.
func newView(x *table, f *field) *view {
	v := &view{field: f}
	v.compare = func(a, b uint32) int {
		left, right := x.rows[a], x.rows[b]
		if c := f.compare(left, right); c != 0 {
			return c
		}
		return strings.Compare(left.ID, right.ID)
	}
	v.tree = btree.NewBTreeGOptions(
		func(a, b uint32) bool { return v.compare(a, b) < 0 },
		btree.Options{NoLocks: true, Degree: viewDegree})
	return v
}

func (v *view) insert(ordinal uint32) { v.tree.SetHint(ordinal, &v.hint) }

// remove takes out a row that still is what it was when it was inserted.
func (v *view) remove(ordinal uint32) { v.tree.DeleteHint(ordinal, &v.hint) }

// at returns the rows whose time is that instant.
func (v *view) at(x *table, t time.Time) *roaring.Bitmap {
	timeAt := func(i int) time.Time {
		ordinal, _ := v.tree.GetAt(i)
		return v.field.time(x.rows[ordinal])
	}
	n := v.tree.Len()
	first := sort.Search(n, func(i int) bool { return !timeAt(i).Before(t) })
	found := roaring.New()
	for i := first; i < n && timeAt(i).Equal(t); i++ {
		ordinal, _ := v.tree.GetAt(i)
		found.Add(ordinal)
	}
	return found
}

// nearEnd is how many rows of a view are gone over in the time that it takes to
// find one by its place.
const nearEnd = 64

// slice returns n rows from the offset-th on. What it costs does not depend on the
// fleet near the ends, and elsewhere on the height of the tree.
func (v *view) slice(x *table, offset, n int, descending bool) []*Row {
	rows := make([]*Row, 0, n)
	if n == 0 {
		return rows
	}
	skip, backwards := fromNearerEnd(v.tree.Len(), offset, n, descending)
	step := func(ordinal uint32) bool {
		if skip > 0 {
			skip--
			return true
		}
		rows = append(rows, x.rows[ordinal])
		return len(rows) < n
	}
	if skip <= nearEnd {
		v.scan(backwards, step)
	} else {
		place := skip
		skip = 0
		v.scanFrom(place, backwards, step)
	}
	if backwards != descending {
		slices.Reverse(rows)
	}
	return rows
}

// scan goes over the rows from one end.
func (v *view) scan(backwards bool, step func(ordinal uint32) bool) {
	if backwards {
		v.tree.Reverse(step)
	} else {
		v.tree.Scan(step)
	}
}

// scanFrom goes over the rows from that place on, counted from one end. Who reads
// on, or the same again, comes by the path of the one before.
func (v *view) scanFrom(place int, backwards bool, step func(ordinal uint32) bool) {
	hint, ok := v.hints.Get().(*btree.PathHint)
	if !ok {
		hint = &btree.PathHint{}
	}
	defer v.hints.Put(hint)
	if backwards {
		first, _ := v.tree.GetAt(v.tree.Len() - 1 - place)
		v.tree.DescendHint(first, step, hint)
	} else {
		first, _ := v.tree.GetAt(place)
		v.tree.AscendHint(first, step, hint)
	}
}

// fromNearerEnd returns how many rows lie between a page and the end that is
// nearer to it, and whether that is the end of the ascending order.
func fromNearerEnd(total, offset, n int, descending bool) (skip int, backwards bool) {
	if behind := total - offset - n; behind < offset {
		return behind, !descending
	}
	return offset, descending
}

// walk returns n rows of a set of size total from the offset-th on, by going
// over the view from the nearer end. It gives up after that many steps: where the
// set depends on the order, as a search by time does, its rows may all be at the
// far end.
func (v *view) walk(x *table, set *roaring.Bitmap, total, offset, n int, descending bool, steps int) (page []*Row, ok bool) {
	rows := make([]*Row, 0, n)
	skip, backwards := fromNearerEnd(total, offset, n, descending)
	contains := membership(set, v.steps(total, offset, n))
	step := func(ordinal uint32) bool {
		switch {
		case !contains(ordinal):
		case skip > 0:
			skip--
		default:
			rows = append(rows, x.rows[ordinal])
		}
		steps--
		return len(rows) < n && steps > 0
	}
	v.scan(backwards, step)
	if backwards != descending {
		slices.Reverse(rows)
	}
	return rows, len(rows) == n
}

// runs is for an order of which the view's field is only the first. Rows that are
// equal in it form a run. It walks as walk does, and returns the rows of those
// runs that hold the page, and how many rows of the set precede them in order.
func (v *view) runs(x *table, set *roaring.Bitmap, total, offset, n int, descending bool) (rows []*Row, preceding int) {
	skip, backwards := fromNearerEnd(total, offset, n, descending)
	passed := 0
	contains := membership(set, v.steps(total, offset, n))
	step := func(ordinal uint32) bool {
		if !contains(ordinal) {
			return true
		}
		row := x.rows[ordinal]
		if last := len(rows) - 1; last >= 0 && v.field.compare(rows[last], row) != 0 {
			switch end := passed + len(rows); {
			case end <= skip:
				passed, rows = end, rows[:0]
			case end >= skip+n:
				return false
			}
		}
		rows = append(rows, row)
		return true
	}
	v.scan(backwards, step)
	if backwards != descending {
		return rows, total - passed - len(rows)
	}
	return rows, passed
}

// membership tells of ordinals whether a set has them. For many of them, it asks an
// array of all bits, which is three times as fast as asking the set.
func membership(set *roaring.Bitmap, times int) func(uint32) bool {
	const many = 500
	if times < many {
		return set.Contains
	}
	bits := set.ToDense()
	return func(ordinal uint32) bool {
		i := int(ordinal / 64)
		return i < len(bits) && bits[i]&(1<<(ordinal%64)) != 0
	}
}

// steps estimates how many rows walk goes over.
func (v *view) steps(total, offset, n int) int {
	wanted := min(offset, total-offset-n) + n
	return wanted * v.tree.Len() / total
}
