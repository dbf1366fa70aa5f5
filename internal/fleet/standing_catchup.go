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
	"context"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// maxRounds is the number of times that a request tries to catch up with writers.
const maxRounds = 16

// standingPage returns a page of a standing search. ok is false if the search has to be
// evaluated: this is the first request of the order, or writers are faster than the
// search.
func (x *Index) standingPage(ctx context.Context, st *standing, s *Search, r PageRequest) (page Page, ok bool, err error) {
	c := catchUp{x: x, st: st, search: s}
	defer c.end()
	for range maxRounds {
		var work func(context.Context) error
		if page, ok, work = c.try(r); work == nil {
			return page, ok, nil
		}
		if waited, err := c.begin(ctx); err != nil {
			return Page{}, false, err
		} else if waited {
			continue // the other request may have done the same work
		}
		if err := work(ctx); err != nil {
			return Page{}, false, err
		}
	}
	return Page{}, false, nil
}

// catchUp is one request that brings a standing search up to date.
type catchUp struct {
	x      *Index
	st     *standing
	search *Search
	works  bool // holds st.working
	// verdicts are the results of tests without the lock.
	verdicts map[*Row]bool
	// sorted was sorted without the lock. It reflects the state sortedAs.
	sorted   *sortedList
	sortedAs state
}

