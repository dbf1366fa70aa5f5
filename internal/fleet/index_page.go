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

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// Query selects a page of the rows that match a search.
type Query struct {
	// Filter is the search, nil for none. It need not be normalized.
	Filter tsl.Expr
	// Owners, After, Offset and Limit are those of a PageRequest.
	Owners []string
	// OrderBy are the fields that order the rows, the most significant first. Without any,
	// the newest row is first. Rows with equal values in all fields are ordered by id, in
	// the direction of the last field. If that is created_time, they are ordered by their
	// Sequence first.
	OrderBy       []Order
	After         *Position
	Offset, Limit int
}

// PageRequest selects a page among the rows of a search.
type PageRequest struct {
	// Owners limits the search to the rows of any of these owners; empty means all rows.
	Owners []string
	// After is the position after which the page begins, nil for the begin of the list. The
	// order must be the default order or its reverse.
	After *Position
	// Offset is the number of rows to skip from there. Limit is the maximum number of rows to
	// return. A negative number counts as 0.
	Offset, Limit int
}

// window returns the window of the page among total rows, of which it skips some. It is
// false if the window is empty.
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
// ErrBusy if too many searches scan already, or the error of ctx if that is done first.
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

// evaluate answers a search from the table. It finds the rows with the lock. It sorts them
// without the lock, because rows are immutable.
func (x *Index) evaluate(ctx context.Context, s *Search, r PageRequest) (Page, error) {
	x.mu.RLock()
	p := s.bind(x.scope(), r.Owners)
	if !p.exact {
		return x.scanPage(ctx, p, s, r)
	}
	set := newRowSet(p.set)
	v := x.views[s.order[0].field]
	if s.single && set.total == len(x.byID) {
		defer x.mu.RUnlock()
		return pageOf(v, r, set.total, s.order), nil
	}
	w, ok := r.window(set.total, 0, s.order)
	if !ok {
		x.mu.RUnlock()
		return Page{Total: set.total}, nil
	}
	if s.single && v.field == x.schema.defaultOrder {
		if ranked, ok := x.rank(set); ok {
			defer x.mu.RUnlock()
			return pageOf(ranked, r, set.total, s.order), nil
		}
	}
	if r.After != nil {
		rows := x.gather(set)
		x.mu.RUnlock()
		return pageOf(unsorted{rows, s.order}, r, set.total, s.order), nil
	}
	rows, first, sorted := v.fetch(set, s.single, w)
	x.mu.RUnlock()
	if !sorted {
		rows = s.order.slice(rows, first, w)
	}
	return Page{Total: set.total, Rows: rows}, nil
}

// scope returns what a search binds to. The caller holds the lock.
func (x *Index) scope() scope { return scope{table: x.table, fewValues: x.limits.fewValues} }

// walkRatio is the number of rows of a view that can be visited in the time in which one
// row is gathered and sorted. A walk reads adjacent ordinals, but sorting reads rows at
// random addresses.
const walkRatio = 4

// fetch returns the rows of a window of a set in the cheapest way. The order is that of the
// view if it is single, else the view is that of its first field. If the rows are not sorted,
// they are a larger part of the set that contains the window: the part that begins with the
// row of number first.
func (v *view) fetch(s rowSet, single bool, w window) (rows []*Row, first int, sorted bool) {
	steps, all := v.steps(s, w), v.tree.Len()
	if single && steps < walkRatio*s.total {
		if rows, ok := v.walk(s, w, 2*walkRatio*s.total); ok {
			return rows, 0, true
		}
	}
	if !single && steps < s.total && all < walkRatio*s.total {
		// The length of runs is unknown. Because many rows match, even a traversal of the
		// whole view costs no more than gathering.
		rows, first = v.runs(s, w)
		return rows, first, false
	}
	return v.table.gather(s), 0, false
}
