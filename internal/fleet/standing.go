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
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
)

// standing is a standing search: it caches which rows match a repeated search. Writers do
// not update it. Each request tests the rows that changed since the previous request. So
// the cost of a page depends on these changes and on the size of the page, for every
// search and every size of fleet.
type standing struct {
	search *Search // its order does not matter
	// working is a lock. The request that holds it tests or sorts rows for all requests.
	working chan struct{}

	// mu guards the fields below. Its holder never waits for the lock of the Index; a reader
	// of both takes the lock of the Index first.
	mu     sync.Mutex
	filled bool
	as     state // the state that the fields below reflect
	// inOrder are the matching rows whose ordinals are in the default order, and strays are
	// the other matching rows.
	inOrder *ordinals
	strays  *roaring.Bitmap
	orders  map[string]*standingOrder // by the key of the order
}

// standingOrder keeps the rows of a standing search sorted in one order. The cache of the
// Index may evict its rows at any time, which bounds the memory of all of them.
type standingOrder struct {
	order  ordering // begins with an ascending field
	fields fieldSet
	rows   atomic.Pointer[sortedList]
}

const (
	// maxChanges is the maximum number of changes that a standing search applies; after more
	// changes, it is evaluated again. maxWork is the maximum number of values that it
	// compares while it holds the lock.
	maxChanges = 8192
	maxWork    = 4096
	// fewStanding is the number of rows up to which each request sorts them, without a
	// standingOrder.
	fewStanding = 64
)

// changesSince returns the changes of the table that the standing search does not reflect,
// merged by ordinal. ok is false if the search has to be evaluated again: the changes are
// unknown, or the evaluation is cheaper.
func (st *standing) changesSince(x *table) (changes []change, ok bool) {
	now := x.state()
	if !st.filled || st.as.table != now.table {
		return nil, false
	}
	missing := now.changes - st.as.changes
	// For an expensive search, testing any number of changed rows is cheaper than a scan. For
	// one that posting lists answer, testing pays only for few rows, or to keep an order.
	if st.search.cost == costField && missing > maxChanges ||
		st.search.indexed && len(st.orders) == 0 && missing > uint64(64+len(x.rows)/256) {
		return nil, false
	}
	changes, ok = x.journal.since(st.as.changes)
	return mergeByOrdinal(changes), ok
}

// apply brings the standing search up to date. matches reports whether a row, as it is in
// the table now, matches the search.
func (st *standing) apply(x *table, changes []change, matches func(*Row) bool) {
	if len(changes) == 0 {
		return
	}
	matching := make([]bool, len(changes))
	for i, c := range changes {
		row := x.rows[c.ordinal]
		matching[i] = row != nil && matches(row)
	}
	for key, o := range st.orders {
		rows := o.rows.Load()
		if rows == nil { // evicted
			delete(st.orders, key)
			continue
		}
		rows.update(changes, func(i int) (remove, insert bool) {
			had, moved := st.has(changes[i].ordinal), changes[i].fields&o.fields != 0
			return had && (moved || !matching[i]), matching[i] && (moved || !had)
		}, x.comparing(o.order))
	}
	for i, c := range changes {
		switch {
		case !matching[i]:
			st.inOrder.remove(c.ordinal)
			st.strays.Remove(c.ordinal)
		case x.strays.Contains(c.ordinal):
			st.inOrder.remove(c.ordinal)
			st.strays.Add(c.ordinal)
		default:
			st.strays.Remove(c.ordinal)
			st.inOrder.add(c.ordinal)
		}
	}
	st.as = x.state()
}

func (st *standing) has(ordinal uint32) bool {
	return st.inOrder.has(ordinal) || st.strays.Contains(ordinal)
}

func (st *standing) total() int { return st.inOrder.total + int(st.strays.GetCardinality()) }

// page returns a page. The standing search is up to date. ok is false if the page needs a
// standingOrder that does not exist.
func (st *standing) page(x *table, s *Search, r PageRequest) (page Page, ok bool) {
	total, first := st.total(), s.order[0].field
	if _, ok := r.window(total, 0, s.order); !ok {
		return Page{Total: total}, true
	}
	switch {
	case s.single && total == len(x.byID):
		return pageOf(x.views[first], r, total, s.order), true
	case s.single && first == x.schema.defaultOrder && st.strays.GetCardinality() <= fewStanding:
		ranked := ranking{table: x, set: st.inOrder, length: st.inOrder.total}
		if !st.strays.IsEmpty() {
			ranked.strays = x.sorted(st.strays)
		}
		return pageOf(ranked, r, total, s.order), true
	case total <= fewStanding:
		return pageOf(unsorted{rows: st.rows(x), compare: s.order.compare}, r, total, s.order), true
	}
	o := st.orders[s.orderKey]
	if o == nil {
		return Page{}, false
	}
	list := o.rows.Load()
	if list == nil {
		return Page{}, false
	}
	return pageOf(sortedRows{x, list, total}, r, total, s.order), true
}

// rows returns all matching rows in no particular order. The caller has checked that they
// are few.
func (st *standing) rows(x *table) []*Row {
	rows := make([]*Row, 0, st.total())
	add := func(ordinal uint32) { rows = append(rows, x.rows[ordinal]) }
	st.inOrder.iterate(0, st.inOrder.total, add)
	st.strays.Iterate(func(ordinal uint32) bool { add(ordinal); return true })
	return rows
}

// set returns a copy of the set of all rows.
func (st *standing) set() *roaring.Bitmap {
	return roaring.Or(roaring.FromDense(st.inOrder.words, true), st.strays)
}

// comparing returns a function that compares the rows of the table by their ordinals.
func (x *table) comparing(o ordering) func(a, b uint32) int {
	return func(a, b uint32) int { return o.compare(x.rows[a], x.rows[b]) }
}
