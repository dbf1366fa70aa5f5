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

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// Query selects a page of the rows that match a search.
type Query struct {
	// Filter is the search, nil for none. It need not be normalized.
	Filter tsl.Expr
	// Owners, After, Offset and Limit have the same meaning as in a PageRequest.
	Owners []string
	// OrderBy are the fields that order the rows, the most significant first. If it is
	// empty, the newest row is first. Rows with equal values in all fields are ordered by
	// id, in the direction of the last field. If the last field is created_time, Sequence
	// orders them before id does.
	OrderBy       []Order
	After         *Position
	Offset, Limit int
}

// PageRequest selects a page among the rows of a search.
type PageRequest struct {
	// Owners limits the search to the rows of any of these owners; empty means all rows.
	Owners []string
	// After is the position after which the page begins, nil for the beginning of the list.
	// The order must be the default order or its reverse.
	After *Position
	// Offset is the number of rows to skip after that position. Limit is the maximum number
	// of rows to return. A negative number counts as 0.
	Offset, Limit int
}

// window returns the window of the page among total rows, of which the first skipped ones
// are at or before the position. ok is false if the window is empty.
func (r PageRequest) window(total, skipped int, order ordering) (w window, ok bool) {
	offset := max(r.Offset, 0)
	n := min(r.Limit, total-skipped-offset)
	return window{offset: skipped + offset, n: n, descending: order.descending()}, n > 0
}

// Page is one page of a list.
type Page struct {
	// Total is the number of rows that match, including those at or before After.
	Total int
	// Rows are the rows of the page, in order. They are read-only.
	Rows []*Row
}

// List returns one page of the rows that match. The error is a *FieldError if the Schema of
// the collection does not allow the query, else the error of Page.
func (x *Index) List(ctx context.Context, q Query) (Page, error) {
	search, err := x.Prepare(q.Filter, q.OrderBy)
	if err != nil {
		return Page{}, err
	}
	return x.Page(ctx, search, PageRequest{Owners: q.Owners, After: q.After, Offset: q.Offset, Limit: q.Limit})
}

// Page returns one page of the rows that match a Search. The error is a *FieldError if the
// request has a position that the order does not allow, ErrTooBroad if a scan takes too long,
// fairness.ErrBusy if the search gets no turn, or the error of ctx if ctx is done first.
func (x *Index) Page(ctx context.Context, s *Search, r PageRequest) (Page, error) {
	if byTime := x.schema.defaultOrder; r.After != nil && (!s.single || s.order[0].field != byTime) {
		return Page{}, &FieldError{Field: s.order[0].field.name, Offset: -1, Message: "pages after a position are in the order of " + byTime.name + " only"}
	}
	if len(r.Owners) == 0 {
		if st := x.standing.get(s); st != nil {
			if page, ok, err := x.standingPage(ctx, st, s, r); ok || err != nil {
				return page, err
			}
		}
	}
	return x.evaluate(ctx, s, r)
}

// evaluate answers a search from the table. A search of few steps needs no turn. Another
// search waits for its turn and starts over, with more steps. If it needs even more, it
// does that work without the lock, which is possible because rows are immutable.
func (x *Index) evaluate(ctx context.Context, s *Search, r PageRequest) (Page, error) {
	if s.node == nil && s.single && len(r.Owners) == 0 {
		return x.pageOfAll(s, r), nil
	}
	var taken *fairness.Turn
	defer func() { taken.Done() }()
	for {
		x.mu.RLock()
		steps := x.steps(taken)
		p := s.bind(x.scope(&steps), r.Owners)
		if p.exact {
			found, ok := x.find(newRowSet(p.set), s, r, taken, &steps)
			if ok {
				x.mu.RUnlock()
				return found.page(ctx, x.limits, taken, s, r)
			}
		}
		if taken != nil || !p.exact && int(p.set.GetCardinality()) <= x.limits.fewRows {
			return x.scanPage(ctx, p, s, r, taken)
		}
		x.mu.RUnlock()
		var err error
		if taken, err = x.turns.Take(ctx, x.limits.patience); err != nil {
			return Page{}, err
		}
	}
}

