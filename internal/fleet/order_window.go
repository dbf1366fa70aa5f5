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

import "slices"

// window is a part of an ordered set of rows: n rows from the offset-th row on.
type window struct {
	offset, n int
	// descending counts the rows from the end of the ascending order.
	descending bool
}

// ascending returns the offset in ascending order, in a set of total rows.
func (w window) ascending(total int) int {
	if w.descending {
		return total - w.offset - w.n
	}
	return w.offset
}

// fromNearerEnd returns the number of rows between the window and the nearer end of a
// set of total rows, and whether that is the end of the ascending order.
func (w window) fromNearerEnd(total int) (skip int, backwards bool) {
	if behind := total - w.offset - w.n; behind < w.offset {
		return behind, !w.descending
	}
	return w.offset, w.descending
}

// sliceBy returns the rows of a window in the order of compare. It reorders rows. They
// are a part of the set; first is the number of rows of the set before them.
func sliceBy(order func(a, b *Row) int, rows []*Row, first int, w window) []*Row {
	compare := order
	offset := w.offset - first
	behind := len(rows) - offset - w.n
	fromEnd := behind < offset
	if fromEnd {
		offset = behind
		compare = func(a, b *Row) int { return order(b, a) }
	}
	leading := sortFirst(rows, offset+w.n, compare)
	page := slices.Clone(leading[offset:])
	if fromEnd {
		slices.Reverse(page)
	}
	return page
}

// sortFirst returns the first n rows in order. It reorders rows.
func sortFirst(rows []*Row, n int, compare func(a, b *Row) int) []*Row {
	const sortAtLeast = 4 // from a quarter of the rows on, sorting all is as cheap
	leading := rows[:n]
	if n < len(rows)/sortAtLeast {
		selectFirst(rows, n, compare)
	} else {
		leading = rows
	}
	slices.SortFunc(leading, compare)
	return leading[:n]
}

// selectFirst moves the first n rows in order to the front. The front is a heap with its
// last row on top; each later row that precedes the top replaces it.
func selectFirst(rows []*Row, n int, compare func(a, b *Row) int) {
	heap := rows[:n]
	for i := n/2 - 1; i >= 0; i-- {
		siftDown(heap, i, compare)
	}
	for i := n; i < len(rows); i++ {
		if compare(rows[i], heap[0]) < 0 {
			rows[i], heap[0] = heap[0], rows[i]
			siftDown(heap, 0, compare)
		}
	}
}

func siftDown(heap []*Row, i int, compare func(a, b *Row) int) {
	for {
		last := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
			if compare(heap[child], heap[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		heap[i], heap[last] = heap[last], heap[i]
		i = last
	}
}
