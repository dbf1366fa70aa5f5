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

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// reportedCluster returns a cluster on which all required adapters have reported at noon.
func reportedCluster(t *testing.T) rest.Cluster {
	t.Helper()
	cluster := newCluster(t, "")
	for _, adapter := range []string{"validator", "dns"} {
		post(t, cluster.Href+"/statuses", reportBody(adapter, 1, noon, "True")).want(t, http.StatusCreated)
	}
	return getCluster(t, cluster.ID)
}

// storedVersion returns the cluster's resourceVersion in the API server. The suite's
// reconcilers do not write changes of heartbeats alone.
func storedVersion(t *testing.T, name string) string {
	t.Helper()
	return storedCluster(t, name).ResourceVersion
}

func storedCluster(t *testing.T, name string) *v1.Cluster {
	t.Helper()
	stored := &v1.Cluster{}
	if err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

// moved returns the status with other times.
func moved(status rest.ResourceStatus, times map[string]time.Time) rest.ResourceStatus {
	var with rest.ResourceStatus
	for _, c := range status.Conditions {
		if at, ok := times[c.Type]; ok {
			c.LastUpdatedTime = at
		}
		with.Conditions = append(with.Conditions, c)
	}
	return with
}

// When the API answers a heartbeat, all reads show it. A heartbeat is one write.
func TestHeartbeat(t *testing.T) {
	before := reportedCluster(t)
	tag, version := get(t, before.Href).header.Get("ETag"), storedVersion(t, before.Name)
	one, two := noon.Add(time.Hour), noon.Add(2*time.Hour+time.Millisecond)
	for _, step := range []struct {
		adapter string
		at      time.Time
		want    map[string]time.Time
	}{
		{"validator", one, map[string]time.Time{"ValidatorSuccessful": one}},
		{"dns", two, map[string]time.Time{"ValidatorSuccessful": one, "DnsSuccessful": two, "Ready": one, "Available": one, "Reconciled": one, "LastKnownReconciled": one}},
	} {
		post(t, before.Href+"/statuses", reportBody(step.adapter, 1, step.at, "True")).want(t, http.StatusCreated)
		if diff := cmp.Diff(moved(before.Status, step.want), getCluster(t, before.ID).Status); diff != "" {
			t.Errorf("status after a heartbeat of %s (-want +got):\n%s", step.adapter, diff)
		}
	}
	answer := get(t, before.Href).want(t, http.StatusOK)
	if answer.header.Get("ETag") == tag {
		t.Error("the entity tag is that of before")
	}
	for search, want := range map[string]int32{
		fmt.Sprintf("name = '%s' and status.conditions.Ready.last_updated_time = '%s'", before.Name, one.Format(time.RFC3339Nano)):          1,
		fmt.Sprintf("name = '%s' and status.conditions.DnsSuccessful.last_updated_time >= '%s'", before.Name, two.Format(time.RFC3339Nano)): 1,
		fmt.Sprintf("name = '%s' and status.conditions.Ready.last_updated_time < '%s'", before.Name, one.Format(time.RFC3339Nano)):          0,
	} {
		var list rest.ClusterList
		get(t, query(api+"/clusters", "search", search)).want(t, http.StatusOK).decode(t, &list)
		if list.Total != want {
			t.Errorf("%s: %d clusters, want %d", search, list.Total, want)
		}
	}
	if now := storedVersion(t, before.Name); now != version {
		t.Errorf("the heartbeats have had the cluster written: %s was %s", now, version)
	}

	replica, _ := newReplica(t)
	response, err := http.Get(replica + before.Href)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got, want := response.Header.Get("ETag"), answer.header.Get("ETag"); got != want {
		t.Errorf("a replica that starts now shows another state: %s, want %s", got, want)
	}

	// A real change is written at once, and the heartbeats with it.
	post(t, before.Href+"/statuses", reportBody("validator", 1, two, "False")).want(t, http.StatusCreated)
	shown := getCluster(t, before.ID)
	if got := condition(t, shown.Status, "Ready"); got.Status != "False" || !got.LastUpdatedTime.Equal(two) {
		t.Errorf("Ready after a change: %+v", got)
	}
	for _, c := range storedCluster(t, before.Name).Status.Conditions {
		if got := condition(t, shown.Status, c.Type); !got.LastUpdatedTime.Equal(c.LastUpdatedTime.Time) {
			t.Errorf("%s is stored as of %s and shown as of %s", c.Type, c.LastUpdatedTime, got.LastUpdatedTime)
		}
	}
}

// Reads show the heartbeats that adapters write by kubectl as soon as the index has them.
func TestHeartbeatAtTheOtherDoor(t *testing.T) {
	before := reportedCluster(t)
	version := storedVersion(t, before.Name)
	at := noon.Add(time.Minute)
	for _, adapter := range []string{"validator", "dns"} {
		observe(t, before.Name, adapter, at)
	}
	eventually(t, "Ready shows the heartbeats", func() bool {
		return condition(t, getCluster(t, before.ID).Status, "Ready").LastUpdatedTime.Equal(at)
	})
	if now := storedVersion(t, before.Name); now != version {
		t.Errorf("the heartbeats have had the cluster written: %s was %s", now, version)
	}
}

// observe gives a report another time.
func observe(t *testing.T, resource, adapter string, at time.Time) {
	t.Helper()
	report := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: v1.AdapterStatusName(resource, adapter), Namespace: "default"}}
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"observedTime":%q}}`, at.Format(time.RFC3339Nano)))
	if err := suite.env.Client.Patch(t.Context(), report, patch); err != nil {
		t.Fatal(err)
	}
}

// The times advance even if the status shows that there is no Cluster.
func TestHeartbeatOnNodePoolWithoutCluster(t *testing.T) {
	cluster := uniqueName(t)
	name := v1.NodePoolName(cluster, "workers")
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}, Spec: v1.NodePoolSpec{ClusterName: cluster}}
	if err := suite.env.Client.Create(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Name: v1.AdapterStatusName(name, "validator"), Namespace: "default"},
		Spec: v1.AdapterStatusSpec{
			ResourceRef: v1.ResourceReference{Kind: v1.NodePoolKind, Name: name},
			Adapter:     "validator", ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(noon),
			Conditions: []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: metav1.ConditionTrue}},
		},
	}
	if err := suite.env.Client.Create(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	ready := func() (found rest.ResourceCondition) {
		answer := get(t, api+"/nodepools/"+v1.ID(pool.UID))
		if answer.status == http.StatusNotFound {
			return found
		}
		var shown rest.NodePool
		answer.decode(t, &shown)
		return condition(t, shown.Status, "Ready")
	}
	eventually(t, "the NodePool misses its Cluster", func() bool {
		c := ready()
		return c.Reason == v1.ClusterNotFoundReason && c.LastUpdatedTime.Equal(noon)
	})
	at := noon.Add(time.Hour)
	observe(t, name, "validator", at)
	eventually(t, "Ready shows the heartbeat", func() bool { return ready().LastUpdatedTime.Equal(at) })
	if got := ready(); got.Reason != v1.ClusterNotFoundReason {
		t.Errorf("Ready after a heartbeat: %+v", got)
	}
}

// Reads show each heartbeat when the API answers it, however many are concurrent, and no
// time moves backwards.
func TestConcurrentHeartbeats(t *testing.T) {
	cluster := reportedCluster(t)
	version := storedVersion(t, cluster.Name)
	done := make(chan struct{})
	var readers, group sync.WaitGroup
	readers.Go(func() {
		last := map[string]time.Time{}
		for {
			for _, c := range getCluster(t, cluster.ID).Status.Conditions {
				if c.LastUpdatedTime.Before(last[c.Type]) {
					t.Errorf("%s went back from %s to %s", c.Type, last[c.Type], c.LastUpdatedTime)
				}
				last[c.Type] = c.LastUpdatedTime
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for _, adapter := range []string{"validator", "dns"} {
		group.Go(func() {
			for i := range 20 {
				observed := noon.Add(time.Duration(i+1) * time.Second)
				if answer := post(t, cluster.Href+"/statuses", reportBody(adapter, 1, observed, "True")); answer.status != http.StatusCreated {
					t.Errorf("%s, heartbeat %d: %d %s", adapter, i, answer.status, answer.body)
					return
				}
				if got := condition(t, getCluster(t, cluster.ID).Status, adapterCondition(adapter)); !got.LastUpdatedTime.Equal(observed) {
					t.Errorf("%s, heartbeat %d of %s answered, but the condition is of %s", adapter, i, observed, got.LastUpdatedTime)
				}
			}
		})
	}
	group.Wait()
	close(done)
	readers.Wait()
	if now := storedVersion(t, cluster.Name); now != version {
		t.Errorf("the heartbeats have had the cluster written: %s was %s", now, version)
	}
}
