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
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// holding is a finalizer that only this test removes, so that a deleted object stays as
// long as the test needs it.
const holding = "test.example.com/hold"

// hold adds or removes the finalizer.
func hold(t *testing.T, o client.Object, name string, held bool) {
	t.Helper()
	key := client.ObjectKey{Namespace: "default", Name: name}
	eventually(t, "finalizer of "+name, func() bool {
		err := suite.env.Client.Get(t.Context(), key, o)
		if apierrors.IsNotFound(err) && !held {
			return true
		}
		if err != nil {
			t.Fatal(err)
		}
		before := o.DeepCopyObject().(client.Object)
		if held {
			controllerutil.AddFinalizer(o, holding)
		} else {
			controllerutil.RemoveFinalizer(o, holding)
		}
		return client.IgnoreNotFound(suite.env.Client.Patch(t.Context(), o, client.MergeFrom(before))) == nil
	})
}

func remove(t *testing.T, path string) answer {
	t.Helper()
	return request(t, http.MethodDelete, path, "", "")
}

func TestDelete(t *testing.T) {
	cluster, pool := newPoolWith(t, `{"a":1}`, `{"a":"b"}`)
	hold(t, &v1.Cluster{}, cluster.Name, true)
	hold(t, &v1.NodePool{}, cluster.Name+".pool", true)

	var deleted, read rest.Cluster
	remove(t, cluster.Href).want(t, http.StatusAccepted).decode(t, &deleted)
	if deleted.DeletedTime == nil || deleted.DeletedBy != devUser || deleted.Generation != 2 || condition(t, deleted.Status, v1.ReadyCondition).Status != "False" {
		t.Fatalf("deleted: %+v", deleted)
	}
	get(t, cluster.Href).want(t, http.StatusOK).decode(t, &read)
	var readPool rest.NodePool
	get(t, pool.Href).want(t, http.StatusOK).decode(t, &readPool)
	if read.DeletedTime == nil || !read.DeletedTime.Equal(*deleted.DeletedTime) || read.DeletedBy != devUser || read.Generation != 2 {
		t.Errorf("read right after the DELETE: %+v", read)
	}
	if readPool.DeletedTime == nil || readPool.DeletedBy != devUser || readPool.Generation != 2 {
		t.Errorf("its nodepool, read right after the DELETE: %+v", readPool)
	}
	for _, path := range []string{cluster.Href, pool.Href, cluster.Href + "/nodepools/" + pool.ID} {
		var again rest.Cluster
		remove(t, path).want(t, http.StatusAccepted).decode(t, &again)
		if again.DeletedTime == nil || again.Generation != 2 {
			t.Errorf("deleted again: %+v", again)
		}
		if got := patch(t, path, replaceMembers, `{"labels":{"late":"x"}}`).summary(t, http.MethodPatch); got != "409 CNF-003" {
			t.Errorf("PATCH of %s, which is being deleted: %s", path, got)
		}
		// The API accepts reports until the end.
		post(t, path+"/statuses", reportBody("validator", 2, noon, "False")).want(t, http.StatusCreated)
	}
	if got := post(t, cluster.Href+"/nodepools", `{"name":"late","spec":{}}`).summary(t, http.MethodPost); got != "409 CNF-003" {
		t.Errorf("a nodepool under a cluster that is being deleted: %s", got)
	}
	for search, want := range map[string]int{
		"deleted_time is not null":                          1,
		"deleted_by = '" + devUser + "'":                    1,
		"deleted_by != '" + devUser + "'":                   0,
		"deleted_time is null":                              0,
		"deleted_time > '2025-01-01' and deleted_by != 'x'": 1,
	} {
		if p := getPage(t, api+"/clusters", "search", "name='"+cluster.Name+"' and "+search); p.Total != want {
			t.Errorf("search %s found %d, want %d", search, p.Total, want)
		}
	}
	hold(t, &v1.NodePool{}, cluster.Name+".pool", false)
	hold(t, &v1.Cluster{}, cluster.Name, false)
}

