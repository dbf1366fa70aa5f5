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
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

const (
	// reconcileTimeout bounds one reconcile, so that an API server that does not
	// answer cannot hold a worker for ever.
	reconcileTimeout = 30 * time.Second

	// retryDelay is about the time in which the cache sees a write.
	retryDelay = 20 * time.Millisecond

	// Failures back off from minBackoff to maxBackoff. The library's default would
	// let an outage of minutes stop an object for a quarter of an hour.
	minBackoff = 5 * time.Millisecond
	maxBackoff = 30 * time.Second
)

func controllerOptions(concurrency int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: concurrency,
		ReconciliationTimeout:   reconcileTimeout,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minBackoff, maxBackoff),
	}
}

// settle is the one way out of a reconcile. A conflict says that the cached copy
// was too old, which is common and passes, so it is not logged as an error. That
// the object is gone makes its reconcile moot.
func settle(result ctrl.Result, err error) (ctrl.Result, error) {
	switch {
	case apierrors.IsConflict(err):
		return ctrl.Result{RequeueAfter: retryDelay}, nil
	case apierrors.IsNotFound(err):
		return ctrl.Result{}, nil
	}
	return result, err
}

// foreignChanges passes every event of a parent but those that the reconciler
// caused itself. What anyone else writes, be it to the status, leads to a
// reconcile and is put right.
func foreignChanges(m *memory) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool { return !m.isOwnWrite(e.ObjectNew) }}
}

// comesOrGoes passes the creation and deletion of objects.
var comesOrGoes = predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}

// goes passes the deletion of objects.
var goes = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(event.UpdateEvent) bool { return false },
}

// toResource leads from a report to the resource of that kind that it is about,
// once it has waited for others. It notes when a new or replaced one arrived. Those
// that were there when the controller started are taken in as their resources are,
// at low priority: a new leader that looks at the whole fleet must not keep new
// reports waiting.
func toResource(kind string, pending *replica.PendingReports, m *memory) func(requestQueue) toolscache.ResourceEventHandler {
	return func(queue requestQueue) toolscache.ResourceEventHandler {
		enqueue := func(o any, isNews bool) {
			report := o.(*v1.AdapterStatus)
			if ref := report.Spec.ResourceRef; ref.Kind == kind {
				key := client.ObjectKey{Namespace: report.Namespace, Name: ref.Name}
				if isNews {
					m.received(key)
				}
				queue.AddAfter(reconcile.Request{NamespacedName: key}, statusDelay(pending, report))
			}
		}
		return toolscache.ResourceEventHandlerDetailedFuncs{
			AddFunc: func(o any, isInInitialList bool) {
				if !isInInitialList {
					enqueue(o, true)
				}
			},
			UpdateFunc: func(_, o any) { enqueue(o, true) },
			DeleteFunc: func(o any) { enqueue(o, false) },
		}
	}
}

// toDependents leads from a parent to those of its dependents that are known here.
func toDependents(of func(parent client.Object) dependents) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		found, err := of(o).known(ctx)
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot look up the dependents of an object")
			return nil
		}
		requests := make([]reconcile.Request, 0, len(found))
		for _, dependent := range found {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(dependent)})
		}
		return requests
	})
}

// addLowPriority enqueues what must not keep others waiting.
func addLowPriority(queue requestQueue, request reconcile.Request) {
	if q, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		q.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, request)
		return
	}
	queue.Add(request)
}
