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
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

func TestReasonsOfNewerNames(t *testing.T) {
	dns, validator := report("dns", 1, yes, 10), report("validator", 1, yes, 11)
	deleted := func(in *aggregate.Input) { in.Deleted, in.Generation, in.Finalizing = at(20), 2, in.Required }
	tests := map[string]struct {
		reports                       []aggregate.Report
		change                        func(*aggregate.Input)
		wantReconciled, wantLastKnown string
	}{
		"before any report":      {nil, nil, "ReconciledMissingAdapters", "AdaptersMissingReports"},
		"one report":             {[]aggregate.Report{dns}, nil, "ReconciledMissingAdapters", "AdaptersMissingReports"},
		"mixed generations":      {[]aggregate.Report{dns, report("validator", 2, yes, 11)}, func(in *aggregate.Input) { in.Generation = 2 }, "ReconciledMissingAdapters", "AdaptersNotAtSameGeneration"},
		"all True":               {[]aggregate.Report{dns, validator}, nil, "ReconciledAll", "AllAdaptersReconciled"},
		"one False":              {[]aggregate.Report{dns, report("validator", 1, no, 11)}, nil, "ReconciledMissingAdapters", "AdapterReportedNotAvailable"},
		"finalizing":             {[]aggregate.Report{dns, validator}, deleted, "ReconciledMissingAdapters", "AllAdaptersReconciled"},
		"NodePools are left":     {[]aggregate.Report{dns, validator}, func(in *aggregate.Input) { deleted(in); in.Children = []string{"workers"} }, "ReconciledWaitingForChildren", "AllAdaptersReconciled"},
		"finalizers of others":   {nil, func(in *aggregate.Input) { deleted(in); in.Finalizing, in.Finalizers = nil, []string{"a.io/b"} }, "WaitingForFinalizers", "AdaptersMissingReports"},
		"no adapter is required": {nil, func(in *aggregate.Input) { in.Required = nil }, "NoRequiredAdapters", "NoRequiredAdapters"},
		"the Cluster is missing": {nil, func(in *aggregate.Input) { in.MissingCluster = "east" }, "ClusterNotFound", "AdaptersMissingReports"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, test.reports...)
			if test.change != nil {
				test.change(&in)
			}
			in.ConditionNames = aggregate.BothNames
			got := aggregate.Conditions(in)
			for first, newer := range map[string]struct{ name, reason string }{
				"Ready":     {"Reconciled", test.wantReconciled},
				"Available": {"LastKnownReconciled", test.wantLastKnown},
			} {
				want := *conditionOf(got, first)
				want.Type, want.Reason = newer.name, newer.reason
				if diff := cmp.Diff(&want, conditionOf(got, newer.name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", newer.name, diff)
				}
			}
		})
	}
}

func typesOf(conditions []v1.ResourceCondition) (types []string) {
	for _, c := range conditions {
		types = append(types, c.Type)
	}
	return types
}

func TestConditionNames(t *testing.T) {
	tests := map[aggregate.ConditionNames][]string{
		"":                   {"Available", "Ready", "DnsSuccessful", "LastKnownReconciled", "Reconciled", "ValidatorSuccessful"},
		aggregate.BothNames:  {"Available", "Ready", "DnsSuccessful", "LastKnownReconciled", "Reconciled", "ValidatorSuccessful"},
		aggregate.FirstNames: {"Available", "Ready", "DnsSuccessful", "ValidatorSuccessful"},
		aggregate.NewerNames: {"LastKnownReconciled", "Reconciled", "DnsSuccessful", "ValidatorSuccessful"},
	}
	for names, want := range tests {
		in := input(1, nil, report("dns", 1, yes, 10), report("validator", 1, yes, 11))
		in.ConditionNames = names
		got := aggregate.Conditions(in)
		if diff := cmp.Diff(want, typesOf(got)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", names, diff)
		}
		if ready, available := aggregate.ReadyOf(got), aggregate.AvailableOf(got); ready.Status != yes || available.Status != yes {
			t.Errorf("%q: Ready is %+v, Available %+v", names, ready, available)
		}
		in.Previous, in.Reports, in.Confirmed = got, []aggregate.Report{report("dns", 1, yes, 20), report("validator", 1, yes, 21)}, false
		shown, _ := aggregate.Shown(in, nil)
		if got := aggregate.ReadyOf(shown).LastUpdatedTime; !got.Time.Equal(at(20)) {
			t.Errorf("%q: Ready is shown as of %s, want %s", names, got, at(20))
		}
		in.Generation, in.Updated = 2, at(30)
		changed := aggregate.AtGeneration(in)
		if diff := cmp.Diff(want, typesOf(changed)); diff != "" {
			t.Errorf("%q, at another generation (-want +got):\n%s", names, diff)
		}
		for _, c := range changed {
			if (c.Type == "Ready" || c.Type == "Reconciled") && (c.Status != no || c.ObservedGeneration != 2) {
				t.Errorf("%q, at another generation: %+v", names, c)
			}
		}
	}
	if aggregate.ReadyOf(nil) != nil || aggregate.AvailableOf(nil) != nil {
		t.Error("Found a condition among none")
	}
}

// A change of the names changes neither status nor times. The first names, when selected
// again, show the same conditions as before.
func TestConditionNamesChange(t *testing.T) {
	for name, status := range map[string]metav1.ConditionStatus{"was True": yes, "was False": no} {
		t.Run(name, func(t *testing.T) {
			in := input(1, nil, report("dns", 1, status, 10), report("validator", 1, yes, 11))
			in.Previous = aggregate.Conditions(in)
			in.Generation = 2
			in.Reports[0] = report("dns", 2, yes, 20) // no common generation from now on
			in.Previous = aggregate.Conditions(in)
			want := in.Previous
			for _, names := range []aggregate.ConditionNames{aggregate.NewerNames, aggregate.BothNames, aggregate.NewerNames, aggregate.FirstNames} {
				in.ConditionNames, in.Now = names, in.Now.AddDate(0, 0, 1)
				in.Previous = aggregate.Conditions(in)
			}
			if diff := cmp.Diff(want, in.Previous); diff != "" {
				t.Errorf("Conditions (-before +after):\n%s", diff)
			}
		})
	}
}

// TestConditionNamesFlag: the flag accepts the three names, and nothing else.
func TestConditionNamesFlag(t *testing.T) {
	var n aggregate.ConditionNames
	if got := n.String(); got != "both" {
		t.Errorf("default %q, want both", got)
	}
	for _, value := range []string{"first", "newer", "both"} {
		if err := n.Set(value); err != nil || n.String() != value {
			t.Errorf("Set(%q): %v, is %q", value, err, n.String())
		}
	}
	for _, value := range []string{"", "Newer", "old"} {
		if err := n.Set(value); err == nil || n != aggregate.BothNames {
			t.Errorf("Set(%q): %v, is %q", value, err, n)
		}
	}
}