// pageOfAll returns a page of all rows in the order of a view, which takes few steps.
func (x *Index) pageOfAll(s *Search, r PageRequest) Page {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return pageOf(x.views[s.order[0].field], r, len(x.byID), s.order)
}

// steps returns the number of steps of a search with that turn, nil for a search without
// one.
func (x *Index) steps(taken *fairness.Turn) steps {
	if taken == nil {
		return x.limits.fewSteps
	}
	return x.limits.manySteps
}

// scope returns what a search binds to. The caller holds the lock.
func (x *Index) scope(steps *steps) scope {
	return scope{table: x.table, fewValues: x.limits.fewValues, steps: steps}
}

// found is the result of a search while it holds the lock: the rows of its page, or a
// part of the matching rows that must be sorted to get the page.
type found struct {
	total  int
	rows   []*Row
	sorted bool
	// first is the number of rows before the part.
	first int
}

// find finds the page of a set. The caller holds the lock. ok is false if there are too
// few steps, or too many rows to sort without a turn.
func (x *Index) find(set rowSet, s *Search, r PageRequest, taken *fairness.Turn, steps *steps) (f found, ok bool) {
	sorted := func(page Page) (found, bool) { return found{total: page.Total, rows: page.Rows, sorted: true}, true }
	v := x.views[s.order[0].field]
	if s.single && set.total == len(x.byID) {
		return sorted(pageOf(v, r, set.total, s.order))
	}
	w, ok := r.window(set.total, 0, s.order)
	if !ok {
		return sorted(Page{Total: set.total})
	}
	if s.single && v.field == x.schema.defaultOrder {
		if ranked, ok := x.rank(set, steps); ok {
			return sorted(pageOf(ranked, r, set.total, s.order))
		}
	}
	maxRows := int(x.limits.manySteps)
	if taken == nil {
		maxRows = x.limits.fewRows
	}
	if r.After == nil {
		if f, ok := v.fetch(set, s.single, w, maxRows, steps); ok {
			return f, true
		}
	}
	if set.total > maxRows {
		return found{}, false
	}
	return found{total: set.total, rows: x.gather(set)}, true
}

// page returns the page. The caller does not hold the lock.
func (f found) page(ctx context.Context, limits limits, taken *fairness.Turn, s *Search, r PageRequest) (Page, error) {
	if f.sorted {
		return Page{Total: f.total, Rows: f.rows}, nil
	}
	if taken == nil { // few rows
		return pageOf(unsorted{f.rows, f.first, s.order.compare}, r, f.total, s.order), nil
	}
	watch := newStopwatch(ctx, limits, taken)
	return f.pageWithin(&watch, s, r)
}

// pageWithin returns the page within the limits of a stopwatch.
func (f found) pageWithin(watch *stopwatch, s *Search, r PageRequest) (Page, error) {
	page := pageOf(unsorted{f.rows, f.first, watch.comparing(s.order)}, r, f.total, s.order)
	return page, watch.err
}

// walkRatio is the number of rows of a view that can be visited in the time in which one
// row is gathered and sorted. A walk reads adjacent ordinals, but sorting reads rows at
// random addresses.
const walkRatio = 4

// fetch returns the rows of a window of a set from the view, if that is cheaper than to
// gather and sort the set. If single is true, the view has the complete order, else only
// that of its first field. If the returned rows are not sorted, they are a part of the
// set, of at most maxRows rows, that contains the window.
func (v *view) fetch(s rowSet, single bool, w window, maxRows int, steps *steps) (f found, ok bool) {
	visits, all := v.steps(s, w), v.tree.Len()
	if single && visits < walkRatio*s.total {
		limit := min(2*walkRatio*s.total, int(*steps))
		if visits <= limit && steps.take(limit) {
			if rows, ok := v.walk(s, w, limit); ok {
				return found{total: s.total, rows: rows, sorted: true}, true
			}
		}
	}
	if !single && visits < s.total && all < walkRatio*s.total {
		// The length of runs is unknown. Because many rows match, even a traversal of the
		// whole view costs no more than gathering.
		if rows, first, ok := v.runs(s, w, maxRows, steps); ok {
			return found{total: s.total, rows: rows, first: first}, true
		}
	}
	return found{}, false
}
