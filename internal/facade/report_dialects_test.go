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
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// The newer dialect reports by PUT, and at the flat path of a nodepool, too.
func TestPutStatuses(t *testing.T) {
	cluster, pool := newPoolWith(t, `{}`, `{}`)
	for _, path := range []string{cluster.Href, cluster.Href + "/nodepools/" + pool.ID, pool.Href} {
		adapter := "put" + fmt.Sprint(len(path))
		request(t, http.MethodPut, path+"/statuses", replaceMembers, reportBody(adapter, 1, noon, "True")).want(t, http.StatusCreated)
		request(t, http.MethodPut, path+"/statuses", replaceMembers, reportBody(adapter, 1, noon.Add(-time.Hour), "True")).want(t, http.StatusNoContent)
		request(t, http.MethodPut, path+"/statuses", replaceMembers, `{}`).want(t, http.StatusBadRequest)
		if got := getPage(t, path+"/statuses", "search", "adapter='"+adapter+"'").Total; got != 1 {
			t.Errorf("%d reports of %s at %s", got, adapter, path)
		}
	}
}

// Older tools send times that are the API's to set, and none of their own.
func TestReportsOfOlderTools(t *testing.T) {
	cluster := newCluster(t, "")
	var recorded rest.AdapterStatus
	before := time.Now().Add(-time.Second)
	post(t, cluster.Href+"/statuses", `{"adapter":"older","observed_generation":1,"conditions":[
		{"type":"Available","status":"True","observed_time":"2020-01-01T00:00:00Z","last_transition_time":7}]}`).want(t, http.StatusCreated).decode(t, &recorded)
	if at := recorded.LastReportTime; at.Before(before) || at.After(time.Now().Add(time.Second)) || !recorded.Conditions[0].LastTransitionTime.Equal(at) {
		t.Errorf("recorded %+v, want the time of the request", recorded)
	}
}

// A report without Available does not erase a known result.
func TestReportWithoutAvailable(t *testing.T) {
	cluster := newCluster(t, "")
	for _, adapter := range []string{"validator", "dns"} {
		post(t, cluster.Href+"/statuses", reportBody(adapter, 1, noon, "True")).want(t, http.StatusCreated)
	}
	post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[{"type":"Health","status":"True"}]}`,
		noon.Add(time.Minute).Format(time.RFC3339))).want(t, http.StatusCreated)
	read := getCluster(t, cluster.ID)
	for _, conditionType := range []string{v1.ReadyCondition, v1.AvailableCondition, "DnsSuccessful"} {
		if c := condition(t, read.Status, conditionType); c.Status != "True" {
			t.Errorf("%s is %+v", conditionType, c)
		}
	}
}

// A report without a UID, as kubectl makes it, is replaced by REST and has none then either.
func TestReportWithoutUIDIsReplaced(t *testing.T) {
	cluster := newCluster(t, "")
	plant(t, cluster, "dns", 1, noon)
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon.Add(time.Minute), "True")).want(t, http.StatusCreated)
	if c := condition(t, getCluster(t, cluster.ID).Status, "DnsSuccessful"); c.Status != "True" {
		t.Errorf("DnsSuccessful is %+v", c)
	}
}

// applyReport makes a server-side apply of a report, without force unless the options say
// so, and returns it.
func applyReport(t *testing.T, cluster rest.Cluster, observed time.Time, conditions, data string, options ...client.ApplyOption) *v1.AdapterStatus {
	t.Helper()
	manifest := &unstructured.Unstructured{}
	text := fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"namespace":"default","name":"%s.dns"},
		"spec":{"resourceRef":{"kind":"Cluster","name":%q},"adapter":"dns","observedGeneration":1,"observedTime":%q,"conditions":[%s],"data":%s}}`,
		cluster.Name, cluster.Name, observed.Format(time.RFC3339), conditions, data)
	if err := manifest.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := suite.env.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(manifest), append(options, client.FieldOwner("gitops"))...); err != nil {
		t.Fatalf("apply: %v", err)
	}
	report := &v1.AdapterStatus{}
	if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: cluster.Name + ".dns"}, report); err != nil {
		t.Fatal(err)
	}
	eventually(t, "applied report is known", func() bool {
		row, ok := suite.replica.Reports.Index.GetByKey(client.ObjectKeyFromObject(report))
		return ok && row.ResourceVersion == report.ResourceVersion
	})
	return report
}

// Whoever applies a report needs no force after a report by REST, and then the report is
// what the manifest says.
func TestApplyAfterREST(t *testing.T) {
	available := func(status string) string {
		return fmt.Sprintf(`{"type":"Available","status":%q,"reason":"Applied"}`, status)
	}
	tests := map[string]struct{ body, wantTypes string }{
		"the same condition": {`[{"type":"Available","status":"False","reason":"ByREST"}]`, "Available"},
		"other conditions":   {`[{"type":"Health","status":"True"},{"type":"Available","status":"False"}]`, "Available Health"},
		"a condition less":   {`[{"type":"Applied","status":"True"}]`, "Applied"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			applyReport(t, cluster, noon, available("True")+`,{"type":"Applied","status":"True"}`, `{"a":{"b":1}}`)
			for round := 1; round <= 2; round++ {
				var recorded rest.AdapterStatus
				post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":%s,"data":{"c":[%d]}}`,
					noon.Add(time.Duration(2*round)*time.Minute).Format(time.RFC3339), tt.body, round)).want(t, http.StatusCreated).decode(t, &recorded)
				equalJSON(t, recorded.Data, fmt.Sprintf(`{"c":[%d]}`, round))
				var types []string
				for _, c := range recorded.Conditions {
					types = append(types, c.Type)
				}
				if len(types) != len(strings.Fields(tt.wantTypes)) {
					t.Errorf("a REST report over an applied one has the conditions %v, want %s", types, tt.wantTypes)
				}
			}
			report := applyReport(t, cluster, noon.Add(time.Hour), available("True"), `{"a":{"b":2}}`)
			if len(report.Spec.Conditions) != 1 || report.Spec.Conditions[0].Reason != "Applied" || string(report.Spec.Data.Raw) != `{"a":{"b":2}}` {
				t.Errorf("the applied report is %+v, data %s", report.Spec.Conditions, report.Spec.Data.Raw)
			}
		})
	}
}

