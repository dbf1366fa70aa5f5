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

// times maps a condition's type to the minute of its lastUpdatedTime.
type times map[string]int

func timesOf(conditions []v1.ResourceCondition) times {
	t := times{}
	for _, c := range conditions {
		t[c.Type] = int(c.LastUpdatedTime.Sub(at(0)).Minutes())
	}
	return t
}

func TestShown(t *testing.T) {
	const (
		available, isReady = v1.AvailableCondition, v1.ReadyCondition
		dns, validator     = "DnsSuccessful", "ValidatorSuccessful"
	)
	created := func(minute int, r aggregate.Report) aggregate.Report { r.Created = at(minute); return r }
	both := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	tests := map[string]struct {
		stored  []aggregate.Report // from which the stored conditions were computed; both if nil
		change  func(*aggregate.Input)
		reports []aggregate.Report
		before  times // shown until now for the stored conditions, nil for none
		want    times
	}{
		"nothing new": {
			reports: both,
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11},
		},
		"a heartbeat of the oldest": {
			reports: []aggregate.Report{report("dns", 1, yes, 20), both[1]},
			want:    times{available: 11, isReady: 11, dns: 20, validator: 11},
		},
		"a heartbeat of another": {
			reports: []aggregate.Report{both[0], report("validator", 1, yes, 20)},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 20},
		},
		"heartbeats of all": {
			reports: []aggregate.Report{report("dns", 1, yes, 20), report("validator", 1, yes, 21)},
			want:    times{available: 20, isReady: 20, dns: 20, validator: 21},
		},
		"heartbeats of all that say False": {
			stored:  []aggregate.Report{report("dns", 1, no, 10), report("validator", 1, no, 11)},
			reports: []aggregate.Report{report("dns", 1, no, 20), report("validator", 1, no, 21)},
			want:    times{available: 20, isReady: 20, dns: 20, validator: 21},
		},
		"a heartbeat of an adapter that is not required": {
			stored:  append([]aggregate.Report{report("billing", 1, no, 5)}, both...),
			reports: append([]aggregate.Report{report("billing", 1, no, 20)}, both...),
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11, "BillingSuccessful": 20},
		},
		"a heartbeat and a new status": {
			reports: []aggregate.Report{report("dns", 1, no, 20), report("validator", 1, yes, 21)},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 21},
		},
		"a heartbeat and a new reason": {
			reports: []aggregate.Report{because(report("dns", 1, yes, 20), "Better"), report("validator", 1, yes, 21)},
			want:    times{available: 20, isReady: 20, dns: 10, validator: 21},
		},
		"a heartbeat and a new adapter": {
			reports: []aggregate.Report{report("dns", 1, yes, 20), report("validator", 1, yes, 21), report("billing", 1, yes, 22)},
			want:    times{available: 20, isReady: 20, dns: 20, validator: 21},
		},
		"a report that was shown and is gone": {
			reports: both[1:],
			before:  times{available: 11, isReady: 11, dns: 20, validator: 11},
			want:    times{available: 11, isReady: 11, dns: 20, validator: 11},
		},
		"a report that is gone, and a heartbeat": {
			reports: []aggregate.Report{report("validator", 1, yes, 25)},
			before:  times{available: 11, isReady: 11, dns: 20, validator: 11},
			want:    times{available: 11, isReady: 11, dns: 20, validator: 25},
		},
		"a new generation": {
			change:  func(in *aggregate.Input) { in.Generation = 2 },
			reports: []aggregate.Report{report("dns", 2, yes, 20), both[1]},
			want:    times{available: 11, isReady: 10, dns: 10, validator: 11},
		},
		"a report for a generation that the parent does not have": {
			reports: []aggregate.Report{report("dns", 2, yes, 20), both[1]},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11},
		},
		"Unknown": {
			reports: []aggregate.Report{report("dns", 1, unknown, 20), both[1]},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11},
		},
		"a report is gone, or not known yet": {
			reports: []aggregate.Report{report("dns", 1, yes, 20)},
			want:    times{available: 11, isReady: 11, dns: 20, validator: 11},
		},
		"a report is older than what is stored": {
			reports: []aggregate.Report{report("dns", 1, yes, 5), report("validator", 1, yes, 20)},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 20},
		},
		"an adapter is required no more": {
			change:  func(in *aggregate.Input) { in.Required = []string{"validator"} },
			reports: []aggregate.Report{both[0], report("validator", 1, yes, 20)},
			want:    times{available: 20, isReady: 20, dns: 10, validator: 20},
		},
		"another adapter is required": {
			change:  func(in *aggregate.Input) { in.Required = append(in.Required, "hypershift") },
			reports: []aggregate.Report{report("dns", 1, yes, 20), report("validator", 1, yes, 21)},
			want:    times{available: 20, isReady: 10, dns: 20, validator: 21},
		},
		"the parent was updated before any report on it": {
			stored:  []aggregate.Report{},
			change:  func(in *aggregate.Input) { in.Updated = at(7) },
			reports: nil,
			want:    times{available: 0, isReady: 7},
		},
		"adapters of one condition type": {
			stored:  []aggregate.Report{created(2, report("dns-2", 1, yes, 10)), created(1, report("dns2", 1, yes, 10))},
			reports: []aggregate.Report{created(2, report("dns-2", 1, yes, 20)), created(1, report("dns2", 1, yes, 10))},
			want:    times{available: 0, isReady: 1, "Dns2Successful": 10, "Dns2Successful_dns-2": 20},
		},
		"stored anew since a heartbeat was shown, but without it": {
			before:  times{available: 11, isReady: 11, dns: 20, validator: 11},
			reports: []aggregate.Report{report("dns", 1, yes, 20), both[1]},
			want:    times{available: 11, isReady: 11, dns: 20, validator: 11},
		},
		"the same, and the next report is no heartbeat": {
			before:  times{available: 11, isReady: 11, dns: 20, validator: 11},
			reports: []aggregate.Report{report("dns", 1, no, 21), both[1]},
			want:    times{available: 11, isReady: 11, dns: 20, validator: 11},
		},
		"the same, and the next report says Unknown": {
			before:  times{available: 11, isReady: 11, dns: 20, validator: 11},
			reports: []aggregate.Report{report("dns", 1, unknown, 21), both[1]},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11},
		},
		"shown before of a moment that nothing stored tells of": {
			change:  func(in *aggregate.Input) { in.Generation = 3 },
			before:  times{available: 11, isReady: 10, dns: 10, validator: 11},
			reports: []aggregate.Report{report("dns", 2, yes, 20), report("validator", 3, yes, 21)},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11},
		},
		"the same, and the report was made anew with an earlier time": {
			before:  times{dns: 20},
			reports: []aggregate.Report{report("dns", 1, yes, 12), both[1]},
			want:    times{available: 11, isReady: 11, dns: 12, validator: 11},
		},
		"what was shown before is of an earlier result": {
			stored:  []aggregate.Report{because(report("dns", 1, yes, 10), "Better"), both[1]},
			before:  times{dns: 20},
			reports: []aggregate.Report{because(report("dns", 1, no, 21), "Worse"), both[1]},
			want:    times{available: 10, isReady: 10, dns: 10, validator: 11},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, both...)
			if test.stored != nil {
				in.Reports = test.stored
			}
			in.Previous = aggregate.Conditions(in)
			in.Reports, in.Now, in.Confirmed = test.reports, at(90), false
			if test.change != nil {
				test.change(&in)
			}
			var before []v1.ResourceCondition
			for _, c := range in.Previous {
				if minute, ok := test.before[c.Type]; ok {
					c.LastUpdatedTime = stamp(minute)
					if c.Reason == "Better" {
						c.Reason = "Good"
					}
					before = append(before, c)
				}
			}
			stored := slices.Clone(in.Previous)
			got, moved := aggregate.Shown(in, before)
			if diff := cmp.Diff(test.want, timesOf(got)); diff != "" {
				t.Errorf("Minutes of lastUpdatedTime (-want +got):\n%s", diff)
			}
			if want := cmp.Diff(timesOf(stored), test.want) != ""; moved != want {
				t.Errorf("Got moved %t, want %t", moved, want)
			}
			checkOnlyTimesDiffer(t, stored, got)
			if diff := cmp.Diff(stored, in.Previous); diff != "" {
				t.Errorf("The stored conditions were modified (-before +after):\n%s", diff)
			}
		})
	}
}

