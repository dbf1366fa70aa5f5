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
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"k8s.io/apimachinery/pkg/types"
)

// TestTableStaysConsistent checks every structure of a table against its rows, after random
// changes, lists and renumbering.
func TestTableStaysConsistent(t *testing.T) {
	const objects = 200
	for name, c := range collections {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(4) {
				r := rand.New(rand.NewPCG(seed, 11))
				x := New(c.schema)
				truth := map[types.NamespacedName]*Row{}
				for range rounds(40) {
					mutate(t, r, x, truth, objects)
					if r.IntN(6) == 0 {
						x.swap(x.renumbered())
						if !x.strays.IsEmpty() || len(x.rows) != len(truth) {
							t.Fatalf("%d strays and %d ordinals for %d rows after renumbering", x.strays.GetCardinality(), len(x.rows), len(truth))
						}
					}
					checkTable(t, x.table, truth)
				}
			}
		})
	}
}

// checkTable checks the table against the rows that it should have.
func checkTable(t *testing.T, x *table, truth map[types.NamespacedName]*Row) {
	t.Helper()
	all := roaring.New()
	for ordinal, row := range x.rows {
		if row == nil {
			continue
		}
		all.Add(uint32(ordinal))
		if truth[row.Key] != row || row.ordinal != uint32(ordinal) || x.byID[row.ID] != row.ordinal || x.byKey[row.Key] != row.ordinal {
			t.Fatalf("Row %s at ordinal %d: its own ordinal is %d, that of its id %d, that of its key %d",
				row.ID, ordinal, row.ordinal, x.byID[row.ID], x.byKey[row.Key])
		}
	}
	if !all.Equals(x.all) || int(all.GetCardinality()) != len(truth) || len(x.byID) != len(truth) || len(x.byKey) != len(truth) {
		t.Fatalf("%d ordinals in use of which %d are known, %d ids, %d keys, want %d", all.GetCardinality(), x.all.GetCardinality(), len(x.byID), len(x.byKey), len(truth))
	}
	checkOrdinalOrder(t, x)
	for f, c := range x.columns {
		checkColumn(t, x, "field "+f.name, c, func(r *Row) (string, bool) { key := f.key(r); return key, key != "" })
	}
	for key, c := range x.labels {
		checkColumn(t, x, "label "+key, c, func(r *Row) (string, bool) { return r.Labels.Get(key) })
	}
	for conditionType, c := range x.conditions {
		checkColumn(t, x, "condition "+conditionType, c, func(r *Row) (string, bool) {
			rc, ok := r.Conditions.Find(conditionType)
			return string(rc.Status), ok
		})
	}
	for f, v := range x.views {
		ordinals := v.tree.Items()
		if len(ordinals) != len(truth) || !slices.IsSortedFunc(ordinals, v.compare) {
			t.Fatalf("The view by %s has %d of %d rows, or is out of order", f.name, len(ordinals), len(truth))
		}
	}
}

// checkOrdinalOrder checks that all rows but the strays are in the default order.
func checkOrdinalOrder(t *testing.T, x *table) {
	t.Helper()
	var last *Row
	for ordinal, row := range x.rows {
		if row == nil || x.strays.Contains(uint32(ordinal)) {
			continue
		}
		if last != nil && row.CreatedTime.Before(last.CreatedTime) {
			t.Fatalf("Row %s of %s follows row %s of %s and is no stray", row.ID, row.CreatedTime, last.ID, last.CreatedTime)
		}
		last = row
	}
	if strays := roaring.AndNot(x.strays, x.all); !strays.IsEmpty() {
		t.Fatalf("%d strays do not exist", strays.GetCardinality())
	}
}

// checkColumn checks posting lists against the values that rows have.
func checkColumn(t *testing.T, x *table, name string, c *column, value func(*Row) (string, bool)) {
	t.Helper()
	present, postings := 0, map[string][]uint32{}
	for ordinal, row := range x.rows {
		if row == nil {
			continue
		}
		if v, ok := value(row); ok {
			postings[v] = append(postings[v], uint32(ordinal))
			present++
		}
	}
	if int(c.present().GetCardinality()) != present || len(c.values) != len(postings) {
		t.Fatalf("The column of %s has %d rows and %d values, want %d and %d", name, c.present().GetCardinality(), len(c.values), present, len(postings))
	}
	for v, want := range postings {
		if got := c.equal(v).ToArray(); !slices.Equal(got, want) {
			t.Fatalf("%s is %q in rows %v, want %v", name, v, got, want)
		}
	}
}

