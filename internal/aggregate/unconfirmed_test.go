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
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

func TestUnconfirmed(t *testing.T) {
	both := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	dns := []aggregate.Doubt{{Type: "DnsSuccessful", Adapter: "dns"}}
	tests := map[string]struct {
		reports []aggregate.Report
		want    []aggregate.Doubt
		keeps   bool // DnsSuccessful stays as it is stored
	}{
		"the same reports":                {reports: both, keeps: true},
		"a newer time":                    {reports: []aggregate.Report{report("dns", 1, no, 12), both[1]}},
		"a newer generation":              {reports: []aggregate.Report{report("dns", 2, no, 1), both[1]}},
		"Unknown":                         {reports: []aggregate.Report{report("dns", 1, unknown, 12), both[1]}, keeps: true},
		"Unknown in place of the result":  {reports: []aggregate.Report{report("dns", 1, unknown, 10), both[1]}, keeps: true},
		"an older time":                   {reports: []aggregate.Report{report("dns", 1, no, 9), both[1]}, want: dns, keeps: true},
		"an older Unknown":                {reports: []aggregate.Report{report("dns", 1, unknown, 9), both[1]}, want: dns, keeps: true},
		"another result of the same time": {reports: []aggregate.Report{report("dns", 1, no, 10), both[1]}, want: dns, keeps: true},
		"another reason of the same time": {reports: []aggregate.Report{because(both[0], "Done"), both[1]}, want: dns, keeps: true},
		"no report":                       {reports: both[1:], want: dns, keeps: true},
		"beyond the generation":           {reports: []aggregate.Report{report("dns", 3, no, 12), both[1]}, keeps: true},
		"in the future":                   {reports: []aggregate.Report{report("dns", 1, no, 99), both[1]}, keeps: true},
		"an adapter that is not required": {
			reports: []aggregate.Report{both[0]},
			want:    []aggregate.Doubt{{Type: "ValidatorSuccessful"}},
			keeps:   true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(2, nil, both...)
			in.Required = []string{"dns"}
			in.Previous = aggregate.Conditions(in)
			in.Reports, in.Confirmed = test.reports, false
			if diff := cmp.Diff(test.want, aggregate.Unconfirmed(in)); diff != "" {
				t.Errorf("Unconfirmed (-want +got):\n%s", diff)
			}
			got := aggregate.Conditions(in)
			if same := cmp.Equal(conditionOf(in.Previous, "DnsSuccessful"), conditionOf(got, "DnsSuccessful")); same != test.keeps {
				t.Errorf("DnsSuccessful stays: %t, want %t", same, test.keeps)
			}
			if conditionOf(got, "ValidatorSuccessful") == nil {
				t.Error("ValidatorSuccessful is gone")
			}
			in.Confirmed = true
			if doubts := aggregate.Unconfirmed(in); doubts != nil {
				t.Errorf("Confirmed reports leave %v in doubt", doubts)
			}
		})
	}
}

// A missing report keeps its condition and its type, also from an adapter with the
// same type.
func TestUnconfirmedKeepsItsType(t *testing.T) {
	plain, dashed := report("dns2", 1, no, 10), report("dns-2", 1, yes, 20)
	in := input(1, nil, plain, dashed)
	in.Previous = aggregate.Conditions(in)
	in.Confirmed = false
	for name, reports := range map[string][]aggregate.Report{"first": {plain}, "second": {dashed}, "none": nil} {
		in.Reports = reports
		if diff := cmp.Diff(in.Previous, aggregate.Conditions(in)); diff != "" {
			t.Errorf("with the %s report only, conditions change (-before +after):\n%s", name, diff)
		}
	}
}

func conditionOf(conditions []v1.ResourceCondition, conditionType string) *v1.ResourceCondition {
	i := slices.IndexFunc(conditions, func(c v1.ResourceCondition) bool { return c.Type == conditionType })
	if i < 0 {
		return nil
	}
	return &conditions[i]
}

// Writers that read each report as it was at some earlier time, or not at all, take
// turns. No condition may go back to an older report. A writer that then confirms the
// reports comes to what they say now.
func TestWritersThatLagBehindRegressNothing(t *testing.T) {
	names := []string{"dns", "validator", "billing"}
	statuses := []metav1.ConditionStatus{yes, yes, no, no, unknown, none}
	stale := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		history := map[string][]aggregate.Report{}
		in := input(1, nil)
		for round := range 40 {
			minute := round + 1
			in.Now = at(minute)
			name := names[random.IntN(len(names))]
			switch random.IntN(6) {
			case 0:
				in.Generation++
			default:
				fresh := report(name, max(1, in.Generation-int64(random.IntN(2))), statuses[random.IntN(len(statuses))], minute)
				if all := history[name]; len(all) > 0 {
					last := all[len(all)-1]
					fresh.Created, fresh.Generation = last.Created, max(last.Generation, fresh.Generation)
				}
				history[name] = append(history[name], fresh)
			}
			in.Confirmed, in.Reports = false, nil
			var truth []aggregate.Report
			for _, name := range names {
				all := history[name]
				if len(all) == 0 {
					continue
				}
				truth = append(truth, all[len(all)-1])
				if seen := random.IntN(len(all) + 1); seen > 0 {
					in.Reports = append(in.Reports, all[seen-1])
				}
			}
			got := aggregate.Conditions(in)
			for _, was := range in.Previous {
				if !isOfAdapter(was) {
					continue
				}
				is := conditionOf(got, was.Type)
				if is == nil || is.ObservedGeneration < was.ObservedGeneration ||
					is.ObservedGeneration == was.ObservedGeneration && is.LastUpdatedTime.Before(was.LastUpdatedTime.Time) {
					t.Fatalf("seed %d, round %d: %+v\nbecame %+v", seed, round, was, is)
				}
			}
			if len(aggregate.Unconfirmed(in)) > 0 {
				stale++
			}
			in.Previous = stored(t, got)

			if random.IntN(4) == 0 {
				in.Confirmed, in.Reports = true, truth
				confirmed := aggregate.Conditions(in)
				for _, r := range truth {
					if c := conditionOf(confirmed, typeOf(r.Adapter)); (r.Available == yes || r.Available == no) &&
						(c == nil || c.Status != r.Available || c.ObservedGeneration != r.Generation || !c.LastUpdatedTime.Time.Equal(r.Observed)) {
						t.Fatalf("seed %d, round %d: %+v confirmed, but %+v", seed, round, r, c)
					}
				}
				in.Previous = stored(t, confirmed)
			}
		}
	}
	if stale < 3000 {
		t.Errorf("Only %d rounds left a condition in doubt", stale)
	}
}
