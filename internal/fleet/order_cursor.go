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
	"time"
)

// Position is the place of a row in the default order of its collection. It stays valid
// when rows, including the row itself, are added and deleted: such changes never make the
// page after a Position skip or repeat another row.
type Position struct {
	CreatedTime time.Time
	Sequence    uint64
	ID          string
}

// Position returns the place of the row in the default order.
func (r *Row) Position() Position {
	return Position{CreatedTime: r.CreatedTime, Sequence: r.Sequence, ID: r.ID}
}

// cursor divides a set of rows at a Position. It compares in ascending order, because all
// sets count their rows in ascending order.
type cursor struct {
	row   *Row // at the position
	order ordering
	// descending is the direction in which the rows are listed.
	descending bool
}

func newCursor(p Position, o ordering) cursor {
	return cursor{
		row:        &Row{CreatedTime: p.CreatedTime, Sequence: p.Sequence, ID: p.ID},
		order:      o.forward(),
		descending: o.descending(),
	}
}

// precedes reports whether a row belongs to the front part of the ascending order. The
// position itself belongs to the part that is not listed.
func (c cursor) precedes(r *Row) bool {
	n := c.order.compare(r, c.row)
	return n < 0 || n == 0 && !c.descending
}

// skip returns how many of total rows are not listed. preceding is the size of the front
// part of the ascending order.
func (c cursor) skip(total, preceding int) int {
	if c.descending {
		return total - preceding
	}
	return preceding
}

// pager is a set of rows that returns a window of them, in an order.
type pager interface {
	page(w window) []*Row
	// preceding returns the number of rows that precede the cursor. The order is the default
	// order of the collection.
	preceding(c cursor) int
}

// pageOf returns the page of a request from a pager of total rows. It is generic because
// the conversion of a pager to an interface allocates memory, which is a large part of a
// page's cost.
func pageOf[P pager](p P, r PageRequest, total int, order ordering) Page {
	w, ok := r.window(total, skipped(p, r, total, order), order)
	if !ok {
		return Page{Total: total}
	}
	return Page{Total: total, Rows: p.page(w)}
}

// skipped returns how many of the pager's rows are at or before the position of a request.
func skipped[P pager](p P, r PageRequest, total int, order ordering) int {
	if r.After == nil {
		return 0
	}
	c := newCursor(*r.After, order)
	return c.skip(total, p.preceding(c))
}

// preceding searches the view.
func (v *view) preceding(c cursor) int {
	return sort.Search(v.tree.Len(), func(i int) bool { return !c.precedes(v.row(i)) })
}

// preceding searches the set and the strays. The set does not order rows of the same
// time, so preceding tests each row of the position's time.
func (r ranking) preceding(c cursor) int {
	x, n := r.table, sort.Search(r.length, func(i int) bool { return r.compare(r.row(i), c.row) >= 0 })
	if n < r.length {
		equal := 0
		if r.compare(r.row(n), c.row) == 0 {
			equal = r.runEnd(n) - n
		}
		r.set.iterate(n, equal, func(ordinal uint32) {
			if c.precedes(x.rows[ordinal]) {
				n++
			}
		})
	}
	return n + sort.Search(len(r.strays), func(i int) bool { return !c.precedes(r.strays[i]) })
}

// unsorted is a pager that sorts rows for one page. The rows are a part of a set; first
// is the number of rows of the set before them.
type unsorted struct {
	rows    []*Row
	first   int
	compare func(a, b *Row) int
}

func (u unsorted) page(w window) []*Row { return sliceBy(u.compare, u.rows, u.first, w) }

func (u unsorted) preceding(c cursor) int {
	n := 0
	for _, row := range u.rows {
		if c.precedes(row) {
			n++
		}
	}
	return n
}

// sortedRows is a pager of a sortedList, in the order of the list or in its reverse.
type sortedRows struct {
	*table
	list  *sortedList
	total int
}

func (s sortedRows) page(w window) []*Row {
	rows := make([]*Row, 0, w.n)
	s.list.iterate(w.ascending(s.total), w.n, func(ordinal uint32) { rows = append(rows, s.rows[ordinal]) })
	if w.descending {
		slices.Reverse(rows)
	}
	return rows
}

func (s sortedRows) preceding(c cursor) int {
	return sort.Search(s.total, func(i int) bool {
		var row *Row
		s.list.iterate(i, 1, func(ordinal uint32) { row = s.rows[ordinal] })
		return !c.precedes(row)
	})
}
