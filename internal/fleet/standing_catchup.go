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
)

// standingPage returns a page of a standing search. It is not ok where the search
// has to be evaluated: the order is asked for the first time, or writers are
// faster than the search.
func (x *Index) standingPage(ctx context.Context, st *standing, s *Search, offset, limit int) (page Page, ok bool, err error) {
	c := catchUp{x: x, st: st, search: s}
	defer c.done()
	for range maxRounds {
		var work func(context.Context) error
		if page, ok, work = c.try(offset, limit); work == nil {
			return page, ok, nil
		}
		if mine, err := c.begin(ctx); err != nil {
			return Page{}, false, err
		} else if !mine {
			continue // whoever worked before may have done the same
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
	works  bool // for all who ask
	// verdicts are of rows that have been tested without the lock.
	verdicts map[*Row]bool
	// listed is a list that was made without the lock, as of a state.
	listed   *sequence
	listedAs state
}

// begin makes the request the one that works for all who ask. It is false where it
// had to wait for that.
func (c *catchUp) begin(ctx context.Context) (bool, error) {
	if c.works {
		return true, nil
	}
	select {
	case c.st.working <- struct{}{}:
		c.works = true
		return true, nil
	default:
	}
	timer := time.NewTimer(c.x.limits.patience + c.x.limits.scanTime) // one other has its time
	defer timer.Stop()
	select {
	case c.st.working <- struct{}{}:
		c.works = true
		return false, nil
	case <-timer.C:
		return false, ErrBusy
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (c *catchUp) done() {
	if c.works {
		<-c.st.working
	}
}

// try returns the page, or work that has to be done before, and takes too long to
// keep writers waiting.
func (c *catchUp) try(offset, limit int) (page Page, ok bool, work func(context.Context) error) {
	x, st := c.x, c.st
	x.mu.RLock()
	defer x.mu.RUnlock()
	st.mu.Lock()
	defer st.mu.Unlock()

	changes, ok := st.behind(x.table)
	if !ok {
		return Page{}, false, c.fill
	}
	if untested := c.untested(changes); len(untested) > 0 {
		return Page{}, false, func(ctx context.Context) error { return c.test(ctx, untested) }
	}
	st.apply(x.table, changes, c.verdict)
	c.adopt()
	if page, ok = st.page(x.table, c.search, offset, limit); ok {
		x.standing.used(st.lists[c.search.orderKey])
		return page, true, nil
	}
	if !x.standing.again(c.search.orderHash) {
		return Page{}, false, nil
	}
	rows, as := st.rows(x.table), st.as // now, as they may change later
	return Page{}, false, func(ctx context.Context) error { return c.sort(ctx, rows, as) }
}

// fill evaluates the search.
func (c *catchUp) fill(ctx context.Context) error {
	x, st := c.x, c.st
	x.mu.RLock()
	p := x.find(c.search, nil)
	set, strays, as := p.set, x.strays, x.state()
	if p.exact {
		strays = roaring.And(set, strays)
		set = roaring.AndNot(set, strays)
		x.mu.RUnlock()
	} else {
		looked, matching, err := x.scan(ctx, p, c.search, nil)
		if err != nil {
			return err
		}
		strays = roaring.And(matching, looked.strays)
		set, as = roaring.AndNot(matching, strays), looked.state
	}
	sorted := ordinalsOf(set)

	st.mu.Lock()
	defer st.mu.Unlock()
	for _, l := range st.lists {
		x.standing.lists.Remove(l)
	}
	st.filled, st.as, st.sorted, st.strays, st.lists = true, as, sorted, strays, map[string]*list{}
	return nil
}

// untested returns the rows that have to be tested without the lock: all, unless
// that is quick.
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

// verdict tells whether the search is true for a row.
func (c *catchUp) verdict(r *Row) bool {
	if verdict, known := c.verdicts[r]; known {
		return verdict
	}
	return c.search.test(r)
}

// test tests rows, within the bounds of any search that looks at rows.
func (c *catchUp) test(ctx context.Context, rows []*Row) error {
	if len(rows) > c.x.limits.fewRows {
		done, err := c.x.turns.take(ctx, c.x.limits.patience)
		if err != nil {
			return err
		}
		defer done()
	}
	if c.verdicts == nil {
		c.verdicts = make(map[*Row]bool, len(rows))
	}
	watch := c.x.stopwatch(ctx)
	for _, row := range rows {
		c.verdicts[row] = c.search.test(row)
		if err := watch.look(c.search.cost); err != nil {
			return err
		}
	}
	return nil
}

// sort makes a list of rows as of a state.
func (c *catchUp) sort(ctx context.Context, rows []placedRow, as state) error {
	if len(rows) > c.x.limits.fewRows {
		done, err := c.x.turns.take(ctx, c.x.limits.patience)
		if err != nil {
			return err
		}
		defer done()
	}
	order := c.search.order.forward()
	slices.SortFunc(rows, func(a, b placedRow) int { return order.compare(a.row, b.row) })
	ordinals := make([]uint32, len(rows))
	for i, row := range rows {
		ordinals[i] = row.ordinal
	}
	c.listed, c.listedAs = newSequence(ordinals), as
	return nil
}

// adopt gives the list that was made to the standing search, which is up to date.
func (c *catchUp) adopt() {
	x, st, rows := c.x, c.st, c.listed
	if rows == nil {
		return
	}
	c.listed = nil
	changes, ok := x.journal.since(c.listedAs.changes)
	if !ok || x.number != c.listedAs.table {
		return
	}
	l := &list{order: c.search.order.forward()}
	for i, f := range x.schema.fields {
		if slices.ContainsFunc(l.order, func(k orderKey) bool { return k.field == f }) {
			l.fields |= 1 << i
		}
	}
	changes = distinct(changes)
	rows.update(changes, func(i int) (out, in bool) { return true, st.has(changes[i].ordinal) }, l.order.comparing(x.table))
	l.rows.Store(rows)
	st.lists[c.search.orderKey] = l
	x.standing.lists.Add(l, nil)
}
