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
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// The examples of the contract, in its order.

func TestContractCluster(t *testing.T) {
	start := time.Now().Add(-time.Second).Truncate(time.Second)
	created := post(t, api+"/clusters", `{
		"kind": "Cluster",
		"name": "my-cluster",
		"spec": {},
		"labels": {"environment": "production"}
	}`).want(t, http.StatusCreated)
	var cluster rest.Cluster
	created.decode(t, &cluster)
	if got, want := created.header.Get("Location"), cluster.Href; got != want {
		t.Errorf("Location is %q, want %q", got, want)
	}
	if cluster.CreatedTime.Before(start) || !cluster.UpdatedTime.Equal(cluster.CreatedTime) {
		t.Errorf("created %s and updated %s, want both now (%s)", cluster.CreatedTime, cluster.UpdatedTime, start)
	}
	awaiting := func(conditionType string) rest.ResourceCondition {
		return rest.ResourceCondition{
			Type:               conditionType,
			Status:             "False",
			Reason:             "AwaitingAdapters",
			Message:            "Waiting for adapters to report status",
			ObservedGeneration: 0,
			CreatedTime:        cluster.CreatedTime,
			LastUpdatedTime:    cluster.CreatedTime,
			LastTransitionTime: cluster.CreatedTime,
		}
	}
	// The newer dialect's names follow. The observed generation of its Reconciled is the
	// resource's generation.
	lastKnown, reconciled := awaiting("LastKnownReconciled"), awaiting("Reconciled")
	lastKnown.Reason = "AdaptersMissingReports"
	reconciled.Reason, reconciled.ObservedGeneration = "ReconciledMissingAdapters", 1
	want := rest.Cluster{
		Kind:        "Cluster",
		ID:          cluster.ID,
		Href:        api + "/clusters/" + cluster.ID,
		Name:        "my-cluster",
		Generation:  1,
		Spec:        json.RawMessage(`{}`),
		Labels:      rest.Labels{"environment": "production"},
		CreatedTime: cluster.CreatedTime,
		UpdatedTime: cluster.CreatedTime,
		CreatedBy:   devUser,
		UpdatedBy:   devUser,
		Status:      rest.ResourceStatus{Conditions: []rest.ResourceCondition{awaiting("Available"), awaiting("Ready"), lastKnown, reconciled}},
	}
	if diff := cmp.Diff(want, cluster); diff != "" {
		t.Errorf("created cluster (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, getCluster(t, cluster.ID)); diff != "" {
		t.Errorf("cluster right after its creation (-want +got):\n%s", diff)
	}

	report := func(adapter string) answer {
		return post(t, cluster.Href+"/statuses", `{
			"adapter": "`+adapter+`",
			"observed_generation": 1,
			"observed_time": "2025-01-01T10:00:00Z",
			"conditions": [
				{"type": "Available", "status": "True", "reason": "AllValidationsPassed", "message": "All validations passed"},
				{"type": "Applied", "status": "True", "reason": "ValidationJobApplied", "message": "Validation job applied successfully"},
				{"type": "Health", "status": "True", "reason": "OperationsCompleted", "message": "All adapter operations completed successfully"}
			],
			"data": {"job_name": "validator-job-abc123", "attempt": 1}
		}`).want(t, http.StatusCreated)
	}
	observed := time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC)
	var reported rest.AdapterStatus
	report("validator").decode(t, &reported)
	wantReport := rest.AdapterStatus{
		Adapter:            "validator",
		ObservedGeneration: 1,
		Conditions: []rest.AdapterCondition{
			{Type: "Available", Status: "True", Reason: "AllValidationsPassed", Message: "All validations passed", LastTransitionTime: observed},
			{Type: "Applied", Status: "True", Reason: "ValidationJobApplied", Message: "Validation job applied successfully", LastTransitionTime: observed},
			{Type: "Health", Status: "True", Reason: "OperationsCompleted", Message: "All adapter operations completed successfully", LastTransitionTime: observed},
		},
		Data:           reported.Data,
		CreatedTime:    observed,
		LastReportTime: observed,
	}
	if diff := cmp.Diff(wantReport, reported); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	equalJSON(t, reported.Data, `{"job_name": "validator-job-abc123", "attempt": 1}`)

	// The GET after the last report shows Ready.
	report("dns")
	ready := getCluster(t, cluster.ID)
	for conditionType, want := range map[string]rest.ResourceCondition{
		"Available":           {Status: "True", Reason: "ResourceAvailable", Message: "Cluster is accessible", ObservedGeneration: 1},
		"Ready":               {Status: "True", Reason: "ResourceReady", Message: "All adapters report ready at current generation", ObservedGeneration: 1},
		"LastKnownReconciled": {Status: "True", Reason: "AllAdaptersReconciled", Message: "Cluster is accessible", ObservedGeneration: 1},
		"Reconciled":          {Status: "True", Reason: "ReconciledAll", Message: "All adapters report ready at current generation", ObservedGeneration: 1},
		"ValidatorSuccessful": {Status: "True", Reason: "AllValidationsPassed", Message: "All validations passed", ObservedGeneration: 1},
		"DnsSuccessful":       {Status: "True", Reason: "AllValidationsPassed", Message: "All validations passed", ObservedGeneration: 1},
	} {
		got := condition(t, ready.Status, conditionType)
		if got.LastUpdatedTime != observed {
			t.Errorf("%s was last updated %s, want %s", conditionType, got.LastUpdatedTime, observed)
		}
		got = rest.ResourceCondition{Status: got.Status, Reason: got.Reason, Message: got.Message, ObservedGeneration: got.ObservedGeneration}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", conditionType, diff)
		}
	}

	for _, search := range []string{
		"name='my-cluster'",
		"status.conditions.Ready='True' and labels.environment='production'",
		"labels.environment='dev' or labels.environment='production'",
		"status.conditions.Available='True'",
	} {
		var list rest.ClusterList
		get(t, query(api+"/clusters", "search", "("+search+") and id='"+cluster.ID+"'")).want(t, http.StatusOK).decode(t, &list)
		if list.Kind != "ClusterList" || list.Page != 1 || list.Size != 1 || list.Total != 1 || len(list.Items) != 1 || list.Items[0].ID != cluster.ID {
			t.Errorf("search %s: %+v", search, list)
		}
	}
}