func TestDeleteManyAtOnce(t *testing.T) {
	cluster := newCluster(t, "")
	hold(t, &v1.Cluster{}, cluster.Name, true)
	defer hold(t, &v1.Cluster{}, cluster.Name, false)
	var group sync.WaitGroup
	var deleted [5]rest.Cluster
	for i := range deleted {
		group.Go(func() {
			a := remove(t, cluster.Href)
			if a.status != http.StatusAccepted {
				t.Errorf("status %d: %s", a.status, a.body)
				return
			}
			a.decode(t, &deleted[i])
		})
	}
	group.Wait()
	for _, d := range deleted {
		if d.Generation != 2 || d.DeletedTime == nil || !d.DeletedTime.Equal(*deleted[0].DeletedTime) {
			t.Errorf("generation %d, deleted_time %v; the first had %v", d.Generation, d.DeletedTime, deleted[0].DeletedTime)
		}
	}
}

// If PATCH and DELETE are concurrent, either the PATCH comes first, or it is refused.
func TestPatchAgainstDelete(t *testing.T) {
	for range 10 {
		cluster := newCluster(t, "")
		hold(t, &v1.Cluster{}, cluster.Name, true)
		var group sync.WaitGroup
		group.Go(func() { remove(t, cluster.Href) })
		var patched answer
		group.Go(func() { patched = patch(t, cluster.Href, replaceMembers, `{"spec":{"late":true}}`) })
		group.Wait()
		got := getCluster(t, cluster.ID)
		want := map[int]string{http.StatusOK: `{"late":true} 3`, http.StatusConflict: `{} 2`}[patched.status]
		if found := fmt.Sprintf("%s %d", got.Spec, got.Generation); found != want || got.DeletedTime == nil {
			t.Errorf("PATCH was answered %d %s, spec and generation are %s, want %s", patched.status, patched.body, found, want)
		}
		hold(t, &v1.Cluster{}, cluster.Name, false)
	}
}

func TestDeleteOfNothing(t *testing.T) {
	for path, want := range map[string]string{
		"/clusters/2abc":                                         "404 NTF-002",
		"/clusters/{cluster}/nodepools/2abc":                     "404 NTF-003",
		"/clusters/{cluster2}/nodepools/{nodepool}":              "404 NTF-003",
		"/nodepools/2abc":                                        "404 NTF-003",
		"/clusters/2abc/force-delete":                            "404 NTF-002",
		"/nodepools/2abc/force-delete":                           "404 NTF-003",
		"/clusters/{cluster}/force-delete":                       "409 CNF-006",
		"/nodepools/{nodepool}/force-delete":                     "409 CNF-006",
		"/clusters/{cluster}/nodepools/{nodepool}/force-delete":  "409 CNF-006",
		"/clusters/{cluster2}/nodepools/{nodepool}/force-delete": "404 NTF-003",
	} {
		method, body := http.MethodDelete, ""
		if strings.HasSuffix(path, "force-delete") {
			method, body = http.MethodPost, `{"reason":"must not be"}`
		}
		newFixture(t).refuse(t, map[string]badInput{path: {method: method, path: api + path, body: body, want: want}})
	}
}

// finalized is a report of an adapter that has removed what it built.
func finalized(adapter string, status string) string {
	return fmt.Sprintf(`{"adapter":%q,"observed_generation":2,"observed_time":%q,"conditions":[{"type":"Available","status":"False"},
		{"type":"Applied","status":"False"},{"type":"Health","status":"True"},{"type":"Finalized","status":%q}]}`, adapter, noon.Format(time.RFC3339), status)
}

