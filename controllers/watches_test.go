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

package controllers

import (
	"testing"

	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

func TestToResource(t *testing.T) {
	report := finding{Kind: v1.ClusterKind, Name: "one", Adapter: "dns", Generation: 1, Status: "True"}.report("default")
	one := client.ObjectKey{Namespace: "default", Name: "one"}
	cases := map[string]struct {
		kind             string
		event            func(toolscache.ResourceEventHandler)
		enqueued, isNews bool
	}{
		"a new one":          {v1.ClusterKind, func(h toolscache.ResourceEventHandler) { h.OnAdd(report, false) }, true, true},
		"one that was there": {v1.ClusterKind, func(h toolscache.ResourceEventHandler) { h.OnAdd(report, true) }, false, false},
		"a replaced one":     {v1.ClusterKind, func(h toolscache.ResourceEventHandler) { h.OnUpdate(report, report) }, true, true},
		"a deleted one":      {v1.ClusterKind, func(h toolscache.ResourceEventHandler) { h.OnDelete(report) }, true, false},
		"of another kind":    {v1.NodePoolKind, func(h toolscache.ResourceEventHandler) { h.OnAdd(report, false) }, false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
			defer queue.ShutDown()
			pending, m := &replica.PendingReports{}, &memory{}
			defer pending.Begin(report)() // the only pending report does not wait
			c.event(toResource(c.kind, pending, m)(queue))
			if got := queue.Len() > 0; got != c.enqueued {
				t.Fatalf("enqueued: %t, want %t", got, c.enqueued)
			}
			if c.enqueued {
				if request, _ := queue.Get(); request.NamespacedName != one {
					t.Errorf("enqueued is %s, want %s", request, one)
				}
			}
			if isNews := !m.takeReceived(one).IsZero(); isNews != c.isNews {
				t.Errorf("noted as news: %t, want %t", isNews, c.isNews)
			}
		})
	}
}
