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
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// TestListEqualsScan compares lists with a scan of all rows, for random queries between random
// changes.
func TestListEqualsScan(t *testing.T) {
	const objects, queriesPerRound = 400, 8
	rounds := rounds(80)
	for name, c := range collections {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("Seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			x := New(c.schema)
			truth := map[types.NamespacedName]*Row{}
			ids := map[string]bool{} // every id that existed after a round
			for round := range rounds {
				mutate(t, r, x, truth, objects)
				checkGone(t, x, truth, ids)
				rows := make([]*Row, 0, len(truth))
				for _, row := range truth {
					rows = append(rows, row)
				}
				for range queriesPerRound {
					x.limits.fewValues, x.limits.fewRows = pick(r, 0, 4, 500), pick(r, 0, 500)
					x.limits.fewSteps, x.limits.manySteps = pick[steps](r, 0, 1000, 10_000), pick[steps](r, 1, 100, 3000, 100_000)
					q := c.randomQuery(r, objects)
					got, err := x.List(t.Context(), q)
					if err != nil {
						t.Fatalf("List(%s): %v", describe(q), err)
					}
					if diff := cmp.Diff(outline(naiveList(rows, q)), outline(got)); diff != "" {
						t.Fatalf("Round %d: List(%s) differs from a scan (-scan +list):\n%s", round, describe(q), diff)
					}
				}
				checkLookups(t, x, truth, objects)
			}
		})
	}
}

// rounds returns the number of rounds of a random test: all, or an eighth with -short. The race
// detector runs with -short: it makes each round many times slower, and more rounds of a
// single goroutine cannot reveal a race.
func rounds(all int) int {
	if testing.Short() {
		return all / 8
	}
	return all
}

// mutate makes the same random changes to the index and to the map.
func mutate(t *testing.T, r *rand.Rand, x *Index, truth map[types.NamespacedName]*Row, objects int) {
	t.Helper()
	if r.IntN(20) == 0 { // a list with some rows unchanged, some changed and some deleted
		var rows []*Row
		for n := range objects {
			row := randomRow(r, n)
			known, ok := truth[row.Key]
			switch delete(truth, row.Key); r.IntN(3) {
			case 0:
				rows = append(rows, row)
			case 1:
				if ok {
					rows = append(rows, known)
				}
			}
		}
		for _, row := range rows {
			truth[row.Key] = row
		}
		if err := x.Replace(rows, "1"); err != nil {
			t.Fatal(err)
		}
		return
	}
	for range r.IntN(60) {
		row := randomRow(r, r.IntN(objects))
		if r.IntN(3) == 0 {
			x.Delete(row.Key)
			delete(truth, row.Key)
			continue
		}
		x.Upsert(row)
		truth[row.Key] = row
	}
}

// checkLookups compares Get, GetByKey and the sizes of the index with the rows in the map.
func checkLookups(t *testing.T, x *Index, truth map[types.NamespacedName]*Row, objects int) {
	t.Helper()
	for n := range objects {
		key := randomRow(rand.New(rand.NewPCG(0, 0)), n).Key
		want := truth[key]
		got, ok := x.GetByKey(key)
		if got != want || ok != (want != nil) {
			t.Fatalf("GetByKey(%s) = %v, %t, want %v", key, got, ok, want)
		}
		if want == nil {
			continue
		}
		if got, ok := x.Get(want.ID); !ok || got != want {
			t.Fatalf("Get(%s) = %v, %t, want %v", want.ID, got, ok, want)
		}
	}
	rows := len(slices.DeleteFunc(slices.Clone(x.rows), func(row *Row) bool { return row == nil }))
	if len(x.byID) != len(truth) || len(x.byKey) != len(truth) || rows != len(truth) {
		t.Fatalf("%d ids, %d keys, %d rows, want %d", len(x.byID), len(x.byKey), rows, len(truth))
	}
	for f, v := range x.views {
		if v.tree.Len() != len(truth) {
			t.Fatalf("View by %s has %d rows, want %d", f.name, v.tree.Len(), len(truth))
		}
	}
}

// checkGone compares IsGone with the ids of former rounds, and adds those of this round.
func checkGone(t *testing.T, x *Index, truth map[types.NamespacedName]*Row, ids map[string]bool) {
	t.Helper()
	held := map[string]bool{}
	for _, row := range truth {
		held[row.ID], ids[row.ID] = true, true
	}
	for id := range ids {
		if x.IsGone(id) == held[id] {
			t.Fatalf("IsGone(%s) = %t, want %t", id, held[id], !held[id])
		}
	}
	if x.IsGone("never") {
		t.Fatal("IsGone of an id that was never there")
	}
}

// TestIndexForgets deletes every row and checks that all columns are empty.
func TestIndexForgets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := New(NodePools)
	truth := map[types.NamespacedName]*Row{}
	for range 40 {
		mutate(t, r, x, truth, 300)
	}
	for key := range truth {
		x.Delete(key)
	}
	if len(x.labels) != 0 || len(x.conditions) != 0 || !x.all.IsEmpty() {
		t.Errorf("%d labels, %d conditions, %d ordinals left", len(x.labels), len(x.conditions), x.all.GetCardinality())
	}
	for f, c := range x.columns {
		if len(c.values) != 0 || !c.rows.IsEmpty() {
			t.Errorf("Posting lists of %s are left", f.name)
		}
	}
}

// TestUpsertTakesOver has conflicting rows: an object that is created again under its name,
// and an id that appears under another name.
func TestUpsertTakesOver(t *testing.T) {
	a, b := types.NamespacedName{Name: "a"}, types.NamespacedName{Name: "b"}
	tests := map[string]struct {
		rows []*Row
		want string
	}{
		"Another object":      {rows: []*Row{{ID: "1", Key: a}, {ID: "2", Key: b}}, want: "1 2"},
		"Made anew":           {rows: []*Row{{ID: "1", Key: a}, {ID: "2", Key: a}}, want: "2"},
		"Under another name":  {rows: []*Row{{ID: "1", Key: a}, {ID: "1", Key: b}}, want: "1"},
		"Both at once":        {rows: []*Row{{ID: "1", Key: a}, {ID: "2", Key: b}, {ID: "1", Key: b}}, want: "1"},
		"Ordinals are reused": {rows: []*Row{{ID: "1", Key: a}, {ID: "2", Key: a}, {ID: "3", Key: b}}, want: "2 3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := New(Clusters)
			for _, row := range tt.rows {
				x.Upsert(row)
			}
			page, err := x.List(t.Context(), Query{OrderBy: []Order{{Field: "id"}}, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(page); got != tt.want || page.Total != len(page.Rows) || len(x.byKey) != page.Total {
				t.Errorf("Got %q of %d, %d keys, want %q", got, page.Total, len(x.byKey), tt.want)
			}
		})
	}
}

// outline describes a page for the output of a failing test.
func outline(p Page) []string {
	lines := []string{fmt.Sprintf("total %d", p.Total)}
	for _, row := range p.Rows {
		lines = append(lines, row.ID+" "+row.ResourceVersion)
	}
	return lines
}

func describe(q Query) string {
	filter := "everything"
	if q.Filter != nil {
		filter = q.Filter.String()
	}
	return fmt.Sprintf("%s, owners %q, order %v, after %v, offset %d, limit %d", filter, q.Owners, slices.Clone(q.OrderBy), q.After, q.Offset, q.Limit)
}
