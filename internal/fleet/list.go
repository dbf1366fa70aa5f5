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

import "github.com/RoaringBitmap/roaring/v2"

// walkRatio is how many rows of a view are gone over in the time that it takes
// to gather and sort one: a walk reads ordinals that lie side by side, where
// sorting reads rows that lie anywhere.
const walkRatio = 4

// page evaluates a checked query. It takes the lock to find the rows; where they
// have yet to be sorted, it does so after it has let go of the lock, as rows do
// not change.
func (x *Index) page(matching match, owners []string, order ordering, offset, limit int) Page {
	x.mu.RLock()
	set := x.find(matching, owners)
	total := int(set.GetCardinality())
	n := min(limit, total-offset)
	if n <= 0 {
		x.mu.RUnlock()
		return Page{Total: total}
	}
	v, descending := x.views[order[0].field], order[0].descending
	steps := v.steps(total, offset, n)
	if order.single() && (total == len(x.byID) || steps < walkRatio*total) {
		defer x.mu.RUnlock()
		if total == len(x.byID) {
			return Page{Total: total, Rows: v.slice(x, offset, n, descending)}
		}
		return Page{Total: total, Rows: v.walk(x, set, total, offset, n, descending)}
	}
	var rows []*Row
	preceding := 0
	if !order.single() && steps < total && len(x.byID) < walkRatio*total {
		// How long runs are is not known. That there are many matches keeps even a
		// walk over the whole view within what gathering would cost.
		rows, preceding = v.runs(x, set, total, offset, n, descending)
	} else {
		rows = x.gather(set, total)
	}
	x.mu.RUnlock()
	return Page{Total: total, Rows: order.slice(rows, offset-preceding, n)}
}

// find returns the rows that match, a set that is not to be modified.
func (x *Index) find(matching match, owners []string) *roaring.Bitmap {
	set := x.all
	if matching != nil {
		set = matching(x)
	}
	if len(owners) == 0 {
		return set
	}
	owned := x.columns[ownerID].equal(owners[0])
	for _, owner := range owners[1:] {
		owned = roaring.Or(owned, x.columns[ownerID].equal(owner))
	}
	if matching == nil {
		return owned
	}
	return roaring.And(owned, set)
}

func (x *Index) gather(set *roaring.Bitmap, total int) []*Row {
	rows := make([]*Row, 0, total)
	set.Iterate(func(ordinal uint32) bool {
		rows = append(rows, x.rows[ordinal])
		return true
	})
	return rows
}