// TestUpsertRenumbers replaces a fleet row by row, which leaves free ordinals, and
// inserts rows late or changes their times, which makes strays. Upsert renumbers the
// table in time.
func TestUpsertRenumbers(t *testing.T) {
	const objects = 2000
	row := func(n, second int) *Row {
		name := strconv.Itoa(n)
		return &Row{ID: "2" + name, Key: types.NamespacedName{Name: name}, Name: name, CreatedTime: epoch.Add(time.Duration(second) * time.Second)}
	}
	tests := map[string]func(x *Index, n int) (gone *Row, put *Row){
		"Rows are replaced by new ones": func(_ *Index, n int) (gone, put *Row) { return row(n, n), row(n+objects, n+objects) },
		"Rows arrive late": func(_ *Index, n int) (gone, put *Row) {
			return row(n, n), row(n+objects, (n*7919)%objects)
		},
		"Times change": func(_ *Index, n int) (gone, put *Row) { return nil, row(n%objects, n*7919%997) },
	}
	for name, step := range tests {
		t.Run(name, func(t *testing.T) {
			x := New(Clusters)
			truth := map[types.NamespacedName]*Row{}
			put := func(r *Row) { x.Upsert(r); truth[r.Key] = r }
			for n := range objects {
				put(row(n, n))
			}
			search, err := x.Prepare(parse(t, "name like '%1%'"), nil)
			if err != nil {
				t.Fatal(err)
			}
			numbers := map[uint64]bool{}
			for n := range 3 * fewHoles {
				gone, next := step(x, n)
				if gone != nil {
					x.Delete(gone.Key)
					delete(truth, gone.Key)
				}
				put(next)
				numbers[x.number] = true
				if holes := len(x.rows) - len(truth); holes > len(truth)+fewHoles+1 || x.strays.GetCardinality() > objects/4+fewStrays+1 {
					t.Fatalf("%d free ordinals and %d strays of %d rows after %d changes", holes, x.strays.GetCardinality(), len(truth), n)
				}
				if n%500 == 0 {
					checkTable(t, x.table, truth)
					checkPage(t, x, search, truth, n%50)
				}
			}
			if len(numbers) < 3 {
				t.Errorf("The table was renumbered %d times, want at least 2", len(numbers)-1)
			}
		})
	}
}

// checkPage compares one page of a search for names with a 1 with a scan. The search is a
// standing search from the second call on, and renumbering invalidates its ordinals.
func checkPage(t *testing.T, x *Index, search *Search, truth map[types.NamespacedName]*Row, offset int) {
	t.Helper()
	rows := make([]*Row, 0, len(truth))
	for _, row := range truth {
		rows = append(rows, row)
	}
	q := Query{Filter: parse(t, "name like '%1%'"), Offset: offset, Limit: 20}
	want := naiveList(rows, q)
	got, err := x.Page(t.Context(), search, PageRequest{Offset: offset, Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	if ids(got) != ids(want) || got.Total != want.Total {
		t.Fatalf("Offset %d: got %s of %d, want %s of %d", offset, ids(got), got.Total, ids(want), want.Total)
	}
}

// TestPostings adds and removes ordinals, few and many of each value, and compares with a
// map.
func TestPostings(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		c := newColumn()
		model := map[uint32]string{}
		for range 2000 {
			ordinal := uint32(r.IntN(60))
			if value, ok := model[ordinal]; ok {
				c.remove(value, ordinal)
				delete(model, ordinal)
			} else {
				model[ordinal] = pick(r, "rare", "often", "often", "often", fmt.Sprint("own-", ordinal))
				c.add(model[ordinal], ordinal)
			}
			byValue := map[string][]uint32{}
			for _, ordinal := range slices.Sorted(maps.Keys(model)) {
				byValue[model[ordinal]] = append(byValue[model[ordinal]], ordinal)
			}
			if len(c.values) != len(byValue) || int(c.present().GetCardinality()) != len(model) {
				t.Fatalf("%d values of %d rows, want %d of %d", len(c.values), c.present().GetCardinality(), len(byValue), len(model))
			}
			for value, want := range byValue {
				p := c.values[value]
				if got := slices.Sorted(slices.Values(p.ordinals())); !slices.Equal(got, want) || !slices.Equal(p.bitmap().ToArray(), want) {
					t.Fatalf("%s: ordinals %v, bitmap %v, want %v", value, got, p.bitmap().ToArray(), want)
				}
			}
		}
	}
}

// TestJournal records more changes than a journal keeps and compares with a slice of all.
func TestJournal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var j journal
	var model []change
	for len(model) < 2*journalLength+100 {
		for range 1 + r.IntN(3000) {
			c := change{ordinal: uint32(r.IntN(50)), fields: 1 << r.IntN(8)}
			j.record(c.ordinal, c.fields)
			model = append(model, c)
		}
		for _, back := range []int{0, 1, r.IntN(journalLength), journalLength, journalLength + 1, len(model)} {
			from := len(model) - back
			if from < 0 {
				continue
			}
			got, ok := j.since(uint64(from))
			if wantOK := back <= journalLength; ok != wantOK || ok && !slices.Equal(got, model[from:]) {
				t.Fatalf("The last %d of %d changes: known %t, want %t; got %d", back, len(model), ok, wantOK, len(got))
			}
			if !ok {
				continue
			}
			fields := map[uint32]fieldSet{}
			for _, c := range got {
				fields[c.ordinal] |= c.fields
			}
			merged := mergeByOrdinal(got)
			for _, c := range merged {
				if fields[c.ordinal] != c.fields {
					t.Fatalf("Ordinal %d changed in fields %b, want %b", c.ordinal, c.fields, fields[c.ordinal])
				}
			}
			if len(merged) != len(fields) || !slices.IsSortedFunc(merged, func(a, b change) int { return int(a.ordinal) - int(b.ordinal) }) {
				t.Fatalf("%d changes of %d ordinals, in order: want one of each", len(merged), len(fields))
			}
		}
	}
}
