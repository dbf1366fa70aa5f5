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
	"testing"
	"time"

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

// Older tools send times that only the API sets, and omit observed_time.
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

// A report without a UID, as kubectl makes it, is replaced by REST and still has no UID.
func TestReportWithoutUIDIsReplaced(t *testing.T) {
	cluster := newCluster(t, "")
	plant(t, cluster, "dns", 1, noon)
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon.Add(time.Minute), "True")).want(t, http.StatusCreated)
	if c := condition(t, getCluster(t, cluster.ID).Status, "DnsSuccessful"); c.Status != "True" {
		t.Errorf("DnsSuccessful is %+v", c)
	}
}
