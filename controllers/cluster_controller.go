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
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// ClusterReconciler keeps the status of Clusters, and takes their NodePools and
// reports along when they are deleted.
type ClusterReconciler struct {
	// Client reads from the cache of CacheOptions.
	Client client.Client

	// APIReader reads from the API server.
	APIReader client.Reader

	// Reports are what the status is aggregated from.
	Reports *replica.Reports

	// Adapters are the required adapters.
	Adapters RequiredAdapters

	// Pending are the reports that this process is writing.
	Pending *replica.PendingReports

	// Clock dates the transitions of conditions.
	Clock clock.PassiveClock

	// MaxConcurrentReconciles is how many Clusters are reconciled at a time.
	MaxConcurrentReconciles int

	// HeartbeatDelay is how long a change of nothing but lastUpdatedTime may wait
	// for others before it is written; 0 writes it at once.
	HeartbeatDelay time.Duration

	memory    memory
	renewal   renewal
	announcer announcer
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters/status,verbs=update
// +kubebuilder:rbac:groups=hyperfleet.io,resources=nodepools,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=get;list;watch;delete

// SetupWithManager registers the reconciler. SetupIndexes comes first.
func (r *ClusterReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.announcer = announcer{mgr.GetEventRecorder(recorderName)}
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1.Cluster{}, builder.WithPredicates(foreignChanges(&r.memory))).
		Watches(&v1.Cluster{}, handler.Funcs{DeleteFunc: r.rememberVanished}).
		Watches(&v1.NodePool{}, handler.EnqueueRequestsFromMapFunc(toCluster), builder.WithPredicates(comesOrGoes)).
		WatchesRawSource(reportSource{r.Reports, toResource(v1.ClusterKind, r.Pending, &r.memory)}).
		WatchesRawSource(r.renewal.onChange(r.Adapters, r.Client, &v1.ClusterList{}, r.MaxConcurrentReconciles)).
		WithOptions(controllerOptions(r.MaxConcurrentReconciles)).
		Complete(r)
}

// Reconcile brings one Cluster up to date.
func (r *ClusterReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	defer r.renewal.reconciled(req)
	return settle(r.reconcile(ctx, req.NamespacedName))
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
	if r.memory.isBehind(cluster) {
		return ctrl.Result{RequeueAfter: retryDelay}, nil
	}
	if !cluster.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.cascade().finalize(ctx, cluster, poolsOf(r.Client, key), reportsOn(r.Reports, v1.ClusterKind, cluster))
	}
	if err := r.ensureFinalizer(ctx, cluster); err != nil {
		return ctrl.Result{}, err
	}
	status := aggregator{client: r.Client, reports: r.Reports, adapters: r.Adapters, clock: r.Clock, kind: v1.ClusterKind, memory: &r.memory, heartbeatDelay: r.HeartbeatDelay, announcer: r.announcer}
	return status.update(ctx, cluster, "")
}

// ensureFinalizer adds the finalizer where the admission policy, which does it
// on creation, was not there or somebody has removed it.
func (r *ClusterReconciler) ensureFinalizer(ctx context.Context, cluster *v1.Cluster) error {
	base := cluster.DeepCopy()
	if !controllerutil.AddFinalizer(cluster, v1.CascadeFinalizer) {
		return nil
	}
	if err := patchMetadata(ctx, r.Client, cluster, base); err != nil {
		return err
	}
	r.memory.wrote(cluster)
	return nil
}

// rememberVanished notes the resourceVersion at which a Cluster was deleted.
func (r *ClusterReconciler) rememberVanished(_ context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	key := client.ObjectKeyFromObject(e.Object)
	r.memory.vanished.Store(key, e.Object.GetResourceVersion())
	queue.Add(reconcile.Request{NamespacedName: key})
}

// sweepVanished deletes the NodePools that were there when the Cluster of that
// name vanished, whether or not there is another one by now.
func (r *ClusterReconciler) sweepVanished(ctx context.Context, key client.ObjectKey) error {
	version, ok := r.memory.vanished.Load(key)
	if !ok {
		return nil
	}
	if err := r.cascade().sweep(ctx, key, version.(string), poolsOf(r.Client, key)); err != nil {
		return err
	}
	r.memory.vanished.CompareAndDelete(key, version)
	return nil
}

func (r *ClusterReconciler) cascade() cascade {
	return cascade{client: r.Client, live: r.APIReader, announcer: r.announcer}
}

func toCluster(_ context.Context, o client.Object) []reconcile.Request {
	name := o.(*v1.NodePool).Spec.ClusterName
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: o.GetNamespace(), Name: name}}}
}
