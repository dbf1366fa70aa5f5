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

func TestReportOf(t *testing.T) {
	status := v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(at(3))},
		Spec: v1.AdapterStatusSpec{
			Adapter:            "dns",
			ObservedGeneration: 7,
			ObservedTime:       stamp(5),
			Conditions: []v1.AdapterCondition{
				{Type: "Applied", Status: yes, Reason: "JobApplied"},
				{Type: "Available", Status: no, Reason: "ZoneMissing", Message: "No zone", LastTransitionTime: stamp(4)},
				{Type: "Finalized", Status: yes, Reason: "CleanupComplete"},
				{Type: "Stalled", Status: no, Reason: "Retrying", Message: "In a minute"},
			},
		},
	}
	want := aggregate.Report{
		Adapter: "dns", Generation: 7, Observed: at(5), Created: at(3),
		Available: no, Reason: "ZoneMissing", Message: "No zone", Transition: at(4),
		Finalized: yes, FinalizedReason: "CleanupComplete",
		Stalled: no, StalledReason: "Retrying", StalledMessage: "In a minute",
	}
	if diff := cmp.Diff(want, aggregate.ReportOf(&status)); diff != "" {
		t.Errorf("ReportOf (-want +got):\n%s", diff)
	}

	status.Spec.Conditions = status.Spec.Conditions[:1]
	want = aggregate.Report{Adapter: "dns", Generation: 7, Observed: at(5), Created: at(3)}
	if diff := cmp.Diff(want, aggregate.ReportOf(&status)); diff != "" {
		t.Errorf("ReportOf without Available (-want +got):\n%s", diff)
	}
}

func TestImplausible(t *testing.T) {
	tests := map[string]struct {
		report aggregate.Report
		want   string
	}{
		"now":                   {report("dns", 2, yes, 60), ""},
		"long ago":              {report("dns", 1, yes, -1000000), ""},
		"within the skew":       {report("dns", 2, yes, 65), ""},
		"beyond the skew":       {report("dns", 2, yes, 66), "observedTime 2025-01-01T01:06:00Z is more than 5m0s after the current time 2025-01-01T01:00:00Z"},
		"beyond the generation": {report("dns", 3, none, 1), "observedGeneration 3 is newer than the generation 2 of the resource"},
		"beyond both":           {report("dns", 3, yes, 66), "observedGeneration 3 is newer than the generation 2 of the resource"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reason, implausible := aggregate.Implausible(test.report, 2, at(60))
			if reason != test.want || implausible != (test.want != "") {
				t.Errorf("Implausible = %q, %t; want %q", reason, implausible, test.want)
			}
		})
	}
}

func TestReflects(t *testing.T) {
	stored := report("dns-2", 2, yes, 20)
	alone := aggregate.Conditions(input(3, nil, stored))
	other := aggregate.Conditions(input(3, nil, stored, report("dns2", 2, no, 30)))

	tests := map[string]struct {
		conditions []v1.ResourceCondition
		report     aggregate.Report
		want       bool
	}{
		"no conditions yet":                               {nil, stored, false},
		"another adapter's conditions":                    {alone, report("validator", 2, yes, 20), false},
		"this report":                                     {alone, stored, true},
		"the same again, but later":                       {alone, report("dns-2", 2, yes, 21), false},
		"an older report":                                 {alone, report("dns-2", 2, no, 19), true},
		"a newer generation":                              {alone, report("dns-2", 3, yes, 19), false},
		"an older generation":                             {alone, report("dns-2", 1, yes, 21), true},
		"another result of the same time":                 {alone, report("dns-2", 2, no, 20), false},
		"another reason of the same time":                 {alone, because(stored, "Later"), false},
		"Unknown adds nothing":                            {alone, report("dns-2", 3, unknown, 30), true},
		"without Available adds nothing":                  {alone, report("dns-2", 3, none, 30), true},
		"beyond the parent's generation adds nothing":     {alone, report("dns-2", 4, yes, 30), true},
		"too far in the future adds nothing":              {alone, report("dns-2", 3, yes, 66), true},
		"a colliding adapter, not aggregated":             {alone, report("dns2", 2, yes, 30), false},
		"a colliding adapter, of the same time":           {alone, report("dns2", 2, no, 20), false},
		"a colliding adapter, aggregated":                 {other, report("dns2", 2, no, 30), true},
		"a colliding adapter, aggregated and later again": {other, report("dns2", 2, yes, 31), false},
		"the first of two colliding adapters":             {other, stored, true},
		"the first of two colliding adapters, later":      {other, report("dns-2", 2, yes, 25), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := aggregate.Reflects(test.conditions, 3, test.report, at(60)); got != test.want {
				t.Errorf("Reflects = %t, want %t", got, test.want)
			}
		})
	}
}