func checkOnlyTimesDiffer(t *testing.T, stored, shown []v1.ResourceCondition) {
	t.Helper()
	if !slices.EqualFunc(stored, shown, aggregate.SameButUpdated) {
		t.Fatalf("More than times differs (-stored +shown):\n%s", cmp.Diff(stored, shown))
	}
}

// One replica receives the reports one by one. Another replica starts at some moment
// with the conditions stored by then. The reconciler delays a write that would change
// nothing but times.
func TestShownAgreesWithWhatIsStoredLater(t *testing.T) {
	names := []string{"dns", "dns-2", "dns2", "validator"}
	statuses := []metav1.ConditionStatus{yes, yes, yes, yes, no, unknown}
	heartbeats := 0
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 2))
		in := input(1, nil)
		in.Confirmed = false
		in.Required = []string{"dns", "dns2", "validator"}
		in.Previous = aggregate.Conditions(in)
		shown := in.Previous
		for round := range 40 {
			minute := round + 1
			in.Now = at(minute)
			name := names[random.IntN(len(names))]
			i := slices.IndexFunc(in.Reports, func(r aggregate.Report) bool { return r.Adapter == name })
			in.Reports = slices.Clone(in.Reports)
			switch {
			case random.IntN(20) == 0:
				in.Generation++
			case i < 0:
				in.Reports = append(in.Reports, report(name, in.Generation, yes, minute))
			case random.IntN(4) == 0:
				fresh := report(name, in.Generation, statuses[random.IntN(len(statuses))], minute)
				fresh.Created = in.Reports[i].Created
				in.Reports[i] = fresh
			default:
				in.Reports[i].Observed = at(minute)
			}

			// The reconciler starts from its own last decision.
			stored := in.Previous
			in.Previous = shown
			decided := aggregate.Conditions(in)
			was := shown
			shown, _ = aggregate.Shown(in, nil)
			checkOnlyTimesDiffer(t, was, shown)
			for i, c := range shown {
				if c.LastUpdatedTime.Before(was[i].LastUpdatedTime.Time) {
					t.Fatalf("seed %d, round %d: %s moved back from %s to %s", seed, round, c.Type, was[i].LastUpdatedTime, c.LastUpdatedTime)
				}
			}
			onlyTimes := slices.EqualFunc(stored, decided, aggregate.SameButUpdated)
			if onlyTimes {
				heartbeats++
				if diff := cmp.Diff(decided, shown); diff != "" {
					t.Fatalf("seed %d, round %d: (-what will be stored +shown):\n%s", seed, round, diff)
				}
			}
			in.Previous = stored
			if another, _ := aggregate.Shown(in, nil); onlyTimes && !anyUnknown(in.Reports) && cmp.Diff(shown, another) != "" {
				t.Fatalf("seed %d, round %d: another replica differs (-one +another):\n%s", seed, round, cmp.Diff(shown, another))
			}
			if !onlyTimes || random.IntN(4) == 0 {
				in.Previous = decided
				after, moved := aggregate.Shown(in, shown)
				if moved {
					t.Fatalf("seed %d, round %d: all is stored, but more is shown:\n%s", seed, round, cmp.Diff(decided, after))
				}
				shown = after
			} else {
				in.Previous = stored
			}
		}
	}
	if heartbeats < 5000 {
		t.Errorf("Only %d rounds changed nothing but times", heartbeats)
	}
}

func anyUnknown(reports []aggregate.Report) bool {
	return slices.ContainsFunc(reports, func(r aggregate.Report) bool { return r.Available == unknown })
}

func BenchmarkShown(b *testing.B) {
	in := input(1, nil)
	in.Required = []string{"validator", "dns", "pullsecret", "hypershift"}
	for i, adapter := range in.Required {
		in.Reports = append(in.Reports, report(adapter, 1, yes, 10+i))
	}
	in.Previous = aggregate.Conditions(in)
	in.Reports[0].Observed = at(20)
	b.ReportAllocs()
	for b.Loop() {
		aggregate.Shown(in, nil)
	}
}
