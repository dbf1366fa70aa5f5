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

// strayRatio limits the strays of a ranking to one in strayRatio rows. For each page, a
// ranking searches for the place of the strays.
const strayRatio = 16

// counted is a set of ordinals that finds its i-th element. It is not empty.
type counted interface {
	at(i int) uint32
	// iterate calls f for n ordinals from the i-th on.
	iterate(i, n int, f func(ordinal uint32))
}

// bitmap is a counted posting list.
type bitmap struct{ *roaring.Bitmap }

func (b bitmap) at(i int) uint32 {
	ordinal, err := b.Select(uint32(i))
	if err != nil { // the set has no i-th element
		panic(err)
	}
	return ordinal
}

func (b bitmap) iterate(i, n int, f func(ordinal uint32)) {
	if n <= 0 {
		return
	}
	ordinals := b.Iterator()
	ordinals.AdvanceIfNeeded(b.at(i))
	for range n {
		f(ordinals.Next())
	}
}

// rank returns the set as a ranking. ok is false if too many of its rows are strays, or
// if there are too few steps to sort them.
func (x *table) rank(s rowSet, steps *steps) (r ranking, ok bool) {
	late := s.AndCardinality(x.strays)
	if late > uint64(s.total/strayRatio) || !steps.take(straySteps*int(late)) {
		return ranking{}, false
	}
	r = ranking{table: x, set: bitmap{s.Bitmap}, length: s.total - int(late)}
	if late > 0 {
		strays := roaring.And(s.Bitmap, x.strays)
		r.set = bitmap{roaring.AndNot(s.Bitmap, strays)}
		r.strays = x.sorted(strays)
	}
	return r, true
}

// sorted returns the rows of a set in the default order, the oldest first.
func (x *table) sorted(set *roaring.Bitmap) []*Row {
	rows := x.gather(newRowSet(set))
	x.schema.sort(rows)
	return rows
}

// ranking is a set of rows whose ordinals are in the default order, and the sorted strays
// that belong between them.
type ranking struct {
	*table
	set    counted
	length int // of the set
	strays []*Row
}

// page returns the rows of a window of the set and the strays together. Its receiver is a
// value, because a pointer would move the ranking to the heap in the caller of a pager.
func (r ranking) page(w window) []*Row {
	page := r.slice(w.ascending(r.length+len(r.strays)), w.n)
	if w.descending {
		slices.Reverse(page)
	}
	return page
}

// slice returns n rows from the offset-th on, in ascending order. It gathers whole runs of
// rows with equal values, from the run of the first row to the run of the last, and the
// strays between these times. Then it sorts them.
func (r *ranking) slice(offset, n int) []*Row {
	first := r.position(offset+1) - 1 // the last row whose place is not behind offset
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
	x := r.table // so that the closure does not move r to the heap
	r.set.iterate(from, until-from, func(ordinal uint32) { rows = append(rows, x.rows[ordinal]) })
	rows = append(rows, r.strays[preceding:following]...)
	r.schema.sort(rows)
	skip := offset - from - preceding
	return rows[skip : skip+n]
}

// position returns the first position in the set that has at least this number of rows
// before it, strays included. It compares the field of the default order only.
func (r *ranking) position(preceding int) int {
	if len(r.strays) == 0 {
		return min(preceding, r.length)
	}
	return sort.Search(r.length, func(i int) bool { return i+r.straysBefore(i) >= preceding })
}

// straysBefore returns the number of strays before the row at i. It compares the field of
// the default order only.
func (r *ranking) straysBefore(i int) int {
	if len(r.strays) == 0 {
		return 0
	}
	row := r.row(i)
	return sort.Search(len(r.strays), func(k int) bool { return r.compare(r.strays[k], row) >= 0 })
}

// runStart returns the position of the first row with the same value as the one at i. Runs
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

// runEnd returns the position after the last row with the same value as the one at i.
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