// A cluster with a nodepool stays until all adapters have finalized both. The answer to
// the last report has its content, although its resource is deleted a moment later.
func TestEndOfALife(t *testing.T) {
	cluster, pool := newPoolWith(t, `{}`, `{}`)
	remove(t, cluster.Href).want(t, http.StatusAccepted)
	waiting := func(want string) {
		t.Helper()
		eventually(t, want, func() bool {
			c := condition(t, getCluster(t, cluster.ID).Status, v1.ReadyCondition)
			return c.Status == "False" && c.Reason == want
		})
	}
	waiting(v1.WaitingForNodePoolsReason)
	for _, adapter := range []string{"validator", "dns"} {
		post(t, cluster.Href+"/statuses", finalized(adapter, "False")).want(t, http.StatusCreated)
	}
	var recorded rest.AdapterStatus
	post(t, pool.Href+"/statuses", finalized("validator", "True")).want(t, http.StatusCreated).decode(t, &recorded)
	if recorded.Adapter != "validator" || recorded.ObservedGeneration != 2 {
		t.Errorf("last report of the nodepool: %+v", recorded)
	}
	eventually(t, "nodepool is gone", func() bool { return get(t, pool.Href).status == http.StatusNotFound })
	waiting(v1.FinalizingReason)
	request(t, http.MethodPut, cluster.Href+"/statuses", replaceMembers, strings.Replace(finalized("validator", "True"), ":00Z", ":01Z", 1)).want(t, http.StatusCreated)
	get(t, cluster.Href).want(t, http.StatusOK)
	begin := time.Now()
	request(t, http.MethodPut, cluster.Href+"/statuses", replaceMembers, strings.Replace(finalized("dns", "True"), ":00Z", ":01Z", 1)).want(t, http.StatusCreated).decode(t, &recorded)
	if took := time.Since(begin); took > writeVisibility/2 {
		t.Errorf("the last report waited %s for what is gone", took)
	}
	if recorded.Adapter != "dns" || recorded.Conditions[3].Type != v1.FinalizedCondition {
		t.Errorf("last report: %+v", recorded)
	}
	eventually(t, "cluster is gone", func() bool { return get(t, cluster.Href).status == http.StatusNotFound })
	post(t, cluster.Href+"/statuses", finalized("dns", "True")).want(t, http.StatusNotFound)
}

// The answer to a force-delete comes once the resource no longer exists.
func TestForceDelete(t *testing.T) {
	for kind, create := range patchable {
		t.Run(kind, func(t *testing.T) {
			path := create(t, `{}`, `{}`)
			var read struct{ Name string }
			get(t, path).decode(t, &read)
			var object client.Object = &v1.Cluster{}
			if kind != "cluster" {
				object = &v1.NodePool{}
				var owner struct {
					OwnerReferences struct{ Href string } `json:"owner_references"`
				}
				get(t, path).decode(t, &owner)
				var cluster rest.Cluster
				get(t, owner.OwnerReferences.Href).decode(t, &cluster)
				read.Name = cluster.Name + "." + read.Name
			}
			hold(t, object, read.Name, true)
			post(t, path+"/force-delete?dryRun=All", `{"reason":"not yet"}`).want(t, http.StatusConflict)
			remove(t, path).want(t, http.StatusAccepted)
			released := make(chan struct{})
			go func() {
				defer close(released)
				for {
					stored := object.DeepCopyObject().(client.Object)
					err := suite.env.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: read.Name}, stored)
					if err != nil || stored.GetAnnotations()[v1.ForceDeleteAnnotation] == "the cloud is gone" {
						if err == nil && stored.GetAnnotations()[v1.ForceDeletedByAnnotation] != devUser {
							t.Errorf("annotations %v", stored.GetAnnotations())
						}
						hold(t, object, read.Name, false)
						return
					}
				}
			}()
			post(t, path+"/force-delete", `{"reason":"the cloud is gone"}`).want(t, http.StatusNoContent)
			<-released
			get(t, path).want(t, http.StatusNotFound)
			remove(t, path).want(t, http.StatusNotFound)
			post(t, path+"/force-delete", `{"reason":"again"}`).want(t, http.StatusNotFound)
		})
	}
}

func TestBadForceDeletes(t *testing.T) {
	cases := map[string]badInput{}
	for title, c := range map[string]struct{ body, want string }{
		"no body":       {"", "400 VAL-001"},
		"no reason":     {`{}`, "400 VAL-002 reason:required"},
		"empty reason":  {`{"reason":""}`, "400 VAL-002 reason:minLength"},
		"long reason":   {`{"reason":"` + strings.Repeat("ä", 1025) + `"}`, "400 VAL-002 reason:maxLength"},
		"null":          {`{"reason":null}`, "400 VAL-002 reason:nullable"},
		"number":        {`{"reason":1}`, "400 VAL-002 reason:type"},
		"unknown field": {`{"reason":"x","force":true}`, "400 VAL-002 force:unknown"},
	} {
		for _, path := range []string{"/clusters/{cluster}", "/nodepools/{nodepool}", "/clusters/{cluster}/nodepools/{nodepool}"} {
			cases[path+" "+title] = badInput{path: api + path + "/force-delete", body: c.body, want: c.want}
		}
	}
	newFixture(t).refuse(t, cases)
}
