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
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOrderingSlice takes windows of rows, small and large, near both ends, and compares
// with sorting all rows. The rows may be a part of the set that begins at any number.
func TestOrderingSlice(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 9))
		rows := make([]*Row, 1+r.IntN(300))
		for n := range rows {
			rows[n] = randomRow(r, n)
		}
		order, err := Clusters.ordering([]Order{{Field: pick(r, "name", "generation", "updated_by"), Descending: r.IntN(2) == 0}, {Field: "created_time"}})
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(rows)
		slices.SortFunc(want, order.compare)
		first := r.IntN(1000)
		offset := r.IntN(len(rows))
		w := window{offset: first + offset, n: 1 + r.IntN(len(rows)-offset), descending: order.descending()}
		got := sliceBy(order.compare, rows, first, w)
		if want := want[offset : offset+w.n]; ids(Page{Rows: got}) != ids(Page{Rows: want}) {
			t.Fatalf("Seed %d: rows %d to %d of %d: got %s, want %s", seed, offset, offset+w.n, len(rows), ids(Page{Rows: got}), ids(Page{Rows: want}))
		}
	}
}

// TestSingleOrderIsThatOfTheView takes orders of all kinds. If an order is single, the
// view of its first field must have the order or its reverse.
func TestSingleOrderIsThatOfTheView(t *testing.T) {
	for name, c := range collections {
		r := rand.New(rand.NewPCG(1, 9))
		x := New(c.schema)
		for n := range 400 {
			x.Upsert(randomRow(r, n))
		}
		single := 0
		for range 300 {
			var orders []Order
			for range r.IntN(4) {
				orders = append(orders, Order{Field: pick(r, c.orderable...), Descending: r.IntN(2) == 0})
			}
			order, err := c.schema.ordering(orders)
			if err != nil {
				t.Fatal(err)
			}
			if !order.single() {
				continue
			}
			single++
			rows := x.gather(newRowSet(x.all))
			slices.SortFunc(rows, order.compare)
			w := window{n: len(rows), descending: order.descending()}
			if got := x.views[order[0].field].page(w); ids(Page{Rows: got}) != ids(Page{Rows: rows}) {
				t.Fatalf("%s: the order %v counts as that of a view and is not", name, orders)
			}
		}
		if single < 50 {
			t.Errorf("%s: %d orders were those of a view, want at least 50", name, single)
		}
	}
}
