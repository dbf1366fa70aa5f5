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
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// TestMatchesEqualsNaive compares the test of single rows, without any index, with the
// definition.
func TestMatchesEqualsNaive(t *testing.T) {
	const objects, rowsPerSearch = 400, 25
	searches := rounds(4000)
	for name, c := range collections {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("Seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			x := New(c.schema)
			for range searches {
				filter := c.randomExpr(r, objects, r.IntN(3))
				search, err := x.Prepare(filter, nil)
				if err != nil {
					t.Fatalf("Prepare(%s): %v", filter, err)
				}
				for range rowsPerSearch {
					row := randomRow(r, r.IntN(objects))
					if got, want := search.matches(row), naiveTruth(filter, row) == isTrue; got != want {
						t.Fatalf("%s is %t for %+v, want %t", filter, got, row, want)
					}
				}
			}
		})
	}
}

// TestStandingEqualsScan repeats the same searches between random changes. It compares their
// pages with a scan of all rows.
func TestStandingEqualsScan(t *testing.T) {
	const objects, queries, requestsPerRound = 400, 12, 20
	rounds := rounds(120)
	for name, c := range collections {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("Seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			x := New(c.schema)
			truth := map[types.NamespacedName]*Row{}
			repeated := make([]Query, queries)
			for i := range repeated {
				repeated[i] = c.randomQuery(r, objects)
				repeated[i].Owners = nil
			}
			// Some random searches are never standing searches: repeat until enough pages are those
			// of standing searches.
			standing := 0
			for round, want := 0, rounds*requestsPerRound/2; round < rounds || standing < want; round++ {
				if round == 2*rounds {
					t.Fatalf("%d of %d pages were those of a standing search, want %d", standing, round*requestsPerRound, want)
				}
				mutate(t, r, x, truth, objects)
				if r.IntN(10) == 0 {
					x.swap(x.renumbered())
				}
				if r.IntN(10) == 0 {
					repeated[r.IntN(queries)] = c.randomQuery(r, objects)
				}
				rows := make([]*Row, 0, len(truth))
				for _, row := range truth {
					rows = append(rows, row)
				}
				for range requestsPerRound {
					x.limits.fewValues, x.limits.fewRows = pick(r, 0, 4, 500), pick(r, 0, 500)
					x.limits.fewSteps, x.limits.manySteps = pick[steps](r, 0, 1000, 10_000), pick[steps](r, 1, 100, 3000, 100_000)
					q := repeated[r.IntN(queries)]
					q.Offset, q.Limit = pick(r, 0, r.IntN(10), q.Offset), r.IntN(30)
					if r.IntN(3) == 0 { // the reverse order, from the same standingOrder
						q.OrderBy = slices.Clone(q.OrderBy)
						for i := range q.OrderBy {
							q.OrderBy[i].Descending = !q.OrderBy[i].Descending
						}
					}
					got, stands := request(t, x, q)
					if diff := cmp.Diff(outline(naiveList(rows, q)), outline(got)); diff != "" {
						t.Fatalf("Round %d: %s, standing %t, differs from a scan (-scan +list):\n%s", round, describe(q), stands, diff)
					}
					if stands {
						standing++
					}
				}
			}
		})
	}
}

// request returns the page of a query, and whether a standing search answered it.
func request(t *testing.T, x *Index, q Query) (page Page, stands bool) {
	t.Helper()
	s, err := x.Prepare(q.Filter, q.OrderBy)
	if err != nil {
		t.Fatal(err)
	}
	if kept := x.standing.get(s); kept != nil && len(q.Owners) == 0 {
		page, ok, err := x.standingPage(t.Context(), kept, s, PageRequest{After: q.After, Offset: q.Offset, Limit: q.Limit})
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return page, true
		}
	}
	page, err = x.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page, false
}

