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
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"k8s.io/utils/lru"
)

// standing is the rows for which a search is true that is asked again and again.
// Writers do not know of it: whoever asks tests the rows that have changed since
// it was asked last. So a page costs what has changed and what it holds itself,
// whatever the search and however large the fleet.
type standing struct {
	search *Search // of which the order does not matter
	// working is held by the one that tests rows or sorts them for all who ask.
	working chan struct{}

	// mu guards what follows. Whoever holds it does not wait for the lock of the
	// Index; those who read both take that one first.
	mu     sync.Mutex
	filled bool
	as     state // as of which it is
	// sorted are the rows whose ordinals are in the default order, strays the others.
	sorted *ordinals
	strays *roaring.Bitmap
	lists  map[string]*list // by the key of their order
}

// list is the rows of a standing search in an order. It may be taken from it at
// any time, so that what all of them take in memory is bounded.
type list struct {
	order  ordering // that begins with an ascending field
	fields fieldSet
	rows   atomic.Pointer[sequence]
}

const (
	// maxStanding is how many searches stand, maxAsked how many are remembered that
	// have been asked once, maxLists how many lists there are, of all searches
	// together. A standing search takes a bit for each row of the fleet, a list about
	// 16 bytes.
	maxStanding = 128
	maxAsked    = 4096
	maxLists    = 16
	// maxStandingSize bounds what the search itself may take, in bytes.
	maxStandingSize = 256 << 10

	// maxChanges is how many changes a standing search takes in rather than be
	// evaluated anew, maxWork how many values are compared while writers wait.
	maxChanges = 8192
	maxWork    = 4096
	// fewStanding is how many rows are sorted at each request rather than listed.
	fewStanding = 64
	// maxRounds is how often one who asks tries to catch up with writers.
	maxRounds = 16
)

// standingSearches are those of an Index, and what has been asked of late.
type standingSearches struct {
	mu    *sync.Mutex // of those who add one
	kept  *lru.Cache  // *standing by key
	asked *lru.Cache  // of hashes
	lists *lru.Cache  // of *list
}

func newStandingSearches() standingSearches {
	return standingSearches{
		mu:    &sync.Mutex{},
		kept:  lru.New(maxStanding),
		asked: lru.New(maxAsked),
		lists: lru.NewWithEvictionFunc(maxLists, func(key lru.Key, _ any) { key.(*list).rows.Store(nil) }),
	}
}

