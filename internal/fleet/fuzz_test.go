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
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// FuzzSearch compares the result of every search string that parses with a scan of all rows.
func FuzzSearch(f *testing.F) {
	for _, text := range []string{
		"name = 'name-1' or not labels.a != 'x'",
		"labels.a in ('x', 'y') and not (status.conditions.Ready = 'True' or generation between 2 and 3)",
		"spec.one > 1 or spec.'a.b' is null",
		"status.conditions.Ready.reason like 'R%' and created_time >= 2026-01-01",
		"labels.example.com/c ~= '^[a-c]$' or labels.b ~! 'x'",
		"updated_time < '2026-01-01T00:10:00Z' and id <> '2'",
		"deleted_time is not null or labels.none not in ('a')",
		"generation = 1Ki or spec.deep.one = true",
		"status.conditions.Ready_dns = 'Unknown' or generation = '+1'",
		"labels.hyperfleet.io/cluster is null or labels.a/b = 'x y'",
	} {
		f.Add(text, uint64(len(text)))
	}
	const objects = 60
	random := rand.New(rand.NewPCG(1, 2))
	x := New(Clusters)
	rows := make([]*Row, objects)
	for n := range rows {
		rows[n] = randomRow(random, n)
	}
	if err := x.Replace(rows, "1"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, choice uint64) {
		filter, err := tsl.Parse(text)
		if err != nil {
			return // FuzzParse of internal/tsl covers these
		}
		r := rand.New(rand.NewPCG(choice, 0))
		q := Query{Filter: filter, Offset: r.IntN(3) * 5, Limit: 1 + r.IntN(objects),
			OrderBy: []Order{{Field: pick(r, collections["clusters"].orderable...), Descending: r.IntN(2) == 0}}}
		got, err := x.List(t.Context(), q)
		if err != nil {
			var field *FieldError
			if !errors.As(err, &field) && !errors.Is(err, ErrTooBroad) {
				t.Fatalf("List(%s): %v", describe(q), err)
			}
			if saysImpossible(field) && naivePossible(filter) {
				t.Errorf("List(%s) refuses what may exist: %v", describe(q), err)
			}
			return
		}
		if !naivePossible(filter) {
			t.Errorf("List(%s) takes what cannot exist", describe(q))
		}
		if diff := cmp.Diff(outline(naiveList(rows, q)), outline(got)); diff != "" {
			t.Errorf("List(%s) differs from a scan (-scan +list):\n%s", describe(q), diff)
		}
	})
}

// saysImpossible reports whether an error, which may be nil, means that no object can
// have a value that the search names.
func saysImpossible(err *FieldError) bool {
	return err != nil && regexp.MustCompile("^(no (condition|label) can have|labels of|the status of a condition is one of)").MatchString(err.Message)
}