func TestContractNodePool(t *testing.T) {
	cluster := newCluster(t, "")
	var nodePool rest.NodePool
	post(t, cluster.Href+"/nodepools", `{
		"kind": "NodePool",
		"name": "worker-pool",
		"spec": {},
		"labels": {"role": "worker"}
	}`).want(t, http.StatusCreated).decode(t, &nodePool)
	want := rest.NodePool{
		Kind:            "NodePool",
		ID:              nodePool.ID,
		Href:            api + "/nodepools/" + nodePool.ID,
		Name:            "worker-pool",
		OwnerReferences: &rest.OwnerReference{Kind: "Cluster", ID: cluster.ID, Href: cluster.Href},
		Generation:      1,
		Spec:            json.RawMessage(`{}`),
		Labels:          rest.Labels{"role": "worker"},
		CreatedTime:     nodePool.CreatedTime,
		UpdatedTime:     nodePool.CreatedTime,
		CreatedBy:       devUser,
		UpdatedBy:       devUser,
		Status:          nodePool.Status,
	}
	if diff := cmp.Diff(want, nodePool); diff != "" {
		t.Errorf("created nodepool (-want +got):\n%s", diff)
	}
	if ready := condition(t, nodePool.Status, "Ready"); ready.Status != "False" || ready.Reason != "AwaitingAdapters" {
		t.Errorf("Ready of a new nodepool: %+v", ready)
	}
	for _, path := range []string{nodePool.Href, cluster.Href + "/nodepools/" + nodePool.ID} {
		var got rest.NodePool
		get(t, path).want(t, http.StatusOK).decode(t, &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("GET %s (-want +got):\n%s", path, diff)
		}
	}
	for _, path := range []string{cluster.Href + "/nodepools", query(api+"/nodepools", "search", "owner_id='"+cluster.ID+"'")} {
		var list rest.NodePoolList
		get(t, path).want(t, http.StatusOK).decode(t, &list)
		if list.Kind != "NodePoolList" || list.Total != 1 || list.Items[0].ID != nodePool.ID {
			t.Errorf("GET %s: %+v", path, list)
		}
	}
	post(t, cluster.Href+"/nodepools/"+nodePool.ID+"/statuses", `{"adapter":"validator","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":"Available","status":"True"}]}`).want(t, http.StatusCreated)
	var got rest.NodePool
	get(t, nodePool.Href).want(t, http.StatusOK).decode(t, &got)
	if available := condition(t, got.Status, "Available"); available.Status != "True" || available.Message != "NodePool is accessible" {
		t.Errorf("Available after the only required report: %+v", available)
	}
	var statuses rest.AdapterStatusList
	get(t, cluster.Href+"/nodepools/"+nodePool.ID+"/statuses").want(t, http.StatusOK).decode(t, &statuses)
	if statuses.Kind != "AdapterStatusList" || statuses.Total != 1 || statuses.Items[0].Adapter != "validator" || string(statuses.Items[0].Data) != "{}" {
		t.Errorf("statuses: %+v", statuses)
	}
}

func equalJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
