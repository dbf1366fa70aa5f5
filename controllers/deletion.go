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
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// deletion deletes one parent in order: first its NodePools are deleted, then every
// finalizing adapter reports that it has finalized, then the reports are deleted, and
// last the finalizer is removed. Meanwhile the status shows what the deletion waits for.
type deletion struct {
	aggregator
	cascade cascade

	// forced is the decision to delete the parent without waiting, nil for none.
	forced *forceDelete
}

// step continues the deletion as far as is possible now. It does not wait: every change
// that the deletion waits for enqueues the parent. Each step starts from the present
// state, so any step may be interrupted and repeated. pools are the NodePools of a
// Cluster; a NodePool has none.
func (d deletion) step(ctx context.Context, obj parent, pools ...dependents) (ctrl.Result, error) {
	children, err := d.deleteChildren(ctx, obj, pools, knownDependents)
	if err != nil {
		return ctrl.Result{}, err
	}
	at := circumstances{children: children, finalizers: foreignFinalizers(obj)}
	if d.forced == nil && obj.GetStatus().FinalizedGeneration == 0 {
		at.finalizing = d.Adapters.Finalizing(d.kind)
	}
	c, err := d.compute(ctx, obj, at)
	switch {
	case err != nil:
		return ctrl.Result{}, err
	case d.waits(c):
		return d.wait(ctx, obj, c)
	case len(at.finalizing) > 0:
		if decided, result, err := d.decide(ctx, obj, &c, pools); !decided || err != nil {
			return result, err
		}
	case len(at.finalizers) > 0: // these keep the object after a forced deletion, too
		if _, err := d.save(ctx, obj, c); err != nil {
			return ctrl.Result{}, err
		}
	}
	return d.remove(ctx, obj, c, pools)
}

// decide reports whether all finalizing adapters have finalized, and records that in the
// status. This replica has found nothing to wait for, but only the state of the API
// server counts. The decision is final, because the next step deletes the reports on
// which it rests.
func (d deletion) decide(ctx context.Context, obj parent, c *computation, pools []dependents) (decided bool, result ctrl.Result, err error) {
	if c.in.Children, err = d.deleteChildren(ctx, obj, pools, d.cascade.storedDependents); err != nil {
		return false, ctrl.Result{}, err
	}
	if err := d.confirm(ctx, obj, c); err != nil {
		return false, ctrl.Result{}, err
	}
	if d.waits(*c) {
		d.evaluate(obj, c)
		result, err = d.wait(ctx, obj, *c)
		return false, result, err
	}
	// The lock of the write proves that the object is as it was read.
	c.finalized = obj.GetGeneration()
	d.evaluate(obj, c)
	result, err = d.save(ctx, obj, *c)
	return err == nil, result, err
}

// remove deletes the reports, and removes the finalizer once no report and no NodePool is
// left. It does not wait for the reports to disappear: the deletion of a report enqueues
// the parent.
func (d deletion) remove(ctx context.Context, obj parent, c computation, pools []dependents) (ctrl.Result, error) {
	reports := dependentReports(d.Reports, d.kind, obj)
	if left, err := knownDependents(ctx, reports); err != nil || len(left) > 0 {
		return ctrl.Result{}, errors.Join(err, d.cascade.deleteAll(ctx, obj, left))
	}
	// This replica may not know the latest dependents yet.
	var err error
	if c.in.Children, err = d.deleteChildren(ctx, obj, pools, d.cascade.storedDependents); err != nil {
		return ctrl.Result{}, err
	}
	if d.waits(c) {
		d.evaluate(obj, &c)
		return d.wait(ctx, obj, c)
	}
	if left, err := d.cascade.storedDependents(ctx, reports); err != nil || len(left) > 0 {
		return ctrl.Result{}, errors.Join(err, d.cascade.deleteAll(ctx, obj, left))
	}
	return d.cascade.release(ctx, obj, d.forced)
}

// waits reports whether the deletion waits for anything. A forced deletion waits only for
// the NodePools of a Cluster, so that their reports are removed before the Cluster.
func (d deletion) waits(c computation) bool {
	if len(c.in.Children) > 0 {
		return true
	}
	return d.forced == nil && (len(c.in.Finalizers) > 0 || len(aggregate.Awaited(c.in)) > 0)
}

