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
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
)

// observed is a context that calls a function each time that a search checks whether the
// context is done.
type observed struct {
	context.Context
	asked func()
}

// Err implements context.Context.
func (c observed) Err() error {
	c.asked()
	return c.Context.Err()
}

// costlyQueries are queries on a fleet of rows with few values that take more steps, or sort more
// rows, than one caller may without a turn.
func costlyQueries(t *testing.T, size int) map[string]Query {
	t.Helper()
	times := func(n int) string {
		terms := make([]string, n)
		for i := range terms {
			terms[i] = "created_time >= '" + epoch.Add(time.Duration(size/20+i)*time.Second).Format(time.RFC3339) + "'"
		}
		return strings.Join(terms, " or ")
	}
	names := make([]string, 200)
	for i := range names {
		names[i] = fmt.Sprintf("name != 'x%d'", i)
	}
	by := func(fields ...string) []Order {
		var order []Order
		for _, field := range fields {
			order = append(order, Order{Field: field})
		}
		return order
	}
	return map[string]Query{
		"many times":           {Filter: parse(t, times(90))},
		"many names":           {Filter: parse(t, strings.Join(names, " and "))},
		"three fields":         {OrderBy: by("created_by", "updated_by", "generation")},
		"three fields, middle": {OrderBy: by("created_by", "updated_by", "generation"), Offset: size / 2},
		"search and two fields": {
			Filter: parse(t, "name != 'x'"), OrderBy: by("updated_by", "name"), Offset: size / 3,
		},
		"far in another order": {Filter: parse(t, "labels.environment != 'dev'"), OrderBy: by("updated_time"), Offset: size / 3},
		"scan in another order": {
			Filter: parse(t, "name like '%1%'"), OrderBy: by("created_by", "name"),
		},
	}
}

