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

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// ClusterReconciler writes the status of Clusters, and completes the deletion of a
// Cluster with its NodePools and reports.
type ClusterReconciler struct {
	Options

	memory   memory
	renewal  renewal
	recorder eventRecorder
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters,verbs=get;list;watch;update;patch
// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters/status;clusters/finalizers,verbs=update
// +kubebuilder:rbac:groups=hyperfleet.io,resources=nodepools,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=get;list;watch;delete

// SetupWithManager registers the reconciler. It needs the index of setupIndexes.
func (r *ClusterReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.recorder = eventRecorder{mgr.GetEventRecorder(recorderName)}
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1.Cluster{}, builder.WithPredicates(foreignChanges(&r.memory))).
		Watches(&v1.Cluster{}, handler.Funcs{DeleteFunc: r.rememberVanished}).
		Watches(&v1.NodePool{}, handler.EnqueueRequestsFromMapFunc(toCluster), builder.WithPredicates(createdOrReleased)).
		WatchesRawSource(reportSource{r.Reports, toResource(v1.ClusterKind, r.Pending, &r.memory)}).
		WatchesRawSource(r.renewal.onChange(r.Adapters, r.Client, &v1.ClusterList{}, r.MaxConcurrentReconciles)).
		WithOptions(controllerOptions(r.MaxConcurrentReconciles)).
		Complete(r)
}

// Reconcile reconciles one Cluster.
func (r *ClusterReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	defer r.renewal.reconciled(req)
	result, err := r.reconcile(ctx, req.NamespacedName)
	return r.memory.settle(req.NamespacedName, result, err)
}

func (r *ClusterReconciler) reconcile(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
	if err := r.sweepVanished(ctx, key); err != nil {
		return ctrl.Result{}, err
	}
	cluster := &v1.Cluster{}
	if err := r.Client.Get(ctx, key, cluster); apierrors.IsNotFound(err) {
		r.memory.forget(key)
		return ctrl.Result{}, nil
	} else if err != nil {
		return ctrl.Result{}, fmt.Errorf("get Cluster: %w", err)
	}
	if lag, err := r.memory.cacheLag(ctx, r.APIReader, cluster); lag > 0 || err != nil {
		return ctrl.Result{RequeueAfter: lag}, err
	}
	status := aggregator{Options: r.Options, kind: v1.ClusterKind, memory: &r.memory, recorder: r.recorder}
	if !cluster.DeletionTimestamp.IsZero() {
		return deletion{status, r.cascade(), forceDeleteOf(cluster)}.step(ctx, cluster, dependentPools(r.Client, key))
	}
	if err := r.ensureFinalizer(ctx, cluster); err != nil {
		return ctrl.Result{}, err
	}
	return status.update(ctx, cluster, circumstances{})
}

// ensureFinalizer adds the finalizer if it is missing. The admission policy that adds it
// on creation may not be installed, or a client may have removed it.
func (r *ClusterReconciler) ensureFinalizer(ctx context.Context, cluster *v1.Cluster) error {
	base := cluster.DeepCopy()
	if !controllerutil.AddFinalizer(cluster, v1.CascadeFinalizer) {
		return nil
	}
	if err := patchMetadata(ctx, r.Client, cluster, base); err != nil {
		return err
	}
	r.memory.wrote(cluster, 0)
	return nil
}

// rememberVanished records that a Cluster was removed from the cache.
func (r *ClusterReconciler) rememberVanished(_ context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	r.memory.vanish(e.Object)
	queue.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e.Object)})
}

// sweepVanished deletes the NodePools that existed when the Cluster of that name
// vanished, whether or not another Cluster has the name by now.
func (r *ClusterReconciler) sweepVanished(ctx context.Context, key client.ObjectKey) error {
	cluster, ok := r.memory.vanishedOf(key)
	if !ok {
		return nil
	}
	if err := r.cascade().sweepPools(ctx, key, cluster); err != nil {
		return err
	}
	r.memory.swept(key, cluster)
	return nil
}

func (r *ClusterReconciler) cascade() cascade {
	return cascade{Options: r.Options, memory: &r.memory, recorder: r.recorder}
}
