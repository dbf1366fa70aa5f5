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
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// reportBody returns a report with one condition, Available; an empty status omits the
// condition.
func reportBody(adapter string, generation int, observed time.Time, available string) string {
	conditions := []map[string]string{}
	if available != "" {
		conditions = append(conditions, map[string]string{"type": "Available", "status": available})
	}
	body, err := json.Marshal(map[string]any{
		"adapter":             adapter,
		"observed_generation": generation,
		"observed_time":       observed,
		"conditions":          conditions,
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func statuses(t *testing.T, href string) []rest.AdapterStatus {
	t.Helper()
	var list rest.AdapterStatusList
	get(t, query(href+"/statuses", "orderBy", "adapter")).want(t, http.StatusOK).decode(t, &list)
	return list.Items
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// The API answers with 204 if a report changes nothing.
func TestReportDiscarded(t *testing.T) {
	type report struct {
		generation int
		observed   time.Time
		available  string
	}
	tests := map[string]struct {
		recorded []report
		then     report
	}{
		"earlier time at the same generation": {
			recorded: []report{{1, noon, "True"}},
			then:     report{1, noon.Add(-time.Nanosecond * 1000), "False"},
		},
		"lower generation, later time": {
			recorded: []report{{2, noon, "True"}},
			then:     report{1, noon.Add(time.Hour), "False"},
		},
		"Unknown after True": {
			recorded: []report{{1, noon, "True"}},
			then:     report{1, noon.Add(time.Hour), "Unknown"},
		},
		"Unknown after False, at its generation": {
			recorded: []report{{1, noon, "True"}, {2, noon.Add(time.Minute), "False"}},
			then:     report{2, noon.Add(time.Hour), "Unknown"},
		},
		"a generation that the resource does not have": {
			then: report{3, noon, "True"},
		},
		"a generation that the resource does not have, after a result": {
			recorded: []report{{2, noon, "True"}},
			then:     report{3, noon.Add(time.Hour), "False"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			raiseGeneration(t, cluster.Name)
			for _, r := range test.recorded {
				post(t, cluster.Href+"/statuses", reportBody("validator", r.generation, r.observed, r.available)).want(t, http.StatusCreated)
			}
			eventually(t, "the reconciler has recorded when the spec was changed", func() bool {
				stored := storedCluster(t, cluster.Name)
				return stored.Status.ObservedGeneration == stored.Generation &&
					awaitVersion(t, suite.replica.Clusters.Index, stored.ResourceVersion) == nil
			})
			before, conditions := statuses(t, cluster.Href), getCluster(t, cluster.ID)
			answer := post(t, cluster.Href+"/statuses", reportBody("validator", test.then.generation, test.then.observed, test.then.available)).want(t, http.StatusNoContent)
			if len(answer.body) != 0 {
				t.Errorf("a 204 with a body: %s", answer.body)
			}
			if diff := cmp.Diff(before, statuses(t, cluster.Href)); diff != "" {
				t.Errorf("reports changed (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(conditions, getCluster(t, cluster.ID)); diff != "" {
				t.Errorf("cluster changed (-before +after):\n%s", diff)
			}
			// The adapter is not locked out.
			post(t, cluster.Href+"/statuses", reportBody("validator", 2, noon.Add(2*time.Hour), "True")).want(t, http.StatusCreated)
		})
	}
}

// raiseGeneration changes the spec of a cluster through the Kubernetes API, and waits
// until the facade shows generation 2.
func raiseGeneration(t *testing.T, name string) {
	t.Helper()
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"release":"4.20"}}`))
	if err := suite.env.Client.Patch(t.Context(), cluster, patch); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the facade shows the new generation", func() bool {
		return getCluster(t, v1.ID(cluster.UID)).Generation == cluster.Generation
	})
}

// A report counts even if the index does not show its generation yet.
func TestReportAheadOfIndex(t *testing.T) {
	cluster := newCluster(t, "")
	stored := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name, Namespace: "default"}}
	for generation := 2; generation <= 6; generation++ {
		patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"release":%d}}`, generation))
		if err := suite.env.Client.Patch(t.Context(), stored, patch); err != nil {
			t.Fatal(err)
		}
		post(t, cluster.Href+"/statuses", reportBody("validator", generation, noon, "True")).want(t, http.StatusCreated)
	}
}

