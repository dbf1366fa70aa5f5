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
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// orphanGracePeriod is how long a report without a UID may wait for its resource: a
// set of manifests may be applied in any order.
const orphanGracePeriod = time.Minute

// AdapterStatusReconciler deletes reports whose resource does not exist or no longer
// exists, and reports that no adapter can have made. The reconciler of a resource deletes
// the reports on it while the resource is being deleted. AdapterStatusReconciler also
// releases a report that is being deleted if no garbage collector runs.
type AdapterStatusReconciler struct {
	Options

	memory   memory
	recorder eventRecorder
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=get;list;watch;update;delete
// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters;nodepools,verbs=get;list;watch;patch

// SetupWithManager registers the reconciler.
func (r *AdapterStatusReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.recorder = eventRecorder{mgr.GetEventRecorder(recorderName)}
	reports := func(resource client.Object) dependents {
		return dependentReports(r.Reports, kindOf(resource), resource)
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("adapterstatus").
		WatchesRawSource(reportSource{r.Reports, toReport(r.Clock)}).
		WatchesRawSource(r.judgeStored()).
		Watches(&v1.Cluster{}, toDependents(reports), builder.WithPredicates(deleted)).
		Watches(&v1.NodePool{}, toDependents(reports), builder.WithPredicates(deleted)).
		WithOptions(controllerOptions(r.MaxConcurrentReconciles)).
		Complete(r)
}

// Reconcile deletes one report if its resource does not exist or the report is
// implausible, and releases a report that is being deleted.
func (r *AdapterStatusReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	result, err := r.reconcile(ctx, req.NamespacedName)
	return r.memory.settle(req.NamespacedName, result, err)
}

func (r *AdapterStatusReconciler) reconcile(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
	report, ok := r.Reports.Get(key)
	switch {
	case !ok:
		r.memory.forget(key)
		return ctrl.Result{}, nil
	case !report.DeletionTimestamp.IsZero():
		return r.release(ctx, key)
	}
	resource, err := r.resource(ctx, report)
	if err != nil {
		return ctrl.Result{}, err
	}
	if judged, result, err := r.judgeTime(ctx, report, resource); judged || err != nil {
		return result, err
	}
	if resource != nil {
		return r.judgeGeneration(ctx, report, resource)
	}
	if report.Spec.ResourceRef.UID == "" {
		age := r.Clock.Since(report.CreationTimestamp.Time)
		if wait := orphanGracePeriod - age; wait > 0 {
			return ctrl.Result{RequeueAfter: wait}, nil
		}
	}
	log.FromContext(ctx).Info("Deleting a report on a resource that does not exist", "report", klog.KObj(report),
		"kind", report.Spec.ResourceRef.Kind, "resource", report.Spec.ResourceRef.Name, "uid", report.Spec.ResourceRef.UID)
	// If the report was replaced in the meantime, it may be about a successor of the
	// resource.
	only := client.Preconditions{UID: &report.UID, ResourceVersion: &report.ResourceVersion}
	if err := r.cascade().delete(ctx, report, only); err != nil {
		return ctrl.Result{}, err
	}
	metrics.DeletedReport(report.Spec.ResourceRef.Kind, report.Spec.Adapter, metrics.DiscardOrphan)
	r.recorder.orphanDeleted(report)
	return ctrl.Result{}, nil
}

// release removes the garbage collector's finalizers from a report that is being deleted,
// see collectorFinalizers. They would keep the report, and the report would keep its
// parent. This replica's copy of a report lacks the finalizers.
func (r *AdapterStatusReconciler) release(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
	stored := &v1.AdapterStatus{}
	if err := r.APIReader.Get(ctx, key, stored); err != nil {
		return ctrl.Result{}, fmt.Errorf("get report that is being deleted: %w", err)
	}
	if stored.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // a successor, whose event enqueues it
	}
	return r.cascade().release(ctx, stored, nil)
}

func (r *AdapterStatusReconciler) cascade() cascade {
	return cascade{Options: r.Options, memory: &r.memory, recorder: r.recorder}
}

// resource returns exactly the resource that the report is about, nil if there is none.
// The cache may not contain the resource yet, so the API server decides.
func (r *AdapterStatusReconciler) resource(ctx context.Context, report *v1.AdapterStatus) (parent, error) {
	if cached, err := resourceOf(ctx, r.Client, report); cached != nil || err != nil {
		return cached, err
	}
	return resourceOf(ctx, r.APIReader, report)
}

// resourceOf returns exactly the resource that the report is about, nil if the reader
// does not have it.
func resourceOf(ctx context.Context, reader client.Reader, report *v1.AdapterStatus) (parent, error) {
	ref := report.Spec.ResourceRef
	resource := newParent(ref.Kind)
	err := reader.Get(ctx, client.ObjectKey{Namespace: report.Namespace, Name: ref.Name}, resource, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get %s of report: %w", ref.Kind, err)
	}
	if !ref.Concerns(ref.Kind, resource.GetName(), resource.GetUID()) {
		return nil, nil
	}
	return resource, nil
}