// TestStandingCatchesUp makes so many changes between two requests that the journal has lost
// some, or that the search is evaluated again instead of testing each row.
func TestStandingCatchesUp(t *testing.T) {
	const objects = 300
	searches := map[string][]int{ // changes by search
		"labels.a = 'x'":                 {0, 1, 50, 500, maxChanges, maxChanges + 1},
		"spec.one > 0 or name like '%1'": {0, 1, 500, maxChanges + 1, journalLength - 1, journalLength, journalLength + 1},
		"generation > 1 and status.conditions.Ready.reason = 'Fine'": {0, 1, 500, maxChanges, maxChanges + 1},
	}
	// Making a row takes much longer than testing it, so each object has a few states to
	// choose from.
	var states [objects][10]*Row
	r := rand.New(rand.NewPCG(1, 1))
	for n := range states {
		for i := range states[n] {
			states[n][i] = randomRow(r, n)
		}
	}
	for search, numbers := range searches {
		for _, changes := range numbers {
			t.Run(fmt.Sprintf("%s/%d", search, changes), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(changes), 1))
				x := New(Clusters)
				rows := make([]*Row, objects)
				change := func(n int) {
					row := *states[n][r.IntN(len(states[n]))]
					rows[n] = &row
					x.Upsert(rows[n])
				}
				for n := range objects {
					change(n)
				}
				q := Query{Filter: parse(t, search), OrderBy: []Order{{Field: "updated_time"}}, Limit: objects}
				for range 4 {
					request(t, x, q)
				}
				for range changes {
					change(r.IntN(objects))
				}
				page, stands := request(t, x, q)
				for i := 0; i < 2 && !stands; i++ { // an evicted order exists again from the second request on
					page, stands = request(t, x, q)
				}
				if diff := cmp.Diff(outline(naiveList(rows, q)), outline(page)); diff != "" || !stands {
					t.Errorf("Standing %t, differs from a scan (-scan +list):\n%s", stands, diff)
				}
			})
		}
	}
}

// TestStandingIsBounded repeats more searches, in more orders, than an index keeps.
func TestStandingIsBounded(t *testing.T) {
	x := New(Clusters)
	rows := benchRows(1000)
	if err := x.Replace(rows, "1"); err != nil {
		t.Fatal(err)
	}
	for n := range maxStanding + 50 {
		q := Query{Filter: parse(t, "labels.shard != '"+strconv.Itoa(n)+"'"), OrderBy: []Order{{Field: "updated_time", Descending: n%2 == 0}, {Field: "name"}}, Limit: 10}
		want := outline(naiveList(rows, q))
		for range 4 {
			page, _ := request(t, x, q)
			if !cmp.Equal(want, outline(page)) {
				t.Fatalf("%s differs from a scan", describe(q))
			}
		}
	}
	if n := x.standing.kept.Len(); n != maxStanding {
		t.Errorf("%d searches stand, want %d", n, maxStanding)
	}
	if n := x.standing.orders.Len(); n != maxOrders {
		t.Errorf("%d orders are kept, want %d", n, maxOrders)
	}
	huge := "name ~= 'a'"
	for range maxStandingSize / patternSize {
		huge += " or name ~= 'a'"
	}
	for range 3 {
		if _, stands := request(t, x, Query{Filter: parse(t, huge), Limit: 1}); stands {
			t.Error("A search that takes much memory itself stands")
		}
	}
}

// TestSameSearch checks which search strings and orders count as the same search.
func TestSameSearch(t *testing.T) {
	x := New(Clusters)
	prepare := func(search string, orderBy ...Order) *Search {
		s, err := x.Prepare(parse(t, search), orderBy)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	up, down := Order{Field: "name"}, Order{Field: "name", Descending: true}
	one := prepare("not (name = 'a' or labels.x is null)", up)
	if other := prepare("name!='a'  AND (labels.x IS NOT NULL)", down); one.key != other.key || one.hash != other.hash || one.orderHash != other.orderHash {
		t.Errorf("Keys %q and %q in orders %q and %q, want the same", one.key, other.key, one.orderKey, other.orderKey)
	}
	for _, other := range []*Search{
		prepare("name != 'a' and labels.x is not null", Order{Field: "generation"}),
		prepare("name != 'b' and labels.x is not null", up),
		prepare("generation = 1", up), prepare("generation = '1'", up),
	} {
		if one.orderHash == other.orderHash {
			t.Errorf("%q in order %q counts as %q in order %q", other.key, other.orderKey, one.key, one.orderKey)
		}
	}
}

// TestGone cancels the contexts of requests, which stops their searches.
func TestGone(t *testing.T) {
	x := NewWithTurns(Clusters, fairness.NewTurns(1))
	if err := x.Replace(benchRows(3000), "1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := Query{Filter: parse(t, "name ~= '-1' and spec.none is null"), Limit: 10}
	for range 3 { // the third request has a standing search
		if _, err := x.List(ctx, q); !errors.Is(err, context.Canceled) {
			t.Errorf("Got error %v, want %v", err, context.Canceled)
		}
	}
	x.wantTurnFree(t)

	// A request that waits for the work of another request stops, too.
	s, err := x.Prepare(q.Filter, nil)
	if err != nil {
		t.Fatal(err)
	}
	x.standing.get(s).working <- struct{}{}
	if _, err := x.List(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("Waiting: got error %v, want %v", err, context.Canceled)
	}
}
