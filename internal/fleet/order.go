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
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ParseOrders parses the fields to order by, the most significant first, such as
// "name asc,created_time desc". A field without a direction has the one given, asc
// or desc, and is ascending where that is empty. Which fields there are, List
// knows. An empty text is no order.
func ParseOrders(text, direction string) ([]Order, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var orders []Order
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) == 1 {
			words = append(words, cmp.Or(direction, "asc"))
		}
		if len(words) != 2 || words[1] != "asc" && words[1] != "desc" {
			return nil, fmt.Errorf("%q is not a field with an optional asc or desc", strings.TrimSpace(part))
		}
		orders = append(orders, Order{Field: words[0], Descending: words[1] == "desc"})
	}
	return orders, nil
}

// ordering is what rows are ordered by. Its last key is unique to each row, so
// that pages neither skip nor repeat a row.
type ordering []orderKey

type orderKey struct {
	field      *field
	descending bool
}

// single tells whether the view of the first field has the whole order, one way
// or the other.
func (o ordering) single() bool {
	return len(o) == 1 || len(o) == 2 && o[1] == (orderKey{id, o[0].descending})
}

func (o ordering) compare(a, b *Row) int {
	for _, key := range o {
		if c := key.field.compare(a, b); c != 0 {
			if key.descending {
				return -c
			}
			return c
		}
	}
	return 0
}

// comparing orders the rows of a table by their ordinals.
func (o ordering) comparing(x *table) func(a, b uint32) int {
	return func(a, b uint32) int { return o.compare(x.rows[a], x.rows[b]) }
}

// slice returns n of the rows, from the offset-th in order on. It changes rows.
func (o ordering) slice(rows []*Row, offset, n int) []*Row {
	compare := o.compare
	behind := len(rows) - offset - n
	fromEnd := behind < offset
	if fromEnd {
		offset = behind
		compare = func(a, b *Row) int { return o.compare(b, a) }
	}
	leading := firstOf(rows, offset+n, compare)
	page := slices.Clone(leading[offset:])
	if fromEnd {
		slices.Reverse(page)
	}
	return page
}

// firstOf returns the first n of the rows in order. It changes rows.
func firstOf(rows []*Row, n int, compare func(a, b *Row) int) []*Row {
	const sortAtLeast = 4 // of that part of the rows on, sorting all of them is as cheap
	leading := rows[:n]
	if n < len(rows)/sortAtLeast {
		selectFirst(rows, n, compare)
	} else {
		leading = rows
	}
	slices.SortFunc(leading, compare)
	return leading[:n]
}

// selectFirst moves the first n of the rows in order to the front. There it
// keeps a heap with the last of them on top, which makes way whenever one that
// precedes it is found.
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
