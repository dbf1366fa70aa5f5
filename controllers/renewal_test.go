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
	"fmt"
	"testing"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func TestRenewal(t *testing.T) {
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer queue.ShutDown()
	requests := func(n int) []reconcile.Request {
		all := make([]reconcile.Request, n)
		for i := range all {
			all[i].NamespacedName = client.ObjectKey{Namespace: "default", Name: fmt.Sprint(i)}
		}
		return all
	}
	r := &renewal{}
	r.reconciled(requests(1)[0]) // before any renewal
	r.begin(queue, requests(5), 2)

	seen := map[reconcile.Request]int{}
	work := func() {
		request, _ := queue.Get()
		seen[request]++
		queue.Done(request)
		r.reconciled(request)
	}
	expectQueued := func(when string, want int) {
		t.Helper()
		if got := queue.Len(); got != want {
			t.Fatalf("%s: %d are queued, want %d", when, got, want)
		}
	}
	expectQueued("at the start", 2)
	r.reconciled(requests(5)[4]) // because of a report, before the renewal has queued it
	expectQueued("after another object", 2)
	work()
	expectQueued("after one", 2)

	r.begin(queue, requests(4), 2)
	expectQueued("after a second change", 2)
	for queue.Len() > 0 {
		work()
	}
	for _, request := range requests(4) {
		if seen[request] == 0 {
			t.Errorf("%s was not reconciled", request)
		}
	}
	if first := requests(1)[0]; seen[first] != 2 {
		t.Errorf("%s was reconciled %d times, want once for each change", first, seen[first])
	}
	if len(r.waiting) > 0 || r.underWay.Len() > 0 {
		t.Errorf("%d requests wait and %d are under way, want none", len(r.waiting), r.underWay.Len())
	}
}
