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

	"github.com/RoaringBitmap/roaring/v2"
)

// A collection's default order is also that of its ordinals: a new row is the
// newest one nearly always, and gets an ordinal behind all others. So the n-th of
// any set of rows is found without going over those before it. Rows that are
// equal in the field of that order are in no order among themselves, and strays
// are rows that are not in their place: the watch has brought them late, or their
// time has changed.

const (
	// strayRatio is what part of a set may be strays, for which each page has to
	// find the place again.
	strayRatio = 16
	// fewStrays and fewHoles are how many strays, and ordinals that are free
	// again, are never worth to number all rows anew.
	fewStrays, fewHoles = 1024, 4096
)

// place gives a new row an ordinal.
func (x *table) place(row *Row) {
	row.ordinal = uint32(len(x.rows))
	x.rows = append(x.rows, row)
	if x.newest != nil && x.schema.defaultOrder.compare(row, x.newest) < 0 {
		x.strays.Add(row.ordinal)
	} else {
		x.newest = row
	}
}

// worn tells whether so many ordinals are free or out of order that all rows
// should get new ones, in the default order and without holes. A fleet has to
// change by a part of its size for that.
func (x *table) worn() bool {
	live := len(x.byID)
	return int(x.strays.GetCardinality()) > live/4+fewStrays || len(x.rows)-live > live+fewHoles
}

// sort puts rows in the default order, the oldest first.
func (s *Schema) sort(rows []*Row) {
	order := ordering{{field: s.defaultOrder}, {field: id}}
	slices.SortFunc(rows, order.compare)
}

// counted is a set of ordinals that finds its i-th. It is not empty.
type counted interface {
	at(i int) uint32
	// each calls f for n ordinals from the i-th on.
	each(i, n int, f func(ordinal uint32))
}

// bitmap is a set of ordinals as posting lists have it.
type bitmap struct{ *roaring.Bitmap }

func (b bitmap) at(i int) uint32 {
	ordinal, err := b.Select(uint32(i))
	if err != nil { // there is no such position
		panic(err)
	}
	return ordinal
}

func (b bitmap) each(i, n int, f func(ordinal uint32)) {
	if n <= 0 {
		return
	}
	ordinals := b.Iterator()
	ordinals.AdvanceIfNeeded(b.at(i))
	for range n {
		f(ordinals.Next())
	}
}

// ranked returns n rows of a set from the offset-th on, in the default order, or
// not ok where the set has too many strays.
func (x *table) ranked(set *roaring.Bitmap, total, offset, n int, descending bool) (page []*Row, ok bool) {
	late := set.AndCardinality(x.strays)
	if late > uint64(total/strayRatio) {
		return nil, false
	}
	r := ranking{table: x, set: bitmap{set}, length: total - int(late)}
	if late > 0 {
		strays := roaring.And(set, x.strays)
		r.set = bitmap{roaring.AndNot(set, strays)}
		r.strays = x.inOrder(strays)
	}
	return r.page(offset, n, descending), true
}

// inOrder returns the rows of a set in the default order, the oldest first.
func (x *table) inOrder(set *roaring.Bitmap) []*Row {
	rows := x.gather(set, int(set.GetCardinality()))
	x.schema.sort(rows)
	return rows
}

// ranking is a set of rows that are in the default order, and strays beside it.
type ranking struct {
	*table
	set    counted
	length int // of the set
	strays []*Row
}

// page returns n rows from the offset-th on.
func (r *ranking) page(offset, n int, descending bool) []*Row {
	if descending {
		offset = r.length + len(r.strays) - offset - n
	}
	page := r.slice(offset, n)
	if descending {
		slices.Reverse(page)
	}
	return page
}

// slice returns n rows from the offset-th on. It takes whole runs of rows that are
// equal in the field, from the one that the page begins in to the one that it
// ends in, and the strays of that time, and sorts them.
func (r *ranking) slice(offset, n int) []*Row {
	first := r.position(offset+1) - 1 // the last whose place is not behind offset
	from, preceding := 0, 0
	if first >= 0 {
		from = r.runStart(first)
		preceding = r.straysBefore(from)
	}
	until, following := r.runEnd(r.position(offset+n)-1), len(r.strays)
	if until < r.length {
		following = r.straysBefore(until)
	}
	rows := make([]*Row, 0, until-from+following-preceding)
	r.set.each(from, until-from, func(ordinal uint32) { rows = append(rows, r.rows[ordinal]) })
	rows = append(rows, r.strays[preceding:following]...)
	r.schema.sort(rows)
	skip := offset - from - preceding
	return rows[skip : skip+n]
}

// position returns the first position in the set whose rows have at least so many
// rows, strays included, before them, as far as the field tells.
func (r *ranking) position(preceding int) int {
	if len(r.strays) == 0 {
		return min(preceding, r.length)
	}
	return sort.Search(r.length, func(i int) bool { return i+r.straysBefore(i) >= preceding })
}

// straysBefore returns how many strays precede the row at i, as far as the field
// tells.
func (r *ranking) straysBefore(i int) int {
	if len(r.strays) == 0 {
		return 0
	}
	row := r.row(i)
	return sort.Search(len(r.strays), func(k int) bool { return r.compare(r.strays[k], row) >= 0 })
}

// runStart returns the position of the first row that equals the one at i. Runs
// are short, so it searches from there in growing steps.
func (r *ranking) runStart(i int) int {
	row := r.row(i)
	step := 1
	for i-step >= 0 && r.compare(r.row(i-step), row) == 0 {
		step *= 2
	}
	low := max(i-step, 0)
	return low + sort.Search(i-low, func(k int) bool { return r.compare(r.row(low+k), row) == 0 })
}

// runEnd returns the position behind the last row that equals the one at i.
func (r *ranking) runEnd(i int) int {
	if i < 0 {
		return 0
	}
	row := r.row(i)
	step := 1
	for i+step < r.length && r.compare(r.row(i+step), row) == 0 {
		step *= 2
	}
	low := i + step/2
	high := min(i+step, r.length)
	return low + sort.Search(high-low, func(k int) bool { return r.compare(r.row(low+k), row) != 0 })
}

func (r *ranking) compare(a, b *Row) int { return r.schema.defaultOrder.compare(a, b) }

func (r *ranking) row(i int) *Row { return r.rows[r.set.at(i)] }
