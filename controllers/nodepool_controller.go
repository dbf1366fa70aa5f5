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
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// NodePoolReconciler writes the status of NodePools, ties NodePools to their Cluster, and
// completes the deletion of a NodePool with its reports.
type NodePoolReconciler struct {
	Options

	memory   memory
	renewal  renewal
	recorder eventRecorder
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=nodepools,verbs=get;list;watch;update;patch;delete
// +kubebuilder:rbac:groups=hyperfleet.io,resources=nodepools/status;nodepools/finalizers,verbs=update
// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters,verbs=get;list;watch
// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=get;list;watch;delete

// SetupWithManager registers the reconciler. It needs the index of setupIndexes.
func (r *NodePoolReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.recorder = eventRecorder{mgr.GetEventRecorder(recorderName)}
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1.NodePool{}, builder.WithPredicates(foreignChanges(&r.memory))).
		Watches(&v1.Cluster{}, toDependents(r.poolsOf), builder.WithPredicates(predicate.Or(createdOrDeleted, forced))).
		WatchesRawSource(reportSource{r.Reports, toResource(v1.NodePoolKind, r.Pending, &r.memory)}).
		WatchesRawSource(r.renewal.onChange(r.Adapters, r.Client, &v1.NodePoolList{}, r.MaxConcurrentReconciles)).
		WithOptions(controllerOptions(r.MaxConcurrentReconciles)).
		Complete(r)
}

// Reconcile reconciles one NodePool.
func (r *NodePoolReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	defer r.renewal.reconciled(req)
	result, err := r.reconcile(ctx, req.NamespacedName)
	return r.memory.settle(req.NamespacedName, result, err)
}

func (r *NodePoolReconciler) reconcile(ctx context.Context, key client.ObjectKey) (ctrl.Result, error) {
	pool := &v1.NodePool{}
	if err := r.Client.Get(ctx, key, pool); apierrors.IsNotFound(err) {
		r.memory.forget(key)
		return ctrl.Result{}, nil
	} else if err != nil {
		return ctrl.Result{}, fmt.Errorf("get NodePool: %w", err)
	}
	if lag, err := r.memory.cacheLag(ctx, r.APIReader, pool); lag > 0 || err != nil {
		return ctrl.Result{RequeueAfter: lag}, err
	}
	status := aggregator{Options: r.Options, kind: v1.NodePoolKind, memory: &r.memory, recorder: r.recorder}
	if !pool.DeletionTimestamp.IsZero() {
		forced := forceDeleteOf(pool)
		if forced == nil {
			var err error
			if forced, err = forceDeleteOfCluster(ctx, r.Client, r.APIReader, pool); err != nil {
				return ctrl.Result{}, err
			}
		}
		return deletion{status, r.cascade(), forced}.step(ctx, pool)
	}

	cluster, err := r.cluster(ctx, pool)
	if err != nil {
		return ctrl.Result{}, err
	}
	var missing string
	switch owner := pool.ClusterUID(); {
	case owner != "" && (cluster == nil || cluster.UID != owner):
		log.FromContext(ctx).Info("Deleting a NodePool whose Cluster no longer exists", "nodePool", klog.KObj(pool), "owner", owner)
		r.recorder.clusterGone(pool)
		return ctrl.Result{}, r.cascade().delete(ctx, pool, client.Preconditions{UID: &pool.UID})
	case cluster == nil:
		missing = pool.Spec.ClusterName
	case !cluster.DeletionTimestamp.IsZero():
		return ctrl.Result{}, nil // the deletion of the Cluster deletes the NodePool
	}
	if err := r.tie(ctx, pool, cluster); err != nil {
		return ctrl.Result{}, err
	}
	return status.update(ctx, pool, circumstances{missingCluster: missing})
}

// cluster returns the NodePool's Cluster, nil if it does not exist. The cache decides
// only if it contains exactly the Cluster that the NodePool is tied to. Otherwise the API
// server decides, because the reconciler deletes a NodePool whose Cluster no longer
// exists.
func (r *NodePoolReconciler) cluster(ctx context.Context, pool *v1.NodePool) (*v1.Cluster, error) {
	key := client.ObjectKey{Namespace: pool.Namespace, Name: pool.Spec.ClusterName}
	cluster := &v1.Cluster{}
	err := r.Client.Get(ctx, key, cluster)
	if err == nil && cluster.UID == pool.ClusterUID() {
		return cluster, nil
	}
	if client.IgnoreNotFound(err) == nil {
		cluster = &v1.Cluster{}
		err = r.APIReader.Get(ctx, key, cluster)
	}
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("get Cluster: %w", err)
	}
	return cluster, nil
}

// tie adds the finalizer, the label of the Cluster and, once the Cluster exists, an
// ownerReference to it, if the NodePool lacks them.
func (r *NodePoolReconciler) tie(ctx context.Context, pool *v1.NodePool, cluster *v1.Cluster) error {
	base := pool.DeepCopy()
	changed := controllerutil.AddFinalizer(pool, v1.CascadeFinalizer)
	changed = pool.TieTo(cluster) || changed
	if !changed {
		return nil
	}
	if err := patchMetadata(ctx, r.Client, pool, base); err != nil {
		return err
	}
	r.memory.wrote(pool, 0)
	return nil
}

func (r *NodePoolReconciler) poolsOf(cluster client.Object) dependents {
	return dependentPools(r.Client, client.ObjectKeyFromObject(cluster))
}

func (r *NodePoolReconciler) cascade() cascade {
	return cascade{Options: r.Options, memory: &r.memory, recorder: r.recorder}
}