// A report without conditions cannot be applied, but it can be made.
func TestReportWithoutConditionsAfterApply(t *testing.T) {
	cluster := newCluster(t, "")
	applyReport(t, cluster, noon, `{"type":"Available","status":"True"}`, `{}`)
	var recorded rest.AdapterStatus
	post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[]}`,
		noon.Add(time.Minute).Format(time.RFC3339))).want(t, http.StatusCreated).decode(t, &recorded)
	if len(recorded.Conditions) != 0 {
		t.Errorf("recorded %+v", recorded)
	}
}

// No manager owns a part of a condition, so an apply that leaves out a condition that its
// manager had removes all of it, whoever had written the report before.
func TestApplyLeavesOutCondition(t *testing.T) {
	available, finalized := `{"type":"Available","status":"True"}`, `{"type":"Finalized","status":"False","reason":"Draining"}`
	byREST := func(t *testing.T, cluster rest.Cluster, minute int, status string) {
		t.Helper()
		post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[
			{"type":"Available","status":"True"},{"type":"Finalized","status":%q}]}`, noon.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339), status)).want(t, http.StatusCreated)
	}
	for name, before := range map[string]func(t *testing.T, cluster rest.Cluster){
		"REST came first": func(t *testing.T, cluster rest.Cluster) {
			byREST(t, cluster, 0, "True")
			byREST(t, cluster, 1, "True")
			applyReport(t, cluster, noon.Add(2*time.Minute), available+","+finalized, `{}`, client.ForceOwnership)
		},
		"REST came in between": func(t *testing.T, cluster rest.Cluster) {
			applyReport(t, cluster, noon, available+","+finalized, `{}`)
			byREST(t, cluster, 1, "True")
			byREST(t, cluster, 2, "False")
		},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(t, "")
			before(t, cluster)
			report := applyReport(t, cluster, noon.Add(time.Hour), available, `{}`)
			if len(report.Spec.Conditions) != 1 {
				t.Errorf("after the apply the report has the conditions %+v", report.Spec.Conditions)
			}
		})
	}
}

// tryApplyAs applies the report of dns as a field manager.
func tryApplyAs(t testing.TB, cluster rest.Cluster, manager string, options ...client.ApplyOption) error {
	t.Helper()
	manifest := &unstructured.Unstructured{}
	if err := manifest.UnmarshalJSON(fmt.Appendf(nil, `{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"namespace":"default","name":"%s.dns"},
		"spec":{"resourceRef":{"kind":"Cluster","name":%q},"adapter":"dns","observedGeneration":1,"observedTime":%q,"conditions":[{"type":"Available","status":"False"}]}}`,
		cluster.Name, cluster.Name, noon.Add(time.Minute).Format(time.RFC3339))); err != nil {
		t.Fatal(err)
	}
	return suite.env.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(manifest), append(options, client.FieldOwner(manager))...)
}

// applyAs applies the report of dns, and waits until the replica knows by whom.
func applyAs(t testing.TB, cluster rest.Cluster, manager string, options ...client.ApplyOption) {
	t.Helper()
	if err := tryApplyAs(t, cluster, manager, options...); err != nil {
		t.Fatal(err)
	}
	eventually(t, "applied report is known", func() bool {
		row, ok := suite.replica.Reports.Index.GetByKey(client.ObjectKey{Namespace: "default", Name: cluster.Name + ".dns"})
		return ok && row.AppliedBy == manager
	})
}

// Where REST came first, the first apply takes force. From then on it is as if it had been
// the first.
func TestApplyWhereRESTCameFirst(t *testing.T) {
	cluster := newCluster(t, "")
	for minute := range 2 {
		post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[{"type":"Health","status":"True"},{"type":"Available","status":"True"}]}`,
			noon.Add(time.Duration(minute)*time.Second).Format(time.RFC3339))).want(t, http.StatusCreated)
	}
	if err := tryApplyAs(t, cluster, "gitops"); err == nil {
		t.Error("the first apply needed no force")
	}
	applyAs(t, cluster, "gitops", client.ForceOwnership)
	var recorded rest.AdapterStatus
	post(t, cluster.Href+"/statuses", fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":%q,"conditions":[{"type":"Available","status":"True"}]}`,
		noon.Add(2*time.Minute).Format(time.RFC3339))).want(t, http.StatusCreated).decode(t, &recorded)
	if len(recorded.Conditions) != 1 {
		t.Errorf("the report by REST has the conditions %+v, want only its own", recorded.Conditions)
	}
	applyReport(t, cluster, noon.Add(time.Hour), `{"type":"Available","status":"False"}`, `{}`)
}