func TestReportReplaces(t *testing.T) {
	cluster := newCluster(t, "")
	path := cluster.Href + "/statuses"
	post(t, path, `{"adapter":"validator","observed_generation":1,"observed_time":"2026-01-02T12:00:00.123456789+02:00",
		"conditions":[{"type":"Available","status":"False","reason":"Waits"},{"type":"Health","status":"True","message":"<fine> & well"}],
		"data":{"attempt":1,"old":null},"metadata":{"job":"one"}}`).want(t, http.StatusCreated)
	post(t, path, `{"adapter":"validator","observed_generation":1,"observed_time":"2026-01-02T12:00:00Z",
		"conditions":[{"type":"Available","status":"True"},{"type":"Applied","status":"Unknown"}],
		"data":{"attempt":2}}`).want(t, http.StatusCreated)
	post(t, path, `{"adapter":"validator","observed_generation":1,"observed_time":"2026-01-02T13:00:00Z",
		"conditions":[{"type":"Applied","status":"True","reason":null},{"type":"Available","status":"True","message":null}],
		"data":null}`).want(t, http.StatusCreated)
	first := time.Date(2026, 1, 2, 10, 0, 0, 123456789, time.UTC)
	one := noon.Add(time.Hour)
	want := []rest.AdapterStatus{{
		Adapter:            "validator",
		ObservedGeneration: 1,
		Conditions: []rest.AdapterCondition{
			{Type: "Applied", Status: "True", LastTransitionTime: one},
			{Type: "Available", Status: "True", LastTransitionTime: noon},
		},
		Data:           json.RawMessage(`{}`),
		CreatedTime:    first,
		LastReportTime: one,
	}}
	if diff := cmp.Diff(want, statuses(t, cluster.Href)); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	got := condition(t, getCluster(t, cluster.ID).Status, "ValidatorSuccessful")
	if !got.CreatedTime.Equal(first) || !got.LastTransitionTime.Equal(noon) || !got.LastUpdatedTime.Equal(one) {
		t.Errorf("condition of the adapter: %+v", got)
	}
}

// An adapter that wrote its object itself can go on over REST, and the reverse.
func TestReportAtBothDoors(t *testing.T) {
	cluster := newCluster(t, "")
	object := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Name: v1.AdapterStatusName(cluster.Name, "validator"), Namespace: "default"},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster.Name},
			Adapter:            "validator",
			ObservedGeneration: 1,
			ObservedTime:       v1.NewTimestamp(noon),
			Conditions:         []v1.AdapterCondition{{Type: "Available", Status: "False"}},
		},
	}
	if err := suite.env.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the facade shows the report", func() bool { return len(statuses(t, cluster.Href)) == 1 })
	post(t, cluster.Href+"/statuses", reportBody("validator", 1, noon.Add(time.Minute), "True")).want(t, http.StatusCreated)
	if got := statuses(t, cluster.Href); len(got) != 1 || got[0].Conditions[0].Status != "True" {
		t.Errorf("reports: %+v", got)
	}
	if err := suite.env.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	if object.Spec.ResourceRef.UID != "" || object.Spec.Conditions[0].Status != metav1.ConditionTrue {
		t.Errorf("object after the REST report: %+v", object.Spec)
	}
}

