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

package controlplane_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// testLoading observes a manager that loads two clusters from a kube-apiserver
// that has just started. First nothing is sent or indexed. Then kube-apiserver
// sends both clusters to a watcher. Then the manager reports both as indexed.
func testLoading(t *testing.T, plane *controlplane.ControlPlane) {
	var indexed atomic.Bool
	manager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if indexed.Load() {
			fmt.Fprint(w, "# TYPE hyperfleet_index_objects gauge\n", `hyperfleet_index_objects{collection="clusters"} 2`, "\n")
		}
	}))
	defer manager.Close()
	loading, err := plane.Loading(manager.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	stored := wantProgress(t, loading, 0, "0 of 2 clusters, 0 of 0 nodepools, 0 of 0 adapterstatuses, ")

	api, err := client.NewWithWatch(plane.RESTConfig(controlplane.Admin), client.Options{Scheme: scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	watch, err := api.Watch(t.Context(), &v1.ClusterList{}, client.InNamespace(metav1.NamespaceDefault))
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	for range 2 {
		<-watch.ResultChan()
	}
	sent := wantProgress(t, loading, stored+2, "2 of 2 clusters, ")

	indexed.Store(true)
	wantProgress(t, loading, sent+2, "2 of 2 clusters, ")
}

// wantProgress waits for progress of at least that much work, and returns the
// work.
func wantProgress(t *testing.T, loading func(context.Context) process.Progress, work int64, text string) int64 {
	t.Helper()
	var p process.Progress
	soon(t, func() error {
		p = loading(t.Context())
		if p.Work < work || !strings.HasPrefix(p.Text, text) {
			return fmt.Errorf("progress is %d, %q, want at least %d, %q", p.Work, p.Text, work, text)
		}
		return nil
	})
	return p.Work
}
