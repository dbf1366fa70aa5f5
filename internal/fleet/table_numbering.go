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

import "slices"

// The order of ordinals is the default order of the collection. A new row is nearly always
// the newest and gets the ordinal after all others. The n-th row of any set is therefore
// found without visiting the rows before it. Rows with equal values in the field of that
// order have no order among themselves. A stray is a row whose ordinal is out of order:
// the watch delivered it late, or its time changed. If too many rows are strays or too
// many ordinals are free, the table is renumbered.

// fewStrays and fewHoles are the numbers of strays and of free ordinals up to which a
// table is never renumbered.
const fewStrays, fewHoles = 1024, 4096

// assignOrdinal gives a new row an ordinal.
func (x *table) assignOrdinal(row *Row) {
	row.ordinal = uint32(len(x.rows))
	x.rows = append(x.rows, row)
	if x.newest != nil && x.schema.defaultOrder.compare(row, x.newest) < 0 {
		x.strays.Add(row.ordinal)
	} else {
		x.newest = row
	}
}

// needsRenumbering reports whether too many ordinals are free or out of order. The number
// of changes until then is proportional to the size of the fleet.
func (x *table) needsRenumbering() bool {
	live := len(x.byID)
	return int(x.strays.GetCardinality()) > live/4+fewStrays || len(x.rows)-live > live+fewHoles
}

// renumbered returns a table of the same rows with new ordinals, in the default order and
// without free ones. It changes the ordinals in the rows, so no more writes to x itself
// are allowed.
func (x *table) renumbered() *table {
	everything := window{n: len(x.byID)}
	t := newTable(x.schema)
	t.views = nil
	for _, row := range x.views[x.schema.defaultOrder].page(everything) {
		t.insert(row)
	}
	t.views = make(map[*field]*view, len(x.views))
	for f, v := range x.views {
		t.views[f] = newView(t, f)
		for _, row := range v.page(everything) {
			t.views[f].tree.Load(row.ordinal)
		}
	}
	return t
}

// sort sorts rows in the default order, the oldest first.
func (s *Schema) sort(rows []*Row) {
	slices.SortFunc(rows, s.defaultOrder.ordering(false).compare)
}
