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

	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// foreignChanges passes every event of a parent except the events that the reconciler's
// own writes caused. A write by any other client, even to the status, leads to a
// reconcile, which corrects the status.
func foreignChanges(m *memory) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool { return !m.isOwnWrite(e.ObjectNew) }}
}

// createdOrDeleted passes the creation and deletion of objects.
var createdOrDeleted = predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}

// createdOrReleased passes the creation and deletion of objects, and the removal of
// HyperFleet's finalizer. After that, finalizers of other programs may keep the object.
var createdOrReleased = predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
	return controllerutil.ContainsFinalizer(e.ObjectOld, v1.CascadeFinalizer) && !controllerutil.ContainsFinalizer(e.ObjectNew, v1.CascadeFinalizer)
}}

// forced passes the decision to delete an object by force.
var forced = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		return forceDeleteOf(e.ObjectOld) == nil && forceDeleteOf(e.ObjectNew) != nil
	},
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
}

// deleted passes the deletion of objects.
var deleted = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	UpdateFunc: func(event.UpdateEvent) bool { return false },
}

// toResource enqueues the resource that a report is about, if it is of the kind, after
// the report has waited for other reports. It records the arrival of a new or replaced
// report. Reports that existed when the controller started are aggregated when their
// resources are reconciled, at low priority: a new leader that reconciles the whole fleet
// must not delay new reports.
func toResource(kind string, pending *replica.PendingReports, m *memory) func(requestQueue) toolscache.ResourceEventHandler {
	return func(queue requestQueue) toolscache.ResourceEventHandler {
		enqueue := func(o any, isNew bool) {
			report := o.(*v1.AdapterStatus)
			if ref := report.Spec.ResourceRef; ref.Kind == kind {
				key := client.ObjectKey{Namespace: report.Namespace, Name: ref.Name}
				if isNew {
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

// toReport enqueues a new report, a report whose resourceRef or generation has changed, a
// report whose deletion has begun, and a report from the future. Other changes cannot make
// a report an orphan or implausible. Reports that existed when the controller started are
// enqueued at low priority.
func toReport(clock clock.PassiveClock) func(requestQueue) toolscache.ResourceEventHandler {
	request := func(o any) reconcile.Request {
		return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o.(*v1.AdapterStatus))}
	}
	concerns := func(was, is *v1.AdapterStatus) bool {
		if was.Spec.ResourceRef != is.Spec.ResourceRef || was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero() ||
			was.Spec.ObservedGeneration != is.Spec.ObservedGeneration {
			return true
		}
		_, implausible := aggregate.Implausible(aggregate.ReportOf(is), is.Spec.ObservedGeneration, clock.Now())
		return implausible
	}
	return func(queue requestQueue) toolscache.ResourceEventHandler {
		return toolscache.ResourceEventHandlerDetailedFuncs{
			AddFunc: func(o any, isInInitialList bool) {
				if isInInitialList {
					addLowPriority(queue, request(o))
				} else {
					queue.Add(request(o))
				}
			},
			UpdateFunc: func(before, after any) {
				if concerns(before.(*v1.AdapterStatus), after.(*v1.AdapterStatus)) {
					queue.Add(request(after))
				}
			},
		}
	}
}

// countReports counts each report that is stored while this process leads.
var countReports = toolscache.ResourceEventHandlerDetailedFuncs{
	AddFunc: func(o any, isInInitialList bool) {
		if !isInInitialList {
			countReport(o.(*v1.AdapterStatus), metrics.ReportStored)
		}
	},
	UpdateFunc: func(before, after any) {
		was, is := before.(*v1.AdapterStatus), after.(*v1.AdapterStatus)
		switch {
		case was.UID == is.UID && was.DeletionTimestamp.IsZero() != is.DeletionTimestamp.IsZero(): // not a report: its deletion has begun
		case isHeartbeat(was, is):
			countReport(is, metrics.ReportHeartbeat)
		default:
			countReport(is, metrics.ReportStored)
		}
	},
}

// isHeartbeat reports whether a report and the report that it replaces differ, in the
// fields that aggregation reads, only in times.
func isHeartbeat(was, is *v1.AdapterStatus) bool {
	before, after := aggregate.ReportOf(was), aggregate.ReportOf(is)
	before.Observed, before.Created, before.Transition = after.Observed, after.Created, after.Transition
	return was.UID == is.UID && before == after
}

func countReport(report *v1.AdapterStatus, result string) {
	metrics.StoredReport(report.Spec.ResourceRef.Kind, report.Spec.Adapter, result)
}

// toCluster enqueues the Cluster of a NodePool.
func toCluster(_ context.Context, o client.Object) []reconcile.Request {
	name := o.(*v1.NodePool).Spec.ClusterName
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: o.GetNamespace(), Name: name}}}
}

// toDependents enqueues the dependents of a parent that this replica knows.
func toDependents(dependentsOf func(parent client.Object) dependents) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		known, err := dependentsOf(o).known(ctx)
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot look up the dependents of an object")
			return nil
		}
		requests := make([]reconcile.Request, 0, len(known))
		for _, dependent := range known {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(dependent)})
		}
		return requests
	})
}

// addLowPriority enqueues a request that must not delay other requests.
func addLowPriority(queue requestQueue, request reconcile.Request) {
	if q, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		q.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, request)
		return
	}
	queue.Add(request)
}
