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
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// TestCursorNeitherSkipsNorRepeats reads a list page by page, each after the last row of
// the previous page, while rows are added, deleted and changed. A row that exists all the
// time is on exactly one page. The row at the position itself is often deleted before the
// next page is read.
func TestCursorNeitherSkipsNorRepeats(t *testing.T) {
	searches := map[string]string{
		"All rows": "",
		"Exact":    "labels.half = 'yes' or labels.half = 'both'",
		"Scanned":  "spec.half = 'yes' or labels.half = 'both'",
		"Few rows": "name in ('row-3', 'row-4', 'row-44', 'row-101')",
	}
	for name, search := range searches {
		for _, descending := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, descending %t", name, descending), func(t *testing.T) {
				for seed := range uint64(12) {
					walkWhileChanging(t, rand.New(rand.NewPCG(seed, 7)), search, descending)
				}
			})
		}
	}
}

func walkWhileChanging(t *testing.T, r *rand.Rand, search string, descending bool) {
	t.Helper()
	const stable = 150
	x := New(Clusters)
	q := Query{OrderBy: []Order{{Field: "created_time", Descending: descending}}}
	if search != "" {
		q.Filter = parse(t, search)
	}
	wanted := map[string]bool{}
	for n := range stable {
		row := cursorRow(r, n)
		x.Upsert(row)
		if search == "" || naiveTruth(q.Filter, row) == isTrue {
			wanted[row.ID] = true
		}
	}
	passing := map[string]types.NamespacedName{} // rows that may be deleted, by id
	seen := map[string]int{}
	for page := 0; ; page++ {
		if page > 10*stable {
			t.Fatal("The pages do not come to an end")
		}
		q.Limit = 1 + r.IntN(9)
		got, err := x.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Rows) == 0 {
			break
		}
		for _, row := range got.Rows {
			seen[row.ID]++
		}
		last := got.Rows[len(got.Rows)-1]
		q.After = new(last.Position())
		if !wanted[last.ID] {
			x.Delete(last.Key)
			delete(passing, last.ID)
		}
		for range r.IntN(6) {
			row := cursorRow(r, stable+r.IntN(60))
			if key, ok := passing[row.ID]; ok {
				x.Delete(key)
				delete(passing, row.ID)
			} else {
				x.Upsert(row)
				passing[row.ID] = row.Key
			}
		}
		if held, ok := x.GetByKey(cursorRow(r, r.IntN(stable)).Key); ok { // a report moves no row
			reported := *held
			reported.UpdatedTime = reported.UpdatedTime.Add(time.Second)
			x.Upsert(&reported)
		}
		if r.IntN(8) == 0 {
			x.swap(x.renumbered())
		}
	}
	for id := range wanted {
		if seen[id] != 1 {
			t.Errorf("Row %s was on %d pages, want 1", id, seen[id])
		}
	}
}

// cursorRow returns the n-th row, of which there are many in each second. Half of them match
// the searches of TestCursorNeitherSkipsNorRepeats.
func cursorRow(r *rand.Rand, n int) *Row {
	name := fmt.Sprintf("row-%d", n)
	half := []string{"yes", "no", "both", "no"}[n%4]
	return &Row{
		ID:          fmt.Sprintf("2%05d", n*7919%100000),
		Key:         types.NamespacedName{Name: name},
		Name:        name,
		CreatedTime: epoch.Add(time.Duration(n*31%150/12) * time.Second),
		UpdatedTime: epoch.Add(time.Duration(r.IntN(100)) * time.Second),
		Sequence:    uint64(n * 17 % 5),
		Labels:      LabelsOf(map[string]string{"half": half}),
		JSON:        fmt.Appendf(nil, `{"spec":{"half":%q}}`, half),
	}
}

