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

package aggregate_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// model restates the table of Ready and Available by counting strings of the form
// "status@generation". It remembers the results that a report without a result keeps.
type model struct {
	known     map[string]string
	available string
	at        int64
}

func (m *model) round(in aggregate.Input) (available, ready string, availableAt int64) {
	before := m.known
	m.known = map[string]string{}
	for _, r := range in.Reports {
		switch {
		case r.Available == "Unknown" || r.Available == "" || r.Generation > in.Generation:
			if before[r.Adapter] != "" {
				m.known[r.Adapter] = before[r.Adapter]
			}
		default:
			m.known[r.Adapter] = fmt.Sprintf("%s@%d", r.Available, r.Generation)
		}
	}
	words := map[string]int{}
	for _, name := range in.Required {
		words[m.known[name]]++
	}
	if len(in.Required) == 0 {
		m.available, m.at = "False", 0
		return "False", "False", 0
	}
	for g := range in.Generation {
		trues, falses := words[fmt.Sprintf("True@%d", g+1)], words[fmt.Sprintf("False@%d", g+1)]
		if trues+falses == len(in.Required) {
			m.available, m.at = "False", g+1
			if falses == 0 {
				m.available = "True"
			}
		}
	}
	ready = "False"
	if words[fmt.Sprintf("True@%d", in.Generation)] == len(in.Required) {
		ready = "True"
	}
	return m.available, ready, m.at
}

func TestRandomHistoriesAgreeWithTheTable(t *testing.T) {
	names := []string{"dns", "dns-2", "dns2", "validator"}
	statuses := []metav1.ConditionStatus{yes, yes, yes, no, unknown, none}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		m := model{available: "False"}
		in := input(1, nil)
		minute := 0
		for round := range 20 {
			minute++
			in.Now = at(minute)
			switch random.IntN(8) {
			case 0:
				in.Generation++
			case 1:
				in.Required = slices.DeleteFunc(slices.Clone(names), func(string) bool { return random.IntN(3) == 0 })
			case 2:
				in.Reports = slices.DeleteFunc(slices.Clone(in.Reports), func(aggregate.Report) bool { return random.IntN(3) == 0 })
			default:
				name := names[random.IntN(len(names))]
				generation := max(1, in.Generation+2-int64(random.IntN(4)))
				status := statuses[random.IntN(len(statuses))]
				if strings.HasPrefix(name, "dns") && strings.HasSuffix(name, "2") {
					// If two adapters have one type, the stored condition does not show which adapter it
					// belongs to, so their reports always have a result.
					generation, status = min(generation, in.Generation), statuses[random.IntN(4)]
				}
				fresh := report(name, generation, status, minute)
				in.Reports = slices.Clone(in.Reports)
				if i := slices.IndexFunc(in.Reports, func(r aggregate.Report) bool { return r.Adapter == name }); i < 0 {
					in.Reports = append(in.Reports, fresh)
				} else {
					fresh.Created = in.Reports[i].Created
					in.Reports[i] = fresh
				}
			}
			got := aggregate.Conditions(in)

			wantAvailable, wantReady, wantAt := m.round(in)
			available, ready := briefOf(t, got, "Available"), briefOf(t, got, "Ready")
			if string(available.Status) != wantAvailable || string(ready.Status) != wantReady || available.ObservedGeneration != wantAt {
				t.Fatalf("seed %d, round %d: Available=%s at %d, Ready=%s; want %s at %d, %s\nin:  %+v\ngot: %+v", seed, round,
					available.Status, available.ObservedGeneration, ready.Status, wantAvailable, wantAt, wantReady, in, got)
			}
			checkInvariants(t, in, got)
			in.Previous = stored(t, got)
			if diff := cmp.Diff(got, in.Previous); diff != "" {
				t.Fatalf("conditions change where they are stored (-want +got):\n%s", diff)
			}
		}
	}
}

// checkInvariants checks what is true for every input.
func checkInvariants(t *testing.T, in aggregate.Input, got []v1.ResourceCondition) {
	t.Helper()
	again := in
	again.Previous, again.Now = got, in.Now.AddDate(1, 0, 0)
	if diff := cmp.Diff(got, aggregate.Conditions(again)); diff != "" {
		t.Fatalf("a second round without a change changes conditions (-want +got):\n%s", diff)
	}
	shuffled := in
	shuffled.Reports, shuffled.Required = slices.Clone(in.Reports), slices.Clone(in.Required)
	slices.Reverse(shuffled.Reports)
	slices.Reverse(shuffled.Required)
	if diff := cmp.Diff(got, aggregate.Conditions(shuffled)); diff != "" {
		t.Fatalf("the order of reports matters (-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, c := range got {
		if seen[c.Type] {
			t.Fatalf("condition %s occurs twice in %+v", c.Type, got)
		}
		seen[c.Type] = true
		if c.Status != yes && c.Status != no {
			t.Fatalf("condition %s is %q", c.Type, c.Status)
		}
		if c.ObservedGeneration > in.Generation {
			t.Fatalf("condition %s observes generation %d of %d", c.Type, c.ObservedGeneration, in.Generation)
		}
		if c.CreatedTime.IsZero() || c.LastUpdatedTime.IsZero() || c.LastTransitionTime.IsZero() {
			t.Fatalf("condition %s lacks a time: %+v", c.Type, c)
		}
		for _, p := range in.Previous {
			if p.Type != c.Type || isOfAdapter(c) {
				continue
			}
			if !p.CreatedTime.Equal(c.CreatedTime) {
				t.Fatalf("createdTime of %s moved from %s to %s", c.Type, p.CreatedTime, c.CreatedTime)
			}
			if moved := !p.LastTransitionTime.Equal(c.LastTransitionTime); moved != (p.Status != c.Status) {
				t.Fatalf("%s: status %s to %s, lastTransitionTime moved: %t", c.Type, p.Status, c.Status, moved)
			}
		}
	}
	for _, r := range in.Reports {
		if !aggregate.Reflects(got, in.Generation, r, in.Now) {
			t.Fatalf("%+v is not reflected in %+v", r, got)
		}
	}
}

// isOfAdapter reports whether a condition is an adapter's.
func isOfAdapter(c v1.ResourceCondition) bool {
	return strings.Contains(c.Type, v1.AdapterConditionSuffix)
}

// typeOf returns the plain type of an adapter whose name is one word.
func typeOf(adapter string) string {
	return strings.ToUpper(adapter[:1]) + adapter[1:] + v1.AdapterConditionSuffix
}

// stored returns the conditions as the API server returns them.
func stored(t *testing.T, conditions []v1.ResourceCondition) []v1.ResourceCondition {
	t.Helper()
	text, err := json.Marshal(conditions)
	if err != nil {
		t.Fatal(err)
	}
	var back []v1.ResourceCondition
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func sortByType(conditions []v1.ResourceCondition) {
	slices.SortFunc(conditions, func(a, b v1.ResourceCondition) int { return strings.Compare(a.Type, b.Type) })
}

func BenchmarkConditions(b *testing.B) {
	in := input(2, nil)
	in.Required = []string{"validator", "dns", "pullsecret", "hypershift"}
	cases := map[string]int64{"all ready": 2, "none at the current generation": 1}
	for name, generation := range cases {
		b.Run(name, func(b *testing.B) {
			in := in
			for i, adapter := range in.Required {
				in.Reports = append(in.Reports, report(adapter, generation, yes, 10+i))
			}
			in.Previous = aggregate.Conditions(in)
			b.ReportAllocs()
			for b.Loop() {
				aggregate.Conditions(in)
			}
		})
	}
}
