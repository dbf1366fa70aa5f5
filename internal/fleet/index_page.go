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
	// Owners, Offset and Limit are those of a PageRequest.
	Owners []string
	// OrderBy are the fields that order the rows, the most significant first. Without any,
	// the newest row is first. Rows with equal values in all fields are ordered by id, in
	// the direction of the last field. If that is created_time, they are ordered by their
	// Sequence first.
	OrderBy       []Order
	Offset, Limit int
}

// PageRequest selects a page among the rows of a search.
type PageRequest struct {
	// Owners limits the search to the rows of any of these owners; empty means all rows.
	Owners []string
	// Offset is the number of rows to skip. Limit is the maximum number of rows to return.
	// A negative number counts as 0.
	Offset, Limit int
}

// window returns the window of the page among total rows, false if it is empty.
func (r PageRequest) window(total int, order ordering) (w window, ok bool) {
	offset := max(r.Offset, 0)
	w = window{offset: offset, n: min(r.Limit, total-offset), descending: order.descending()}
	return w, w.n > 0
}

// Page is one page of a list.
type Page struct {
	// Total is the number of rows that match.
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
	return x.Page(ctx, search, PageRequest{Owners: q.Owners, Offset: q.Offset, Limit: q.Limit})
}

// Page returns one page of the rows that match a Search. The error is ErrTooBroad if a scan
// takes too long, ErrBusy if too many searches scan already, or the error of ctx if that is
// done first.
func (x *Index) Page(ctx context.Context, s *Search, r PageRequest) (Page, error) {
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
	w, ok := r.window(set.total, s.order)
	if !ok {
		x.mu.RUnlock()
		return Page{Total: set.total}, nil
	}
	rows, first, sorted := x.fetch(set, s.order, w)
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

// fetch returns the rows of a window of a set in the cheapest way. If they are not sorted,
// the rows are a larger part of the set that contains the window: the part that begins with
// the row of number first.
func (x *table) fetch(s rowSet, o ordering, w window) (rows []*Row, first int, sorted bool) {
	v := x.views[o[0].field]
	if !o.single() {
		if v.steps(s, w) < s.total && len(x.byID) < walkRatio*s.total {
			// The length of runs is unknown. Because many rows match, even a traversal of the
			// whole view costs no more than gathering.
			rows, first = v.runs(s, w)
			return rows, first, false
		}
		return x.gather(s), 0, false
	}
	if s.total == len(x.byID) {
		return v.slice(w), 0, true
	}
	if v.field == x.schema.defaultOrder {
		if r, ok := x.rank(s); ok {
			return r.page(w), 0, true
		}
	}
	if v.steps(s, w) < walkRatio*s.total {
		if rows, ok := v.walk(s, w, 2*walkRatio*s.total); ok {
			return rows, 0, true
		}
	}
	return x.gather(s), 0, false
}