// begin makes this request the one that works for all requests. It reports whether it had
// to wait for another request.
func (c *catchUp) begin(ctx context.Context) (waited bool, err error) {
	if c.works {
		return false, nil
	}
	select {
	case c.st.working <- struct{}{}:
		c.works = true
		return false, nil
	default:
	}
	timer := time.NewTimer(c.x.limits.patience + c.x.limits.scanTime) // the limit of one other request
	defer timer.Stop()
	select {
	case c.st.working <- struct{}{}:
		c.works = true
		return true, nil
	case <-timer.C:
		return false, fairness.ErrBusy
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (c *catchUp) end() {
	if c.works {
		<-c.st.working
	}
}

// try returns the page, or work that has to be done first and takes too long to do with the
// lock.
func (c *catchUp) try(r PageRequest) (page Page, ok bool, work func(context.Context) error) {
	x, st := c.x, c.st
	x.mu.RLock()
	defer x.mu.RUnlock()
	st.mu.Lock()
	defer st.mu.Unlock()

	changes, ok := st.changesSince(x.table)
	if !ok {
		return Page{}, false, c.fill
	}
	if untested := c.untested(changes); len(untested) > 0 {
		return Page{}, false, func(ctx context.Context) error { return c.test(ctx, untested) }
	}
	st.apply(x.table, changes, c.matches)
	c.adopt()
	if page, ok = st.page(x.table, c.search, r); ok {
		x.standing.touch(st.orders[c.search.orderKey])
		return page, true, nil
	}
	if !x.standing.repeated(c.search.orderHash) {
		return Page{}, false, nil
	}
	return Page{}, false, c.sort
}

// fill evaluates the search.
func (c *catchUp) fill(ctx context.Context) error {
	x, st := c.x, c.st
	set, strays, as, err := x.result(ctx, c.search)
	if err != nil {
		return err
	}
	inOrder := newOrdinals(set)

	st.mu.Lock()
	defer st.mu.Unlock()
	for _, o := range st.orders {
		x.standing.orders.Remove(o)
	}
	st.filled, st.as, st.inOrder, st.strays, st.orders = true, as, inOrder, strays, map[string]*standingOrder{}
	return nil
}

// result returns the rows that match a search, with the strays apart, and the state that they
// reflect.
func (x *Index) result(ctx context.Context, s *Search) (inOrder, strays *roaring.Bitmap, as state, err error) {
	var taken *fairness.Turn
	defer func() { taken.Done() }()
	for {
		x.mu.RLock()
		steps := x.steps(taken)
		p := s.bind(x.scope(&steps), nil)
		if p.exact {
			strays = roaring.And(p.set, x.strays)
			inOrder, as = roaring.AndNot(p.set, strays), x.state()
			x.mu.RUnlock()
			return inOrder, strays, as, nil
		}
		if taken != nil || int(p.set.GetCardinality()) <= x.limits.fewRows {
			scanned, err := x.scan(ctx, p, s, nil, taken)
			if err != nil {
				return nil, nil, state{}, err
			}
			strays = roaring.And(scanned.result, scanned.strays)
			return roaring.AndNot(scanned.result, strays), strays, scanned.state, nil
		}
		x.mu.RUnlock()
		if taken, err = x.turns.Take(ctx, x.limits.patience); err != nil {
			return nil, nil, state{}, err
		}
	}
}

// untested returns the changed rows that have to be tested without the lock: none if the
// test of all of them is quick enough to hold the lock.
func (c *catchUp) untested(changes []change) []*Row {
	if c.search.cost == costField && len(changes)*c.search.work <= maxWork {
		return nil
	}
	var rows []*Row
	for _, change := range changes {
		row := c.x.rows[change.ordinal]
		if _, known := c.verdicts[row]; row != nil && !known {
			rows = append(rows, row)
		}
	}
	return rows
}

// matches reports whether a row matches the search.
func (c *catchUp) matches(r *Row) bool {
	if verdict, known := c.verdicts[r]; known {
		return verdict
	}
	return c.search.matches(r)
}

// test tests rows without the lock, within the limits of a scan.
func (c *catchUp) test(ctx context.Context, rows []*Row) error {
	taken, err := c.x.takeTurn(ctx, len(rows))
	if err != nil {
		return err
	}
	defer taken.Done()
	if c.verdicts == nil {
		c.verdicts = make(map[*Row]bool, len(rows))
	}
	watch := newStopwatch(ctx, c.x.limits, taken)
	for _, row := range rows {
		c.verdicts[row] = c.search.matches(row)
		if err := watch.tested(c.search.cost); err != nil {
			return err
		}
	}
	return nil
}

// sort sorts the rows of the standing search without the lock. The sorted rows reflect
// the state sortedAs, except the rows that change meanwhile.
func (c *catchUp) sort(ctx context.Context) error {
	c.st.mu.Lock()
	total := c.st.total()
	c.st.mu.Unlock()
	taken, err := c.x.takeTurn(ctx, total)
	if err != nil {
		return err
	}
	defer taken.Done()
	c.st.mu.Lock() // again, because the rows may have changed during the wait
	set, as := c.st.set(), c.st.as
	c.st.mu.Unlock()
	watch := newStopwatch(ctx, c.x.limits, taken)
	ordinals := set.ToArray()
	rows, ok, err := c.x.gatherPieces(as.table, ordinals, &watch)
	if err != nil || !ok {
		return err
	}
	placed := make([]placedRow, 0, len(rows))
	for i, row := range rows {
		if row != nil {
			placed = append(placed, placedRow{row, ordinals[i]})
		}
	}
	compare := watch.comparing(c.search.order.forward())
	slices.SortFunc(placed, func(a, b placedRow) int { return compare(a.row, b.row) })
	if watch.err != nil {
		return watch.err
	}
	ordinals = ordinals[:0]
	for _, row := range placed {
		ordinals = append(ordinals, row.ordinal)
	}
	c.sorted, c.sortedAs = newSortedList(ordinals), as
	return nil
}

// placedRow is a row and its ordinal. A reader may not read the ordinal in the row, because
// renumbering writes it.
type placedRow struct {
	row     *Row
	ordinal uint32
}

// adopt updates the list that sort made and adds it to the standing search, which is up to
// date.
func (c *catchUp) adopt() {
	x, st, rows := c.x, c.st, c.sorted
	if rows == nil {
		return
	}
	c.sorted = nil
	changes, ok := x.journal.since(c.sortedAs.changes)
	if !ok || x.number != c.sortedAs.table || len(changes) > maxChanges {
		return
	}
	o := &standingOrder{order: c.search.order.forward()}
	for i, f := range x.schema.fields {
		if slices.ContainsFunc(o.order, func(k orderKey) bool { return k.field == f }) {
			o.fields |= 1 << i
		}
	}
	changes = mergeByOrdinal(changes)
	rows.update(changes, func(i int) (remove, insert bool) { return true, st.has(changes[i].ordinal) }, x.comparing(o.order))
	o.rows.Store(rows)
	st.orders[c.search.orderKey] = o
	x.standing.orders.Add(o, nil)
}
