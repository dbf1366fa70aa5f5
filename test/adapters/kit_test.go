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

package adapters

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter"
)

// ledger records the calls of an adapter and does nothing else.
type ledger struct {
	mu    sync.Mutex
	calls map[string]int // "Reconcile my-cluster 1": function, name and generation of the parent
}

func (l *ledger) record(function string, parent v1.Parent) (adapter.Report, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[fmt.Sprintf("%s %s %d", function, parent.GetName(), parent.GetGeneration())]++
	return adapter.Report{Status: metav1.ConditionTrue, Reason: "Done", Data: map[string]string{"spec": specOf(parent)}}, nil
}

func specOf(parent v1.Parent) string {
	switch parent := parent.(type) {
	case *v1.Cluster:
		return string(parent.Spec.Raw)
	case *v1.NodePool:
		return parent.Spec.ClusterName + string(parent.Spec.Fields.Raw)
	}
	return ""
}

func (l *ledger) want(t *testing.T, calls ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, call := range calls {
		if l.calls[call] != 1 {
			t.Errorf("the adapter was called %d times with %q, want once; all calls: %v", l.calls[call], call, l.calls)
		}
	}
}

// TestKit takes a Cluster and a NodePool through their lives, with an adapter on the kit
// over each door. The controllers write a status after each report, which must not cause
// another report.
func TestKit(t *testing.T) {
	doors := map[string]func(*adapter.Config){
		"kubernetes": func(c *adapter.Config) {
			access, err := suite.env.ClientCertificate(adapterUser)
			if err != nil {
				t.Fatal(err)
			}
			c.Kubernetes = access
		},
		"rest": func(c *adapter.Config) { c.REST = &adapter.REST{Server: suite.rest, Poll: 100 * time.Millisecond} },
	}
	for door, through := range doors {
		t.Run(door, func(t *testing.T) {
			mine := map[string]string{"door": door}
			calls := &ledger{calls: map[string]int{}}
			reports := countReports(t)
			a := adapter.Adapter{
				Name: "files", Kinds: []string{v1.ClusterKind, v1.NodePoolKind},
				Reconcile: func(_ context.Context, p v1.Parent) (adapter.Report, error) { return calls.record("Reconcile", p) },
				Finalize:  func(_ context.Context, p v1.Parent) (adapter.Report, error) { return calls.record("Finalize", p) },
			}
			config := adapter.Config{Options: adapter.Options{Selector: labels.SelectorFromSet(mine), MaxAgeNotReady: time.Hour}, Namespace: namespace}
			through(&config)
			start(t, a, config)

			cluster := newCluster(t, mine)
			waitReady(t, cluster)
			changeSpec(t, cluster, `{"region":"eu-west"}`)
			waitReady(t, cluster)
			calls.want(t, "Reconcile "+cluster.Name+" 1", "Reconcile "+cluster.Name+" 2")
			reports.want(t, cluster, 2)

			pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1.NodePoolName(cluster.Name, "workers"), Labels: mine}}
			pool.Spec = v1.NodePoolSpec{ClusterName: cluster.Name, Fields: runtime.RawExtension{Raw: []byte(`{"nodes":3}`)}}
			if err := suite.env.Client.Create(t.Context(), pool); err != nil {
				t.Fatal(err)
			}
			waitReady(t, pool)
			calls.want(t, "Reconcile "+pool.Name+" 1")
			reports.want(t, pool, 1)

			remove(t, cluster)
			waitGone(t, pool)
			waitGone(t, cluster)
			calls.want(t, "Finalize "+pool.Name+" 2", "Finalize "+cluster.Name+" 3")
			reports.want(t, pool, 2)
			reports.want(t, cluster, 3)
		})
	}
}

// start runs an adapter until the test ends.
func start(t *testing.T, a adapter.Adapter, c adapter.Config) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- adapter.Run(ctx, a, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("adapter %s: %v", a.Name, err)
		}
	})
}