// wait stores the status, which shows what the deletion waits for. If the deletion has
// taken longer than StuckAfter, wait records an Event, at most once per StuckAfter.
func (d deletion) wait(ctx context.Context, obj parent, c computation) (ctrl.Result, error) {
	result, err := d.save(ctx, obj, c)
	if err != nil || d.StuckAfter <= 0 {
		return result, err
	}
	next := d.memory.stuckWait(obj, d.StuckAfter, d.Clock.Now())
	if next <= 0 {
		d.recorder.deletionStuck(obj, aggregate.ReadyOf(c.status.Conditions).Message)
		next = d.StuckAfter
	}
	if result.RequeueAfter == 0 || next < result.RequeueAfter {
		result.RequeueAfter = next
	}
	return result, nil
}

// deleteChildren deletes the NodePools that find returns and that are not being deleted
// yet. It returns the names of the NodePools that the deletion of the Cluster waits for.
func (d deletion) deleteChildren(ctx context.Context, obj parent, pools []dependents, find finder) (names []string, err error) {
	for _, p := range pools {
		left, err := find(ctx, p)
		if err != nil {
			return nil, err
		}
		if err := d.cascade.deleteAll(ctx, obj, left); err != nil {
			return nil, err
		}
		for _, o := range left {
			// A Cluster whose deletion is forced does not wait for finalizers of other programs on
			// its NodePools.
			if d.forced == nil || o.GetDeletionTimestamp().IsZero() || controllerutil.ContainsFinalizer(o, v1.CascadeFinalizer) {
				names = append(names, v1.PoolName(o.GetName()))
			}
		}
	}
	return names, nil
}

// foreignFinalizers returns the finalizers of other programs. It leaves out HyperFleet's
// finalizer, and the garbage collector's finalizers, which HyperFleet removes if no
// garbage collector does.
func foreignFinalizers(o client.Object) []string {
	return slices.DeleteFunc(slices.Clone(o.GetFinalizers()), func(f string) bool {
		return f == v1.CascadeFinalizer || slices.Contains(collectorFinalizers, f)
	})
}

// forceDelete is the decision of a user to delete an object although adapters have not
// finalized it.
type forceDelete struct{ user, reason string }

// forceDeleteOf returns the decision about an object that is being deleted, nil for
// none. An admission policy lets only authorized users set the annotations, and lets
// nobody change them.
func forceDeleteOf(o client.Object) *forceDelete {
	annotations := o.GetAnnotations()
	if reason := annotations[v1.ForceDeleteAnnotation]; reason != "" && !o.GetDeletionTimestamp().IsZero() {
		return &forceDelete{annotations[v1.ForceDeletedByAnnotation], reason}
	}
	return nil
}

// recordForced records that obj was removed by force.
func (c cascade) recordForced(ctx context.Context, obj client.Object, forced *forceDelete) {
	log.FromContext(ctx).Info("Deleted by force, without waiting for adapters", "user", forced.user, "reason", forced.reason)
	metrics.ForcedDeletions.WithLabelValues(kindOf(obj)).Inc()
	c.recorder.forceDeleted(obj, forced)
}

// forceDeleteOfCluster returns the decision about the Cluster of a NodePool, which
// applies to the NodePool as well. The API server must confirm a decision that the cache
// contains, because a NodePool refers to its Cluster only by name.
func forceDeleteOfCluster(ctx context.Context, cached, stored client.Reader, pool *v1.NodePool) (*forceDelete, error) {
	key := client.ObjectKey{Namespace: pool.Namespace, Name: pool.Spec.ClusterName}
	var forced *forceDelete
	for _, reader := range []client.Reader{cached, stored} {
		cluster := &v1.Cluster{}
		if err := reader.Get(ctx, key, cluster); apierrors.IsNotFound(err) {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("get Cluster of a deleted NodePool: %w", err)
		}
		owner := pool.ClusterUID()
		if forced = forceDeleteOf(cluster); forced == nil || owner != "" && owner != cluster.UID {
			return nil, nil
		}
	}
	return forced, nil
}
