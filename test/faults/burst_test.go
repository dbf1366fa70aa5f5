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

package faults

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestBurstOfDeletes deletes 10,000 clusters at once, each with its finalizer,
// and waits until all replicas show the remaining ones in order.
func TestBurstOfDeletes(t *testing.T) {
	onlyLong(t)
	inBothShapes(t, burstOfDeletes)
}

func burstOfDeletes(t *testing.T, s *stack) {
	const burst, stay = 10_000, 100
	s.withoutFinalizing(t)
	began := time.Now()
	many(t, burst+stay, func(i int) error {
		part := "burst"
		if i >= burst {
			part = "stay"
		}
		cluster := burstCluster(i)
		cluster.Labels = map[string]string{"part": part}
		cluster.Spec = runtime.RawExtension{Raw: []byte(`{"region":"eu"}`)}
		return s.admin.Create(t.Context(), cluster)
	})
	s.waitTotals(t, map[string]int{"": burst + stay, "labels.part='burst'": burst, "labels.part='stay'": stay})
	t.Logf("%d clusters created and shown after %s", burst+stay, time.Since(began).Round(time.Second))

	began = time.Now()
	many(t, burst, func(i int) error { return s.admin.Delete(t.Context(), burstCluster(i)) })
	t.Logf("%d deletions acknowledged after %s", burst, time.Since(began).Round(time.Second))
	s.waitTotals(t, map[string]int{"": stay, "labels.part='burst'": 0, "labels.part='stay'": stay, "status.conditions.Ready='False'": stay})
	t.Logf("all indexes show what is left after %s", time.Since(began).Round(time.Second))

	left := &v1.ClusterList{}
	if err := s.admin.List(t.Context(), left); err != nil || len(left.Items) != stay {
		t.Fatalf("%v: the API server has %d clusters, want %d", err, len(left.Items), stay)
	}
	for _, r := range s.replicas {
		for i := range left.Items {
			path := clustersPath + "/" + v1.ID(left.Items[i].UID)
			if a := r.call(http.MethodGet, path, ""); a.status != http.StatusOK {
				t.Errorf("%s: %s", r.name, a)
			}
		}
	}
}

func burstCluster(i int) *v1.Cluster {
	return &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("c-%05d", i), Namespace: metav1.NamespaceDefault},
		Spec:       runtime.RawExtension{Raw: []byte("{}")},
	}
}

// many calls a function for each number below n, from several concurrent clients.
func many(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !t.Failed(); i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					t.Errorf("cluster %d: %v", i, err)
				}
			}
		})
	}
	clients.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// waitTotals waits until each search has its wanted total through both replicas. It waits
// while totals change, because the duration depends on the machine.
func (s *stack) waitTotals(t *testing.T, want map[string]int) {
	t.Helper()
	for _, r := range s.replicas {
		for search, total := range want {
			seen := -1
			for done := false; !done; {
				var last answer
				eventually(t, fmt.Sprintf("%s finds %d by %q, or no longer %d", r.name, total, search, seen), func() bool {
					last = r.call(http.MethodGet, clustersPath+"?pageSize=1&search="+url.QueryEscape(search), "")
					return last.status == http.StatusOK && (last.total() == total || last.total() != seen)
				}, func() string { return fmt.Sprint(last) })
				seen = last.total()
				done = seen == total
			}
		}
	}
}
