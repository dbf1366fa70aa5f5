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
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// renewalShare is the fraction of the workers that a renewal may keep busy: one in
// renewalShare, at least one. The API server divides its time among concurrent
// requests, and the renewal of a whole fleet must leave most of that time to reports.
const renewalShare = 4

// renewal reconciles all objects of a Kind when the adapters' configuration changes, at low
// priority and a few at a time. The zero value is ready for use.
type renewal struct {
	mu       sync.Mutex
	queue    requestQueue
	width    int                         // maximum number of requests under way
	waiting  []reconcile.Request         // requests that are not in the queue yet
	underWay sets.Set[reconcile.Request] // requests that are in the queue or being reconciled
}

// onChange returns the source that starts a renewal of all objects of the list's Kind
// whenever the adapters' configuration changes.
func (r *renewal) onChange(adapters AdapterConfig, reader client.Reader, list client.ObjectList, workers int) source.Source {
	return source.Func(func(ctx context.Context, queue requestQueue) error {
		adapters.OnChange(func() {
			all, err := listObjects(ctx, reader, list, client.UnsafeDisableDeepCopy)
			if err != nil {
				log.FromContext(ctx).Error(err, "Failed to list the objects to aggregate after a change of the adapters' configuration")
				return
			}
			requests := make([]reconcile.Request, len(all))
			for i, o := range all {
				requests[i].NamespacedName = client.ObjectKeyFromObject(o)
			}
			log.FromContext(ctx).Info("Adapters' configuration changed, aggregating all objects", "objects", len(all))
			r.begin(queue, requests, max(1, workers/renewalShare))
		})
		return nil
	})
}

// begin starts a renewal. It replaces a renewal that is not complete.
func (r *renewal) begin(queue requestQueue, all []reconcile.Request, width int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.underWay == nil {
		r.underWay = sets.New[reconcile.Request]()
	}
	r.queue, r.width, r.waiting = queue, width, all
	r.proceed()
}

// reconciled records that an object has been reconciled, for any reason.
func (r *renewal) reconciled(request reconcile.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.underWay.Has(request) {
		r.underWay.Delete(request)
		r.proceed()
	}
}

// proceed enqueues requests until width are under way. The caller holds mu.
func (r *renewal) proceed() {
	for len(r.waiting) > 0 && r.underWay.Len() < r.width {
		next := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.underWay.Insert(next)
		addLowPriority(r.queue, next)
	}
}