// The report on a deleted resource does not block the report on its successor.
func TestReportOnSuccessor(t *testing.T) {
	name := uniqueName(t)
	body := fmt.Sprintf(`{"spec":{},"name":%q}`, name)
	first := newCluster(t, body)
	post(t, first.Href+"/statuses", reportBody("validator", 1, noon.Add(time.Hour), "True")).want(t, http.StatusCreated)
	forceDelete(t, name)
	var second rest.Cluster
	eventually(t, "the first cluster is gone", func() bool {
		answer := post(t, api+"/clusters", body)
		if answer.status == http.StatusConflict {
			return false
		}
		answer.want(t, http.StatusCreated).decode(t, &second)
		return true
	})
	if got := statuses(t, second.Href); len(got) != 0 {
		t.Errorf("the successor has reports: %+v", got)
	}
	post(t, second.Href+"/statuses", reportBody("validator", 1, noon, "False")).want(t, http.StatusCreated)
	if got := statuses(t, second.Href); len(got) != 1 || got[0].Conditions[0].Status != "False" {
		t.Errorf("reports on the successor: %+v", got)
	}
	get(t, first.Href).want(t, http.StatusNotFound)
	post(t, first.Href+"/statuses", reportBody("validator", 1, noon, "False")).want(t, http.StatusNotFound)
}

// A report on a predecessor that is in the way of a report must not make it seem stale.
// A finalizer keeps the predecessor's report, so that the new one can neither replace it
// nor take its name.
func TestReportInTheWayOfSuccessor(t *testing.T) {
	cluster := newCluster(t, "")
	left := planted(cluster, "validator", 1, noon.Add(time.Hour))
	left.Finalizers = []string{"example.com/keep"}
	left.Spec.ResourceRef.UID = "5f3759df-0000-4000-8000-00000000dead"
	if err := suite.env.Client.Create(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	release := sync.OnceFunc(func() {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
		if err := suite.env.Client.Patch(context.WithoutCancel(t.Context()), left, patch); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	body := reportBody("validator", 1, noon, "False")
	answer := post(t, cluster.Href+"/statuses", body)
	answer.want(t, http.StatusConflict)
	if !strings.Contains(string(answer.body), "is being deleted, and its finalizers keep it") {
		t.Errorf("the answer is %s", answer.body)
	}
	release()
	post(t, cluster.Href+"/statuses", body).want(t, http.StatusCreated)
	if got := statuses(t, cluster.Href); len(got) != 1 || got[0].Conditions[0].Status != "False" {
		t.Errorf("reports: %+v", got)
	}
}

// Concurrent reports are all recorded, and the conditions include each report when the
// API answers it.
func TestConcurrentReports(t *testing.T) {
	cluster := newCluster(t, "")
	const perAdapter = 10
	adapters := []string{"validator", "dns", "pullsecret", "hypershift"}
	var group sync.WaitGroup
	for _, adapter := range adapters {
		group.Go(func() {
			for i := range perAdapter {
				observed := noon.Add(time.Duration(i) * time.Second)
				answer := post(t, cluster.Href+"/statuses", reportBody(adapter, 1, observed, []string{"False", "True"}[i%2]))
				if answer.status != http.StatusCreated {
					t.Errorf("%s, report %d: %d %s", adapter, i, answer.status, answer.body)
					return
				}
				if got := condition(t, getCluster(t, cluster.ID).Status, adapterCondition(adapter)); !got.LastUpdatedTime.Equal(observed) {
					t.Errorf("%s, report %d of %s answered, but the condition is of %s", adapter, i, observed, got.LastUpdatedTime)
				}
			}
		})
	}
	group.Wait()
	if ready := condition(t, getCluster(t, cluster.ID).Status, "Ready"); ready.Status != "True" {
		t.Errorf("Ready after all reports: %+v", ready)
	}
}

func adapterCondition(adapter string) string {
	return map[string]string{
		"validator":  "ValidatorSuccessful",
		"dns":        "DnsSuccessful",
		"pullsecret": "PullsecretSuccessful",
		"hypershift": "HypershiftSuccessful",
	}[adapter]
}
