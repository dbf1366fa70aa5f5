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

	"github.com/RoaringBitmap/roaring/v2"
)

// walkRatio is how many rows of a view are gone over in the time that it takes
// to gather and sort one: a walk reads ordinals that lie side by side, where
// sorting reads rows that lie anywhere.
const walkRatio = 4

// Page returns one page of the rows for which a Search is true: of those owners
// only, where any are given, from the offset-th in order on, at most limit of them;
// a negative number counts as 0. The error is ErrTooBroad where it takes too long
// to look at each row, ErrBusy where too many others do so already, and that of
// ctx where that is done before.
func (x *Index) Page(ctx context.Context, s *Search, owners []string, offset, limit int) (Page, error) {
	offset, limit = max(offset, 0), max(limit, 0)
	if len(owners) == 0 {
		if kept := x.standing.of(s); kept != nil {
			if page, ok, err := x.standingPage(ctx, kept, s, offset, limit); ok || err != nil {
				return page, err
			}
		}
	}
	return x.page(ctx, s, owners, offset, limit)
}

// page evaluates a search. It takes the lock to find the rows; where they have yet
// to be sorted, it does so after it has let go of the lock, as rows do not change.
func (x *Index) page(ctx context.Context, s *Search, owners []string, offset, limit int) (Page, error) {
	x.mu.RLock()
	p := x.find(s, owners)
	if !p.exact {
		return x.scanPage(ctx, p, s, owners, offset, limit)
	}
	set, order := p.set, s.order
	total := int(set.GetCardinality())
	n := min(limit, total-offset)
	if n <= 0 {
		x.mu.RUnlock()
		return Page{Total: total}, nil
	}
	v, descending := x.views[order[0].field], order[0].descending
	if order.single() && v.field == x.schema.defaultOrder && total < len(x.byID) {
		if rows, ok := x.ranked(set, total, offset, n, descending); ok {
			x.mu.RUnlock()
			return Page{Total: total, Rows: rows}, nil
		}
	}
	steps := v.steps(total, offset, n)
	if order.single() && total == len(x.byID) {
		defer x.mu.RUnlock()
		return Page{Total: total, Rows: v.slice(x.table, offset, n, descending)}, nil
	}
	if order.single() && steps < walkRatio*total {
		if rows, ok := v.walk(x.table, set, total, offset, n, descending, 2*walkRatio*total); ok {
			x.mu.RUnlock()
			return Page{Total: total, Rows: rows}, nil
		}
	}
	var rows []*Row
	preceding := 0
	if !order.single() && steps < total && len(x.byID) < walkRatio*total {
		// How long runs are is not known. That there are many matches keeps even a
		// walk over the whole view within what gathering would cost.
		rows, preceding = v.runs(x.table, set, total, offset, n, descending)
	} else {
		rows = x.gather(set, total)
	}
	x.mu.RUnlock()
	return Page{Total: total, Rows: order.slice(rows, offset-preceding, n)}, nil
}

// fewOwned is how many rows of an owner are tested rather than looked up: posting
// lists are those of the whole fleet.
const fewOwned = 64

// find binds a search, and keeps to the rows of the owners.
func (x *Index) find(s *Search, owners []string) *plan {
	all := &plan{set: x.all, exact: true}
	if len(owners) > 0 {
		all.set = x.columns[ownerID].equal(owners[0])
		for _, owner := range owners[1:] {
			all.set = roaring.Or(all.set, x.columns[ownerID].equal(owner))
		}
	}
	switch {
	case s.node == nil:
		return all
	case len(owners) == 0:
		return s.node.bind(x, nil)
	case all.set.GetCardinality() <= fewOwned:
		return &plan{set: all.set, row: s.node.test, cost: s.cost}
	}
	p := s.node.bind(x, all.set)
	p.set = roaring.And(all.set, p.set)
	return p
}
