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

package replica

import (
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestPendingReports(t *testing.T) {
	const begin, done, arrive = "begin", "done", "arrive"
	type step struct {
		do, report string
		// The wanted result of Arrived.
		wasPending, othersPending bool
	}
	tests := map[string][]step{
		"a report that is not pending": {
			{do: arrive, report: "alpha.dns"},
		},
		"a report that is pending": {
			{do: begin, report: "alpha.dns"},
			{do: arrive, report: "alpha.dns", wasPending: true},
			{do: arrive, report: "alpha.dns"},
		},
		"all of several": {
			{do: begin, report: "alpha.dns"},
			{do: begin, report: "alpha.validator"},
			{do: begin, report: "alpha.hypershift"},
			{do: arrive, report: "alpha.validator", wasPending: true, othersPending: true},
			{do: arrive, report: "alpha.dns", wasPending: true, othersPending: true},
			{do: arrive, report: "alpha.hypershift", wasPending: true},
		},
		"another report arrives first": {
			{do: begin, report: "alpha.dns"},
			{do: arrive, report: "alpha.validator", othersPending: true},
			{do: arrive, report: "alpha.dns", wasPending: true},
		},
		"one is not written after all": {
			{do: begin, report: "alpha.dns"},
			{do: begin, report: "alpha.validator"},
			{do: done, report: "alpha.dns"},
			{do: arrive, report: "alpha.validator", wasPending: true},
		},
		"done after the arrival removes no other report": {
			{do: begin, report: "alpha.dns"},
			{do: arrive, report: "alpha.dns", wasPending: true},
			{do: begin, report: "alpha.validator"},
			{do: done, report: "alpha.dns"},
			{do: arrive, report: "alpha.dns", othersPending: true},
		},
		"two by one adapter": {
			{do: begin, report: "alpha.dns"},
			{do: begin, report: "alpha.dns"},
			{do: arrive, report: "alpha.dns", wasPending: true, othersPending: true},
			{do: arrive, report: "alpha.dns", wasPending: true},
		},
		"done after the arrival does not remove the adapter's next report": {
			{do: begin, report: "alpha.dns"},
			{do: arrive, report: "alpha.dns", wasPending: true},
			{do: begin, report: "alpha.dns"},
			{do: done, report: "alpha.dns"},
			{do: arrive, report: "alpha.dns", wasPending: true},
		},
		"one on another resource": {
			{do: begin, report: "beta.dns"},
			{do: arrive, report: "alpha.validator"},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			var pending PendingReports
			dones := map[string][]func(){}
			for _, step := range steps {
				report := reportNamed(step.report)
				switch step.do {
				case begin:
					dones[step.report] = append(dones[step.report], pending.Begin(report))
				case done: // of the earliest
					dones[step.report][0]()
					dones[step.report] = dones[step.report][1:]
				case arrive:
					if was, others := pending.Arrived(report); was != step.wasPending || others != step.othersPending {
						t.Errorf("Arrived(%s) = %t, %t, want %t, %t", step.report, was, others, step.wasPending, step.othersPending)
					}
				}
			}
		})
	}
}

// A report that stays pending would delay the status of its resource forever.
func TestPendingReportsLeaveNothingBehind(t *testing.T) {
	var (
		pending PendingReports
		reports sync.WaitGroup
	)
	for i := range 64 {
		reports.Go(func() {
			report := reportNamed([]string{"alpha.dns", "alpha.validator", "beta.dns"}[i%3])
			done := pending.Begin(report)
			if i%2 == 0 {
				pending.Arrived(report)
			}
			done()
		})
	}
	reports.Wait()
	if n := len(pending.byResource); n > 0 {
		t.Errorf("reports on %d resources are still pending", n)
	}
}

func reportNamed(name string) *v1.AdapterStatus {
	resource, adapter, _ := strings.Cut(name, ".")
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       v1.AdapterStatusSpec{ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: resource}, Adapter: adapter},
	}
}
