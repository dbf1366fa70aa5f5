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
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// An object that one replica has just created is at once visible on the other replica.
func TestReadYourWritesAtAnotherReplica(t *testing.T) {
	replica, _ := newReplica(t)
	for range 20 {
		cluster := newCluster(t, "")
		wantStatus(t, replica+cluster.Href, http.StatusOK, "")
		nodePool := newNodePool(t, cluster.ID, "workers")
		wantStatus(t, replica+nodePool.Href, http.StatusOK, "")
		wantStatus(t, replica+cluster.Href+"/nodepools/"+nodePool.ID+"/statuses", http.StatusOK, "")
	}
}

// A replica that is behind does not answer that an existing object does not exist.
func TestUnknownIDAtReplicaThatIsBehind(t *testing.T) {
	replica, freeze := newReplica(t, func(o *replicaOptions) { o.replica.ArrivalTimeout = time.Second })
	freeze()
	cluster := newCluster(t, "")
	nodePool := newNodePool(t, cluster.ID, "workers")
	eventually(t, "the reconciler has written status.id", func() bool {
		var list v1.ClusterList
		if err := suite.env.Client.List(t.Context(), &list, client.MatchingFields{"status.id": cluster.ID}); err != nil {
			t.Fatal(err)
		}
		return len(list.Items) == 1
	})
	for _, path := range []string{cluster.Href, cluster.Href + "/statuses", nodePool.Href} {
		wantStatus(t, replica+path, http.StatusServiceUnavailable, "HYPERFLEET-SVC-004")
	}
	wantStatus(t, replica+api+"/clusters/"+v1.ID(types.UID(uuid.NewString())), http.StatusNotFound, "HYPERFLEET-NTF-002")
	wantStatus(t, replica+api+"/nodepools/"+v1.ID(types.UID(uuid.NewString())), http.StatusNotFound, "HYPERFLEET-NTF-003")
	wantStatus(t, replica+api+"/clusters/2abc", http.StatusNotFound, "HYPERFLEET-NTF-002")
}

// The same holds if no reconciler has seen the object, so that it has no status.id yet.
func TestUnknownIDOfWhatHasNoStatus(t *testing.T) {
	namespace, err := suite.env.NewNamespace(t.Context()) // the reconcilers do not serve it
	if err != nil {
		t.Fatal(err)
	}
	replica, freeze := newReplica(t, func(o *replicaOptions) {
		o.replica.Namespace, o.replica.ArrivalTimeout = namespace, time.Second
	})
	freeze()
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "fresh", Namespace: namespace}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
	if err := suite.env.Client.Create(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	if cluster.Status.ID != "" {
		t.Fatal("The cluster has a status.id: the test shows nothing")
	}
	wantStatus(t, replica+api+"/clusters/"+v1.ID(cluster.UID), http.StatusServiceUnavailable, "HYPERFLEET-SVC-004")
}

// A client that invents ids is slowed down before it loads the API server.
func TestInventedIDs(t *testing.T) {
	server, _ := newReplicaServer(t, func(o *replicaOptions) { o.Limits.MaxInFlight = 4000 })
	var mu sync.Mutex
	answers := map[int]int{}
	var asking sync.WaitGroup
	for range 1000 {
		asking.Go(func() {
			// The limit is a rate. Over connections, a busy machine makes too few requests.
			response := httptest.NewRecorder()
			server.Handler().ServeHTTP(response, httptest.NewRequest(http.MethodGet, api+"/clusters/"+v1.ID(types.UID(uuid.NewString())), http.NoBody))
			mu.Lock()
			defer mu.Unlock()
			answers[response.Code]++
		})
	}
	asking.Wait()
	if answers[http.StatusTooManyRequests] == 0 || answers[http.StatusNotFound]+answers[http.StatusTooManyRequests] != 1000 {
		t.Errorf("Answers by status: %v, want 404 and 429 only", answers)
	}
}

// TestIDsOfDeletedClusters has one caller ask for more clusters at once than it may have
// looked up. The replica has seen all of them being deleted, so it looks up none.
func TestIDsOfDeletedClusters(t *testing.T) {
	replica, _ := newReplica(t)
	const deleted = 100
	labels := client.MatchingLabels{"deleted": "together"}
	var clusters []*v1.Cluster
	for n := range deleted {
		cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("deleted-%d", n), Namespace: metav1.NamespaceDefault, Labels: labels}, Spec: runtime.RawExtension{Raw: []byte("{}")}}
		if err := suite.env.Client.Create(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
		clusters = append(clusters, cluster)
	}
	for _, cluster := range clusters {
		wantStatus(t, replica+api+"/clusters/"+v1.ID(cluster.UID), http.StatusOK, "")
		if err := suite.env.Client.Delete(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
		if err := suite.env.Client.Patch(t.Context(), cluster, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the replica has seen all of them being deleted", func() bool {
		response, err := http.Get(replica + api + "/clusters?search=labels.deleted%3D%27together%27")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var list rest.ClusterList
		if err := json.NewDecoder(response.Body).Decode(&list); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v", response.Status, err)
		}
		return list.Total == 0
	})
	var asking sync.WaitGroup
	for _, cluster := range clusters {
		asking.Go(func() {
			wantStatus(t, replica+api+"/clusters/"+v1.ID(cluster.UID), http.StatusNotFound, "HYPERFLEET-NTF-002")
		})
	}
	asking.Wait()
}

// TestInventedIDsOfOneCaller has one caller invent ids without end. No request of another
// caller is refused meanwhile, not even a read of an id that does not exist or a report
// on it.
func TestInventedIDsOfOneCaller(t *testing.T) {
	replica, _ := newReplica(t, func(o *replicaOptions) { o.Authenticator = facade.NamedUsers })
	ask := func(caller, method, path, body string) (status int) {
		request, err := http.NewRequestWithContext(t.Context(), method, replica+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		request.Header.Set("Authorization", "Bearer "+caller)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	invented := func() string { return api + "/clusters/" + v1.ID(types.UID(uuid.NewString())) }
	var refused atomic.Bool
	var hostile sync.WaitGroup
	done := make(chan struct{})
	for range 20 {
		hostile.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if ask("hostile", http.MethodGet, invented(), "") == http.StatusTooManyRequests {
						refused.Store(true)
					}
				}
			}
		})
	}
	eventually(t, "the hostile caller has had its share", refused.Load)
	for range 5 {
		if status := ask("honest", http.MethodGet, invented(), ""); status != http.StatusNotFound {
			t.Errorf("a GET of an id that does not exist is answered with %d", status)
		}
		if status := ask("honest", http.MethodPost, invented()+"/statuses", reportBody("dns", 1, noon, "True")); status != http.StatusNotFound {
			t.Errorf("a report on an id that does not exist is answered with %d", status)
		}
	}
	close(done)
	hostile.Wait()
}

// wantStatus makes a GET and checks the status of the answer and, if it is a problem, the
// code.
func wantStatus(t *testing.T, url string, status int, code string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if problem := readProblem(t, response); response.StatusCode != status || problem.Code != code {
		t.Errorf("GET %.200s: %s, %s %s; want %d %s", url, response.Status, problem.Code, problem.Detail, status, code)
	}
	if status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
		t.Errorf("GET %s: no Retry-After", url)
	}
}

// readProblem reads a response to its end; the result is empty if the response is not a
// problem.
func readProblem(t *testing.T, response *http.Response) rest.Problem {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var problem rest.Problem
	if response.StatusCode >= http.StatusBadRequest {
		if err := json.Unmarshal(body, &problem); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return problem
}