// of returns the standing search for one that has been asked before, nil for one
// that is asked for the first time or needs none.
func (a *standingSearches) of(s *Search) *standing {
	if s.size > maxStandingSize || s.node == nil && s.order.single() {
		return nil
	}
	if kept, ok := a.kept.Get(s.key); ok {
		return kept.(*standing)
	}
	if !a.again(s.hash) {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if kept, ok := a.kept.Get(s.key); ok {
		return kept.(*standing)
	}
	kept := &standing{search: s, working: make(chan struct{}, 1)}
	a.kept.Add(s.key, kept)
	return kept
}

// again tells whether the same has been asked before.
func (a *standingSearches) again(hash lru.Key) bool {
	_, again := a.asked.Get(hash)
	if !again {
		a.asked.Add(hash, nil)
	}
	return again
}

// used says that a list, which may be nil, has been of use.
func (a *standingSearches) used(l *list) {
	if l != nil {
		a.lists.Get(l)
	}
}

// behind returns which rows have changed since, each once. It is not ok where all
// have to be looked at, or it costs less to ask the posting lists.
func (st *standing) behind(x *table) (changes []change, ok bool) {
	now := x.state()
	if !st.filled || st.as.table != now.table {
		return nil, false
	}
	missing := now.changes - st.as.changes
	if st.search.cost == costField && missing > maxChanges || // else any number is better than all rows
		st.search.listed && len(st.lists) == 0 && missing > uint64(64+len(x.rows)/256) {
		return nil, false
	}
	changes, ok = x.journal.since(st.as.changes)
	return distinct(changes), ok
}

// apply takes in all changes since, as test says of the rows that there are now.
func (st *standing) apply(x *table, changes []change, test func(*Row) bool) {
	if len(changes) == 0 {
		return
	}
	matches := make([]bool, len(changes))
	for i, c := range changes {
		row := x.rows[c.ordinal]
		matches[i] = row != nil && test(row)
	}
	for key, l := range st.lists {
		rows := l.rows.Load()
		if rows == nil {
			delete(st.lists, key)
			continue
		}
		rows.update(changes, func(i int) (out, in bool) {
			had, moved := st.has(changes[i].ordinal), changes[i].fields&l.fields != 0
			return had && (moved || !matches[i]), matches[i] && (moved || !had)
		}, l.order.comparing(x))
	}
	for i, c := range changes {
		switch {
		case !matches[i]:
			st.sorted.remove(c.ordinal)
			st.strays.Remove(c.ordinal)
		case x.strays.Contains(c.ordinal):
			st.sorted.remove(c.ordinal)
			st.strays.Add(c.ordinal)
		default:
			st.strays.Remove(c.ordinal)
			st.sorted.add(c.ordinal)
		}
	}
	st.as = x.state()
}

func (st *standing) has(ordinal uint32) bool {
	return st.sorted.has(ordinal) || st.strays.Contains(ordinal)
}

func (st *standing) total() int { return st.sorted.total + int(st.strays.GetCardinality()) }

// page returns a page of a standing search that is up to date. It is not ok where
// that takes a list which there is not.
func (st *standing) page(x *table, s *Search, offset, limit int) (page Page, ok bool) {
	page.Total = st.total()
	n := min(limit, page.Total-offset)
	first := s.order[0]
	switch {
	case n <= 0:
	case s.order.single() && page.Total == len(x.byID):
		page.Rows = x.views[first.field].slice(x, offset, n, first.descending)
	case s.order.single() && first.field == x.schema.defaultOrder && st.strays.GetCardinality() <= fewStanding:
		r := ranking{table: x, set: st.sorted, length: st.sorted.total}
		if !st.strays.IsEmpty() {
			r.strays = x.inOrder(st.strays)
		}
		page.Rows = r.page(offset, n, first.descending)
	case page.Total <= fewStanding:
		rows := make([]*Row, 0, page.Total)
		for _, row := range st.rows(x) {
			rows = append(rows, row.row)
		}
		page.Rows = s.order.slice(rows, offset, n)
	default:
		page.Rows, ok = st.listed(x, s, page.Total, offset, n)
		return page, ok
	}
	return page, true
}

// listed returns n rows from the offset-th of the list in that order.
func (st *standing) listed(x *table, s *Search, total, offset, n int) (rows []*Row, ok bool) {
	l := st.lists[s.orderKey]
	if l == nil {
		return nil, false
	}
	in := l.rows.Load()
	if in == nil {
		return nil, false
	}
	descending := s.order[0].descending
	if descending {
		offset = total - offset - n
	}
	rows = make([]*Row, 0, n)
	in.each(offset, n, func(ordinal uint32) { rows = append(rows, x.rows[ordinal]) })
	if descending {
		slices.Reverse(rows)
	}
	return rows, true
}

// placedRow is a row and its ordinal, which the row itself tells to writers only.
type placedRow struct {
	row     *Row
	ordinal uint32
}

// rows returns all rows, in no particular order.
func (st *standing) rows(x *table) []placedRow {
	rows := make([]placedRow, 0, st.total())
	add := func(ordinal uint32) { rows = append(rows, placedRow{x.rows[ordinal], ordinal}) }
	st.sorted.each(0, st.sorted.total, add)
	st.strays.Iterate(func(ordinal uint32) bool { add(ordinal); return true })
	return rows
}
