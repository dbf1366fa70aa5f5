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
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

func TestAtGeneration(t *testing.T) {
	ready := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	ahead := "dns: at generation 1; validator: at generation 1"
	tests := map[string]struct {
		reports []aggregate.Report
		stored  func(*aggregate.Input) // for the stored conditions
		change  func(*aggregate.Input) // since then
		want    brief
	}{
		"the same generation": {
			reports: ready,
			change:  func(in *aggregate.Input) { in.Generation = 1 },
			want:    brief{yes, "ResourceReady", allReady, 1, at(10), at(60)},
		},
		"the same generation, other required adapters": {
			reports: ready,
			change:  func(in *aggregate.Input) { in.Generation, in.Required = 1, []string{"hypershift"} },
			want:    brief{yes, "ResourceReady", allReady, 1, at(10), at(60)},
		},
		"was True": {
			reports: ready,
			want:    brief{no, "AdaptersNotReady", ahead, 2, at(70), at(70)},
		},
		"was True, and became so after the update": {
			reports: ready,
			change:  func(in *aggregate.Input) { in.Updated = at(30) },
			want:    brief{no, "AdaptersNotReady", ahead, 2, at(30), at(60)},
		},
		"was False": {
			reports: []aggregate.Report{ready[0], because(report("validator", 1, no, 11), "QuotaExceeded")},
			want:    brief{no, "AdaptersNotReady", "dns: at generation 1; validator: at generation 1, Available=False (QuotaExceeded)", 2, at(70), at(0)},
		},
		"one adapter reported": {
			reports: ready[:1],
			want:    brief{no, "AdaptersNotReady", "dns: at generation 1; validator: not reported", 2, at(70), at(0)},
		},
		"no adapter reported": {
			want: brief{no, "AwaitingAdapters", awaiting, 2, at(70), at(0)},
		},
		"no adapter is required": {
			reports: ready,
			stored:  func(in *aggregate.Input) { in.Required = nil },
			change:  func(in *aggregate.Input) { in.Required = nil },
			want:    brief{no, "NoRequiredAdapters", noAdapters, 2, at(70), at(0)},
		},
		"the Cluster was missing": {
			reports: ready,
			stored:  func(in *aggregate.Input) { in.MissingCluster = "east" },
			want:    brief{no, "ClusterNotFound", `Cluster "east" does not exist`, 2, at(70), at(0)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, test.reports...)
			if test.stored != nil {
				test.stored(&in)
			}
			in.Previous = aggregate.Conditions(in)
			in.Generation, in.Updated, in.MissingCluster = 2, at(70), ""
			in.Reports, in.Now = []aggregate.Report{report("dns", 2, no, 80)}, at(90) // do not count
			if test.change != nil {
				test.change(&in)
			}
			before := stored(t, in.Previous)
			got := aggregate.AtGeneration(in)
			if diff := cmp.Diff(test.want, briefOf(t, got, "Ready")); diff != "" {
				t.Errorf("Ready (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, in.Previous); diff != "" {
				t.Errorf("The stored conditions were modified (-before +after):\n%s", diff)
			}
			for i, c := range got {
				if c.Type != "Ready" && !cmp.Equal(c, before[i]) {
					t.Errorf("%s changed:\n%s", c.Type, cmp.Diff(before[i], c))
				}
			}
			again := in
			again.Previous = got
			if diff := cmp.Diff(got, aggregate.AtGeneration(again)); diff != "" {
				t.Errorf("A second look changes conditions (-first +second):\n%s", diff)
			}
		})
	}
}

// A CRD may give a new object default conditions, whose times are the epoch.
func TestDefaultConditionsAreReplaced(t *testing.T) {
	in := input(1, nil)
	want := aggregate.Conditions(in)
	epoch := v1.NewTimestamp(time.Unix(0, 0))
	for _, name := range []string{"Available", "Ready"} {
		in.Previous = append(in.Previous, v1.ResourceCondition{
			Type: name, Status: no, Reason: "AwaitingAdapters", Message: awaiting,
			CreatedTime: epoch, LastUpdatedTime: epoch, LastTransitionTime: epoch,
		})
	}
	if diff := cmp.Diff(want, aggregate.Conditions(in)); diff != "" {
		t.Errorf("Conditions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, aggregate.AtGeneration(in)); diff != "" {
		t.Errorf("AtGeneration (-want +got):\n%s", diff)
	}
}

func TestReportedGeneration(t *testing.T) {
	conditions := aggregate.Conditions(input(5, nil, report("dns", 2, yes, 10), report("validator", 3, no, 10), report("billing", 4, yes, 10),
		report("dns2", 1, yes, 10), report("dns-2", 5, yes, 11)))
	tests := map[string]struct {
		required []string
		want     int64
	}{
		"none required":                   {nil, 0},
		"none of them reported":           {[]string{"hypershift"}, 0},
		"the newest of the required":      {[]string{"dns", "validator", "hypershift"}, 3},
		"the first of one type":           {[]string{"dns2"}, 1},
		"the second of one type, by name": {[]string{"dns-2"}, 5},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := aggregate.ReportedGeneration(conditions, test.required); got != test.want {
				t.Errorf("ReportedGeneration = %d, want %d", got, test.want)
			}
		})
	}
}

// TestObservedGenerations computes a status of generation 2 from reports on generation 1,
// and on generation 2 if a report has Stalled. docs/clusters.md lists the observed
// generation of each condition.
func TestObservedGenerations(t *testing.T) {
	before := aggregate.Conditions(input(1, nil, report("dns", 1, yes, 10), report("validator", 1, yes, 10)))
	in := input(2, before, report("dns", 1, yes, 10), stuck(report("validator", 2, no, 11), "QuotaExceeded", ""))
	in.ConditionNames = aggregate.BothNames
	in.Mapped = []aggregate.Mapped{{Type: "ZoneReady", Status: yes}}
	for i := range 51 { // one too many
		in.Reports = append(in.Reports, report(fmt.Sprintf("extra-%d", i), 1, yes, 12))
	}
	got := map[string]int64{}
	for _, c := range aggregate.Conditions(in) {
		if !strings.HasPrefix(c.Type, "Extra") {
			got[c.Type] = c.ObservedGeneration
		}
	}
	want := map[string]int64{
		"Ready": 2, "Reconciled": 2, "Stalled": 2, "Truncated": 2, "ZoneReady": 2,
		"Available": 1, "LastKnownReconciled": 1, "DnsSuccessful": 1, "ValidatorSuccessful": 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
