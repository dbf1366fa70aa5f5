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
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restclient "k8s.io/client-go/rest"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

// A report is pending from before its write until its answer, whether it succeeds or
// fails.
func TestReportIsPendingDuringItsWrite(t *testing.T) {
	var server *facade.Server
	cluster := newCluster(t, "")
	report := &v1.AdapterStatus{Spec: v1.AdapterStatusSpec{ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: cluster.Name}}}
	report.Namespace, report.Name = "default", v1.AdapterStatusName(cluster.Name, "validator")
	isPending := func() bool { // also removes it from the pending reports, because this replica has no reconciler
		pending, _ := server.Replica().Pending.Arrived(report)
		return pending
	}
	var look, during atomic.Bool
	config := restclient.CopyConfig(suite.env.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if look.Load() && r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/adapterstatuses") {
				during.Store(isPending())
			}
			return next.RoundTrip(r)
		})
	})
	server, _ = newReplicaOf(t, config)
	base := "http://" + server.Address().String()
	eventually(t, "the replica knows the cluster", func() bool {
		_, ok := server.Replica().Clusters.Index.Get(cluster.ID)
		return ok
	})
	for _, step := range []struct {
		name     string
		observed time.Time
		status   int
		look     bool
	}{
		{"the first", noon, http.StatusCreated, true},
		{"a later one", noon.Add(time.Minute), http.StatusCreated, true},
		{"a later one, until its answer", noon.Add(2 * time.Minute), http.StatusCreated, false},
		{"a stale one", noon, http.StatusNoContent, true},
		{"a stale one, until its answer", noon, http.StatusNoContent, false},
	} {
		during.Store(false)
		look.Store(step.look)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+cluster.Href+"/statuses",
			strings.NewReader(reportBody("validator", 1, step.observed, "True")))
		if err != nil {
			t.Fatal(err)
		}
		do(t, request).want(t, step.status)
		if got := during.Load(); got != step.look {
			t.Errorf("%s: pending during the write: %t, want %t", step.name, got, step.look)
		}
		if isPending() {
			t.Errorf("%s: still pending after the answer", step.name)
		}
	}
}
