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

package facade_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A field manager that applies only a label neither gets the report nor loses the label.
func TestRESTLeavesApplierOfLabel(t *testing.T) {
	available := finding("Available", "True", "Manifest")
	for name, first := range map[string]func(t *testing.T, r reported){
		"beside an applied report":  func(t *testing.T, r reported) { r.apply(t, "gitops", "", r.spec(noon, available, "")) },
		"beside a report over REST": func(t *testing.T, r reported) { r.post(t, 1, noon, available, "") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newReported(t)
			first(t, r)
			r.apply(t, "labeler", `,"labels":{"spec":"a"}`, "")
			r.post(t, 1, noon.Add(time.Minute), finding("Available", "False", "REST"), "")
			if name == "beside an applied report" {
				report := r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), available, ""))
				if got := said(report); got != "Available=True Manifest" || report.Labels["spec"] != "a" {
					t.Errorf("after the apply the report says %q, labels %v", got, report.Labels)
				}
			}
			r.apply(t, "labeler", `,"labels":{"spec":"b"}`, "")
			if report := r.apply(t, "labeler", `,"labels":{"other":"b"}`, ""); len(report.Labels) != 1 {
				t.Errorf("the labeler leaves the labels %v", report.Labels)
			}
		})
	}
}

// An applier that applies only a part of the report does not get the fields that the API
// server requires, because its next apply would remove them. It does not get the fields
// that REST adds either, unless its part is a report of its own.
func TestApplierOfPart(t *testing.T) {
	observed := func(at time.Time) string { return fmt.Sprintf(`"observedTime":%q`, at.Format(time.RFC3339)) }
	tests := map[string]struct {
		part func(at time.Time) string
		want string
		data bool
	}{
		"time and conditions": {
			func(at time.Time) string {
				return observed(at) + `,"conditions":[` + finding("Available", "True", "Manifest") + `]`
			},
			"Available=True Manifest", false,
		},
		"a condition": {
			func(time.Time) string { return `"conditions":[` + finding("Health", "True", "Manifest") + `]` },
			"Available=False REST, Health=True Manifest", true,
		},
		"time": {observed, "Available=False REST, Health=False REST", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newReported(t)
			r.post(t, 1, noon, finding("Available", "True", "REST"), "")
			r.apply(t, "gitops", "", "{"+tt.part(noon.Add(time.Minute))+"}", client.ForceOwnership)
			patch(t, r.href, replaceMembers, `{"spec":{"a":1}}`).want(t, http.StatusOK)
			r.post(t, 2, noon.Add(2*time.Minute), "", "")
			for minute := range 2 {
				r.post(t, 2, noon.Add(time.Duration(3+minute)*time.Minute),
					finding("Available", "False", "REST")+","+finding("Health", "False", "REST"), `,"data":{"a":1}`)
			}
			report := r.apply(t, "gitops", "", "{"+tt.part(noon.Add(time.Hour))+"}")
			if got := said(report); got != tt.want || report.Spec.ObservedGeneration != 2 || (report.Spec.Data != nil) != tt.data {
				t.Errorf("after the apply the report says %q, %+v", got, report.Spec)
			}
		})
	}
}

// Each of several appliers of a report keeps the conditions that it has applied, and one
// of them gets the fields that REST adds.
func TestAppliersShareReport(t *testing.T) {
	r := newReported(t)
	r.apply(t, "gitops", "", r.spec(noon, finding("Available", "True", "Manifest"), ""))
	health := func(reason string) string { return `{"conditions":[` + finding("Health", "True", reason) + `]}` }
	r.apply(t, "prober", "", health("Prober"))
	for round := range 2 {
		recorded := r.post(t, 1, noon.Add(time.Duration(1+round)*time.Minute),
			finding("Available", "False", "REST")+","+finding("Health", "False", "REST")+","+finding("Extra", "True", "REST"), `,"data":{"a":1}`)
		if len(recorded.Conditions) != 3 {
			t.Errorf("REST recorded %+v", recorded.Conditions)
		}
	}
	r.apply(t, "prober", "", health("Again"))
	report := r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), finding("Available", "True", "Manifest"), ""))
	if got := said(report); got != "Available=True Manifest, Health=True Again" || report.Spec.Data != nil {
		t.Errorf("after both applies the report says %q, data %v", got, report.Spec.Data)
	}
	report = r.apply(t, "prober", "", `{"conditions":[]}`)
	if got := said(report); got != "Available=True Manifest" {
		t.Errorf("after its applier has left out a condition the report says %q", got)
	}
}

// A report over REST returns the fields that another client has taken from the applier.
func TestRESTOverEditOfApplied(t *testing.T) {
	for name, conditions := range map[string]string{"one write": finding("Available", "False", "REST"), "two writes": ""} {
		t.Run(name, func(t *testing.T) {
			r := newReported(t)
			edited := r.apply(t, "gitops", "", r.spec(noon, finding("Available", "True", "Manifest"), `,"data":{"a":1}`))
			edited.Spec.ObservedTime = v1.NewTimestamp(noon.Add(time.Second))
			edited.Spec.Conditions[0].Reason, edited.Spec.Data.Raw = "Edited", []byte(`{"b":1}`)
			if err := suite.env.Client.Update(t.Context(), edited, client.FieldOwner("kubectl-edit")); err != nil {
				t.Fatal(err)
			}
			r.post(t, 1, noon.Add(time.Minute), conditions, `,"data":{"c":1}`)
			r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), finding("Available", "True", "Manifest"), `,"data":{"a":2}`))
		})
	}
}

// Each of several concurrent reports over REST restores the owners that it has found.
func TestConcurrentRESTOverApplied(t *testing.T) {
	r := newReported(t)
	r.apply(t, "gitops", "", r.spec(noon, finding("Available", "True", "Manifest"), ""))
	r.apply(t, "prober", "", `{"conditions":[`+finding("Health", "True", "Prober")+`]}`)
	var reports sync.WaitGroup
	for i := range 3 { // two other reports cannot make five attempts of one fail
		reports.Go(func() {
			status := []string{"True", "False", "True"}[i]
			got := post(t, r.href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[%s,%s],"data":{"a":%d}}`,
				noon.Add(time.Duration(1+i)*time.Second).Format(time.RFC3339), finding("Available", status, "REST"), finding("Health", status, "REST"), i))
			if got.status != http.StatusCreated && got.status != http.StatusNoContent {
				t.Errorf("%d: %s", got.status, got.body)
			}
		})
	}
	reports.Wait()
	r.apply(t, "prober", "", `{"conditions":[`+finding("Health", "True", "Again")+`]}`)
	report := r.apply(t, "gitops", "", r.spec(noon.Add(time.Hour), finding("Available", "True", "Manifest"), ""))
	if got := said(report); got != "Available=True Manifest, Health=True Again" || report.Spec.Data != nil {
		t.Errorf("after both applies the report says %q, data %v", got, report.Spec.Data)
	}
}