// costlyIndex returns an Index of a fleet that one user created.
func costlyIndex(t *testing.T, size int) *Index {
	t.Helper()
	x := New(Clusters)
	rows := benchRows(size)
	for _, row := range rows {
		row.CreatedBy, row.UpdatedBy = "ann", "ann"
	}
	if err := x.Replace(rows, "1"); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestCostlyWorkTakesTurns takes all turns. Costly work waits, and cheap work does not.
func TestCostlyWorkTakesTurns(t *testing.T) {
	const size = 30_000
	x := costlyIndex(t, size)
	x.limits.patience = 0
	taken := x.takeOnlyTurn(t)
	defer taken.Done()
	for name, q := range costlyQueries(t, size) {
		q.Limit = 20
		for _, what := range []string{"first", "second", "standing"} {
			if _, err := x.List(t.Context(), q); !errors.Is(err, fairness.ErrBusy) {
				t.Errorf("%s, %s request: got error %v, want %v", name, what, err, fairness.ErrBusy)
			}
		}
	}
	name := []Order{{Field: "name"}}
	for what, q := range map[string]Query{
		"everything":           {Offset: size / 2},
		"one order":            {OrderBy: name, Offset: size / 2},
		"two fields":           {OrderBy: []Order{{Field: "name"}, {Field: "created_time"}}},
		"labels":               {Filter: parse(t, "labels.environment = 'dev' and labels.shard in ('1', '2') and not labels.region = 'region-3'")},
		"label, one order":     {Filter: parse(t, "labels.environment = 'dev'"), OrderBy: name},
		"condition":            {Filter: parse(t, "status.conditions.Ready = 'False'"), Offset: size / 10},
		"few times":            {Filter: parse(t, "created_time between '2026-01-01T00:10:00Z' and '2026-01-01T00:11:00Z'")},
		"few in another order": {Filter: parse(t, "labels.shard = '1'"), OrderBy: []Order{{Field: "updated_time"}, {Field: "name"}}, Offset: 500},
	} {
		q.Limit = 20
		if _, err := x.List(t.Context(), q); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestCostlyWorkEndsWithItsContext cancels costly queries at each of their checks of the
// context in turn.
func TestCostlyWorkEndsWithItsContext(t *testing.T) {
	const size = 5000
	x := costlyIndex(t, size)
	x.limits.fewSteps, x.limits.manySteps = 1000, 1000
	for name, q := range costlyQueries(t, size) {
		q.Limit = 20
		questions := 1
		for end := 1; end <= questions; end += 1 + questions/20 {
			ctx, cancel := context.WithCancel(t.Context())
			asked := 0
			_, err := x.List(observed{ctx, func() {
				if asked++; asked == end {
					cancel()
				}
			}}, q)
			if end == 1 {
				questions = 0 // of a query that is not cancelled
				if _, err := x.List(observed{t.Context(), func() { questions++ }}, q); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if asked >= end && !errors.Is(err, context.Canceled) {
				t.Errorf("%s, cancelled at question %d: got error %v, want %v", name, end, err, context.Canceled)
			}
			if asked > end {
				t.Errorf("%s, cancelled at question %d, asked %d times", name, end, asked)
			}
			cancel()
		}
		if questions < size/1000 {
			t.Errorf("%s: asked %d times whether to end, want at least once for 1000 rows", name, questions)
		}
	}
}

// TestSpansWithinSteps binds a search for many spans. The search collects spans while it
// has steps, and leaves the other spans for a scan.
func TestSpansWithinSteps(t *testing.T) {
	const size, spans = 5000, 90
	x := costlyIndex(t, size)
	search, err := x.Prepare(costlyQueries(t, size)["many times"].Filter, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []steps{0, 1000, 10_000, 1_000_000} {
		left := limit
		p := search.bind(x.scope(&left), nil)
		collected := 0
		if p.exact {
			collected = spans
		} else {
			collected = spans - len(p.any)
		}
		// Each is near the middle of the view.
		if most := int(limit) / (size * 2 / 5); collected > most || limit == 1_000_000 != (collected == spans) {
			t.Errorf("%d of %d spans are collected within %d steps, want at most %d", collected, spans, limit, most)
		}
		if left < 0 || left > limit {
			t.Errorf("%d of %d steps are left", left, limit)
		}
	}
}

// TestLockIsHeldForFewSteps counts how often a costly query lets writers write.
func TestLockIsHeldForFewSteps(t *testing.T) {
	const size, limit = 5000, 700
	x := costlyIndex(t, size)
	x.limits.fewSteps, x.limits.manySteps = limit, limit
	for name, q := range costlyQueries(t, size) {
		pieces := 0
		q.Limit = 20
		if _, err := x.List(observed{t.Context(), func() {
			if !x.mu.TryLock() {
				t.Fatalf("%s: a search holds the lock while it may be interrupted", name)
			}
			x.mu.Unlock()
			pieces++
		}}, q); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if pieces < size/limit {
			t.Errorf("%s: the search let go of the lock %d times, want at least %d", name, pieces, size/limit)
		}
	}
}

// TestListWhileRowsChange changes rows whenever a search does not hold the lock.
// Nevertheless, the page and the standing search reflect one state.
func TestListWhileRowsChange(t *testing.T) {
	const objects = 300
	for name, c := range collections {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("Seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 0))
			x := New(c.schema)
			truth := map[types.NamespacedName]*Row{}
			var states [][]*Row
			keep := func() {
				rows := make([]*Row, 0, len(truth))
				for _, row := range truth {
					rows = append(rows, row)
				}
				states = append(states, rows)
			}
			changes := 0
			ctx := observed{t.Context(), func() {
				if changes > 0 && r.IntN(2) == 0 {
					changes--
					mutate(t, r, x, truth, objects)
					if r.IntN(6) == 0 {
						x.swap(x.renumbered())
					}
					keep()
				}
			}}
			// A random search can be over before it lets a writer write: search until the rows
			// changed often enough.
			searched, mutated := 0, 0
			for want := rounds(64); searched < want || mutated < want; searched++ {
				if searched == 20*want {
					t.Fatalf("The rows changed %d times during %d searches, want %d", mutated, searched, want)
				}
				mutate(t, r, x, truth, objects)
				x.limits.fewValues, x.limits.fewRows = pick(r, 0, 500), pick(r, 0, 500)
				x.limits.fewSteps, x.limits.manySteps = pick[steps](r, 0, 1000), pick[steps](r, 10, 100, 3000)
				q := c.randomQuery(r, objects)
				for range 4 { // from the second request on, there is a standing search
					states, changes = nil, 4
					keep()
					got, err := x.List(ctx, q)
					if err != nil {
						t.Fatalf("List(%s): %v", describe(q), err)
					}
					mutated += len(states) - 1
					if !slices.ContainsFunc(states, func(rows []*Row) bool {
						return slices.Equal(outline(naiveList(rows, q)), outline(got))
					}) {
						t.Fatalf("List(%s) is that of none of %d states: %s", describe(q), len(states), outline(got))
					}
				}
			}
		})
	}
}
