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
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// orphanGracePeriod is how long a report may wait for its resource, where it
// does not say by UID which one it means: a set of manifests may be applied in
// any order.
const orphanGracePeriod = time.Minute

// AdapterStatusReconciler deletes reports whose resource does not exist, or not
// any more. Those of a resource that is being deleted go with it, which is the
// resource's reconciler's work.
type AdapterStatusReconciler struct {
	// Client reads from the cache of CacheOptions.
	Client client.Client

	// APIReader reads from the API server.
	APIReader client.Reader

	// Reports are those that are looked at.
	Reports *replica.Reports

	// Clock tells the age of reports.
	Clock clock.PassiveClock

	// MaxConcurrentReconciles is how many reports are looked at at a time.
	MaxConcurrentReconciles int

	announcer announcer
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters;nodepools,verbs=get;list;watch

// SetupWithManager registers the reconciler. SetupIndexes comes first.
func (r *AdapterStatusReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.announcer = announcer{mgr.GetEventRecorder(recorderName)}
	reportsOnKind := func(kind string) func(client.Object) dependents {
		return func(o client.Object) dependents { return reportsOn(r.Reports, kind, o) }
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("adapterstatus").
		WatchesRawSource(reportSource{r.Reports, pointsElsewhere}).
		Watches(&v1.Cluster{}, toDependents(reportsOnKind(v1.ClusterKind)), builder.WithPredicates(goes)).
		Watches(&v1.NodePool{}, toDependents(reportsOnKind(v1.NodePoolKind)), builder.WithPredicates(goes)).
		WithOptions(controllerOptions(r.MaxConcurrentReconciles)).
		Complete(r)
}

// Reconcile deletes one report, or leaves it alone.
func (r *AdapterStatusReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	return settle(r.reconcile(ctx, req.NamespacedName))
}

func (r *AdapterStatusReconciler) reconcile(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
	report, ok := r.Reports.Get(key)
	if !ok || !report.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	// The cache may not know the resource yet: what decides is the API server.
	for _, reader := range []client.Reader{r.Client, r.APIReader} {
		if exists, err := resourceExists(ctx, reader, report); exists || err != nil {
			return ctrl.Result{}, err
		}
	}
	if report.Spec.ResourceRef.UID == "" {
		age := r.Clock.Since(report.CreationTimestamp.Time)
		if wait := orphanGracePeriod - age; wait > 0 {
			return ctrl.Result{RequeueAfter: wait}, nil
		}
	}
	log.FromContext(ctx).Info("Report is about a resource that does not exist", "report", klog.KObj(report),
		"kind", report.Spec.ResourceRef.Kind, "resource", report.Spec.ResourceRef.Name, "uid", report.Spec.ResourceRef.UID)
	// A report that has been replaced since may be about the resource's successor.
	only := client.Preconditions{UID: &report.UID, ResourceVersion: &report.ResourceVersion}
	if err := (cascade{client: r.Client}).delete(ctx, report, only); err != nil {
		return ctrl.Result{}, err
	}
	metrics.ReportsDiscarded.WithLabelValues(report.Spec.ResourceRef.Kind, metrics.DiscardOrphan).Inc()
	r.announcer.orphan(report)
	return ctrl.Result{}, nil
}

// resourceExists tells whether the very resource that the report is about exists.
func resourceExists(ctx context.Context, reader client.Reader, report *v1.AdapterStatus) (bool, error) {
	ref := report.Spec.ResourceRef
	resource := newParent(ref.Kind)
	err := reader.Get(ctx, client.ObjectKey{Namespace: report.Namespace, Name: ref.Name}, resource, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("get %s of report: %w", ref.Kind, err)
	}
	return ref.Concerns(ref.Kind, resource.GetName(), resource.GetUID()), nil
}

// pointsElsewhere enqueues a new report, and one that has got the UID of its
// resource. Other changes of a report cannot make it an orphan. Those that were
// there before come at low priority.
func pointsElsewhere(queue requestQueue) toolscache.ResourceEventHandler {
	request := func(o any) reconcile.Request {
		return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o.(*v1.AdapterStatus))}
	}
	return toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(o any, isInInitialList bool) {
			if isInInitialList {
				addLowPriority(queue, request(o))
			} else {
				queue.Add(request(o))
			}
		},
		UpdateFunc: func(before, after any) {
			if before.(*v1.AdapterStatus).Spec.ResourceRef != after.(*v1.AdapterStatus).Spec.ResourceRef {
				queue.Add(request(after))
			}
		},
	}
}
