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
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// finalized returns the report of a finalizing adapter.
func finalized(adapter string, generation int64, status metav1.ConditionStatus, reason string, minute int) aggregate.Report {
	r := report(adapter, generation, no, minute)
	r.Finalized, r.FinalizedReason = status, reason
	return r
}

func TestDeletion(t *testing.T) {
	was := []aggregate.Report{report("dns", 1, yes, 10), report("validator", 1, yes, 11)}
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprintf("pool-%02d", 11-i)
	}
	tests := map[string]struct {
		reports     []aggregate.Report
		change      func(*aggregate.Input)
		wantAwaited []string
		wantReason  string
		wantMessage string
	}{
		"at once": {
			reports:     was,
			wantAwaited: []string{"dns", "validator"},
			wantReason:  "Finalizing",
			wantMessage: "dns: at generation 1; validator: at generation 1",
		},
		"one adapter has finalized": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20), was[1]},
			wantAwaited: []string{"validator"},
			wantReason:  "Finalizing",
			wantMessage: "validator: at generation 1",
		},
		"one adapter says that it has not": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20), finalized("validator", 2, no, "Draining", 21)},
			wantAwaited: []string{"validator"},
			wantReason:  "Finalizing",
			wantMessage: "validator: Finalized=False (Draining)",
		},
		"Finalized of the generation before does not count": {
			reports:     []aggregate.Report{finalized("dns", 1, yes, "", 20), finalized("validator", 2, yes, "", 21)},
			wantAwaited: []string{"dns"},
			wantReason:  "Finalizing",
			wantMessage: "dns: at generation 1",
		},
		"Finalized of the future does not count": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 66), finalized("validator", 3, yes, "", 21)},
			wantAwaited: []string{"dns", "validator"},
			wantReason:  "Finalizing",
			wantMessage: "dns: at generation 1; validator: at generation 1",
		},
		"no Finalized condition": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20), report("validator", 2, unknown, 21)},
			wantAwaited: []string{"validator"},
			wantReason:  "Finalizing",
			wantMessage: "validator: no Finalized condition",
		},
		"no report": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20)},
			wantAwaited: []string{"validator"},
			wantReason:  "Finalizing",
			wantMessage: "validator: not reported",
		},
		"a report that is older than its condition does not count": {
			reports: []aggregate.Report{finalized("dns", 2, yes, "", 20), finalized("validator", 2, yes, "", 21)},
			change: func(in *aggregate.Input) {
				newer := *in
				newer.Reports = []aggregate.Report{finalized("dns", 2, no, "", 22), in.Reports[1]}
				in.Previous, in.Confirmed = aggregate.Conditions(newer), false
			},
			wantAwaited: []string{"dns"},
			wantReason:  "Finalizing",
			wantMessage: "dns: not confirmed",
		},
		"an adapter that does not finalize": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20), was[1]},
			change:      func(in *aggregate.Input) { in.Finalizing = []string{"dns"} },
			wantReason:  "Finalizing",
			wantMessage: "All finalizing adapters report Finalized=True, so the resource is about to go",
		},
		"NodePools are left": {
			reports: []aggregate.Report{finalized("dns", 2, yes, "", 20), was[1]},
			change: func(in *aggregate.Input) {
				in.Children, in.Finalizers = []string{"workers", "infra"}, []string{"a.io/b"}
			},
			wantAwaited: []string{"validator"},
			wantReason:  "WaitingForNodePools",
			wantMessage: "NodePools: infra, workers; validator: at generation 1; finalizers: a.io/b",
		},
		"many NodePools are left": {
			change:      func(in *aggregate.Input) { in.Children, in.Finalizing = many, nil },
			wantReason:  "WaitingForNodePools",
			wantMessage: "NodePools: pool-00, pool-01, pool-02, pool-03, pool-04, pool-05, pool-06, pool-07, pool-08, pool-09 and 2 more",
		},
		"finalizers of others, and an adapter": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20), was[1]},
			change:      func(in *aggregate.Input) { in.Finalizers = []string{"example.com/hold"} },
			wantAwaited: []string{"validator"},
			wantReason:  "Finalizing",
			wantMessage: "validator: at generation 1; finalizers: example.com/hold",
		},
		"finalizers of others only": {
			reports:     []aggregate.Report{finalized("dns", 2, yes, "", 20), finalized("validator", 2, yes, "", 20)},
			change:      func(in *aggregate.Input) { in.Finalizers = []string{"foregroundDeletion", "example.com/hold"} },
			wantReason:  "WaitingForFinalizers",
			wantMessage: "finalizers: example.com/hold, foregroundDeletion",
		},
		"no adapter is required": {
			change:      func(in *aggregate.Input) { in.Required, in.Finalizing = nil, nil },
			wantReason:  "Finalizing",
			wantMessage: "All finalizing adapters report Finalized=True, so the resource is about to go",
		},
		"the Cluster is missing": {
			reports:     was,
			change:      func(in *aggregate.Input) { in.MissingCluster = "east" },
			wantAwaited: []string{"dns", "validator"},
			wantReason:  "Finalizing",
			wantMessage: "dns: at generation 1; validator: at generation 1",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, was...)
			in.Previous = aggregate.Conditions(in)
			in.Generation, in.Deleted, in.Now = 2, at(15), at(60)
			in.Finalizing = []string{"validator", "dns"}
			in.Reports = test.reports
			if test.change != nil {
				test.change(&in)
			}
			if diff := cmp.Diff(test.wantAwaited, aggregate.Awaited(in)); diff != "" {
				t.Errorf("Awaited (-want +got):\n%s", diff)
			}
			got := aggregate.Conditions(in)
			ready := conditionOf(got, "Ready")
			if ready.Status != no || ready.Reason != test.wantReason || ready.Message != test.wantMessage || ready.ObservedGeneration != 2 {
				t.Errorf("Ready=%s %s %q at %d, want False %s %q at 2", ready.Status, ready.Reason, ready.Message, ready.ObservedGeneration, test.wantReason, test.wantMessage)
			}
			in.Previous = got
			if diff := cmp.Diff(got, aggregate.Conditions(in)); diff != "" {
				t.Errorf("A second round changes conditions (-first +second):\n%s", diff)
			}
		})
	}
}

// Readers see the deletion before the reconciler has written the status, and the rule of
// Available does not change.
func TestDeletionAtOnce(t *testing.T) {
	in := input(1, nil, report("dns", 1, yes, 10), report("validator", 1, yes, 11))
	in.Previous = aggregate.Conditions(in)
	available := briefOf(t, in.Previous, "Available")
	in.Generation, in.Deleted, in.Finalizing = 2, at(70), in.Required
	got := aggregate.AtGeneration(in)
	want := brief{no, "Finalizing", "dns: at generation 1; validator: at generation 1", 2, at(70), at(70)}
	if diff := cmp.Diff(want, briefOf(t, got, "Ready")); diff != "" {
		t.Errorf("Ready (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(available, briefOf(t, got, "Available")); diff != "" {
		t.Errorf("Available (-want +got):\n%s", diff)
	}
	in.Reports = []aggregate.Report{finalized("dns", 2, yes, "", 71), finalized("validator", 2, yes, "", 72)}
	in.Now = at(75)
	want = brief{no, "AdaptersUnavailable", "dns: Available=False at generation 2; validator: Available=False at generation 2", 2, at(71), at(75)}
	if diff := cmp.Diff(want, briefOf(t, aggregate.Conditions(in), "Available")); diff != "" {
		t.Errorf("Available, all finalized (-want +got):\n%s", diff)
	}
}