// TestCursorCounts compares the number of rows that each pager counts up to a position with the
// naive model, for positions of rows that exist and of rows that do not.
func TestCursorCounts(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		x := New(Clusters)
		for range 300 {
			x.Upsert(rankedRow(r, r.IntN(400), r.IntN(30)))
		}
		x.swap(x.renumbered())
		for range 15 { // late rows, which are strays
			x.Upsert(rankedRow(r, 400+r.IntN(15), r.IntN(30)))
		}
		set := newRowSet(x.all)
		steps := steps(10_000)
		ranked, ok := x.rank(set, &steps)
		if !ok || len(ranked.strays) == 0 {
			t.Fatalf("Seed %d: ranked %t, want a ranking with strays", seed, ok)
		}
		sorted := x.sorted(x.all)
		ordinals := make([]uint32, len(sorted))
		for i, row := range sorted {
			ordinals[i] = row.ordinal
		}
		pagers := map[string]pager{
			"view":        x.views[createdTime],
			"ranking":     ranked,
			"unsorted":    unsorted{rows: x.gather(set), compare: createdTime.ordering(false).compare},
			"sorted rows": sortedRows{x.table, newSortedList(ordinals), len(ordinals)},
		}
		for range 40 {
			at := sorted[r.IntN(len(sorted))].Position()
			switch r.IntN(4) {
			case 0:
				at.ID += "-gone"
			case 1:
				at.Sequence++
			case 2:
				at.CreatedTime = epoch.Add(time.Duration(r.IntN(34)-2) * time.Second)
			}
			for _, descending := range []bool{false, true} {
				order := createdTime.ordering(descending)
				q := Query{OrderBy: []Order{{Field: "created_time", Descending: descending}}, After: &at, Limit: len(sorted)}
				want := len(sorted) - len(naiveList(sorted, q).Rows)
				for name, p := range pagers {
					if got := skipped(p, PageRequest{After: &at}, len(sorted), order); got != want {
						t.Errorf("Seed %d: %s skips %d rows at %v, descending %t, want %d", seed, name, got, at, descending, want)
					}
				}
			}
		}
	}
}

// TestCursorTotal checks that the total includes the rows before the position, and that an
// offset counts from the position.
func TestCursorTotal(t *testing.T) {
	x := New(Clusters)
	for n := range 10 {
		x.Upsert(&Row{ID: fmt.Sprintf("2%d", n), Key: types.NamespacedName{Name: fmt.Sprint(n)}, CreatedTime: epoch.Add(time.Duration(n) * time.Second)})
	}
	after := &Position{CreatedTime: epoch.Add(7 * time.Second), ID: "27"}
	tests := map[string]struct {
		query Query
		want  string
	}{
		"After":            {Query{After: after, Limit: 3}, "26 25 24"},
		"After, ascending": {Query{After: after, Limit: 3, OrderBy: []Order{{Field: "created_time"}}}, "28 29"},
		"Offset":           {Query{After: after, Offset: 2, Limit: 2}, "24 23"},
		"Largest offset":   {Query{After: after, Offset: 1<<63 - 1, Limit: 2}, ""},
		"Largest limit":    {Query{After: after, Offset: 5, Limit: 1<<63 - 1}, "21 20"},
		"Negative offset":  {Query{After: after, Offset: -1, Limit: 1}, "26"},
		"No limit":         {Query{After: after}, ""},
		"Behind all":       {Query{After: &Position{}, Limit: 3}, ""},
		"Before all":       {Query{After: &Position{CreatedTime: epoch.AddDate(1, 0, 0)}, Limit: 1}, "29"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			page, err := x.List(t.Context(), tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ids(page)); diff != "" || page.Total != 10 {
				t.Errorf("Total %d, want 10; rows (-want +got):\n%s", page.Total, diff)
			}
		})
	}
}

func TestCursorInAnotherOrder(t *testing.T) {
	x := New(Clusters)
	for _, orderBy := range [][]Order{
		{{Field: "name"}},
		{{Field: "created_time"}, {Field: "name"}},
		{{Field: "created_time"}, {Field: "id", Descending: true}},
		{{Field: "id"}},
	} {
		_, err := x.List(t.Context(), Query{OrderBy: orderBy, After: &Position{}, Limit: 1})
		want := &FieldError{Field: orderBy[0].Field, Offset: -1, Message: "pages after a position are in the order of created_time only"}
		var got *FieldError
		if !errors.As(err, &got) || *got != *want {
			t.Errorf("Order %v: got error %v, want %v", orderBy, err, want)
		}
	}
}
