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

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// cascade deletes the dependents of a parent that is being deleted, and releases the
// parent. Kubernetes' garbage collector cannot do this: AdapterStatuses may exist before
// their resource and have no ownerReference, and not every control plane runs a garbage
// collector.
type cascade struct {
	Options
	memory   *memory
	recorder eventRecorder
}

// storedDependents returns the dependents that the API server has. This replica may not
// know the latest ones yet.
func (c cascade) storedDependents(ctx context.Context, d dependents) ([]client.Object, error) {
	return listObjects(ctx, c.APIReader, d.list, client.InNamespace(d.namespace), d.stored)
}

// deleteAll deletes the dependents of a terminating parent that are not being deleted
// yet. One failure does not stop the deletion of the other dependents.
func (c cascade) deleteAll(ctx context.Context, obj client.Object, left []client.Object) error {
	confirmed := false
	deletion := c.memory.deletionOf(obj)
	var failures []error
	for _, o := range left {
		if !o.GetDeletionTimestamp().IsZero() {
			continue
		}
		if !confirmed {
			// Dependents identify their parent by name only. If the cached parent no longer exists
			// and another object has its name, the dependents belong to that object.
			terminating, err := c.isTerminating(ctx, obj)
			if err != nil || !terminating {
				return err
			}
			confirmed = true
		}
		err := c.delete(ctx, o, client.Preconditions{UID: new(o.GetUID())})
		failures = append(failures, err)
		if err == nil && arrivedLate(o, obj.GetDeletionTimestamp(), deletion) {
			c.recorder.parentDeleted(o, obj)
		}
	}
	failures = append(failures, c.readFinalizers(ctx, left))
	c.recorder.deletionBlocked(obj, left)
	err := errors.Join(failures...)
	if err != nil {
		c.recorder.cleanupFailed(obj, err)
	}
	return err
}

// arrivedLate reports whether a dependent was created while its parent was being deleted.
// The times of the creation and of the deletion are whole seconds. Within one second, the
// order of resourceVersions decides. The last write of a report is its arrival, because
// one write is one report. The first write of a NodePool is its arrival. A NodePool that
// has changed since its creation counts as older, because the version of its creation is
// lost. The Event about a dependent that arrived just before the leader changed is lost,
// too.
func arrivedLate(dependent client.Object, deleted *metav1.Time, deletion string) bool {
	created := dependent.GetCreationTimestamp()
	if !created.Equal(deleted) {
		return deleted.Before(&created)
	}
	_, isReport := dependent.(*v1.AdapterStatus)
	return (isReport || dependent.GetGeneration() == 1) && isOlder(deletion, dependent.GetResourceVersion())
}

// readFinalizers replaces the reports that are being deleted with the stored reports,
// because this replica's copies lack the finalizers.
func (c cascade) readFinalizers(ctx context.Context, left []client.Object) error {
	var failures []error
	for i, o := range left {
		if report, ok := o.(*v1.AdapterStatus); ok && !report.DeletionTimestamp.IsZero() && len(report.Finalizers) == 0 {
			stored := &v1.AdapterStatus{}
			if err := c.APIReader.Get(ctx, client.ObjectKeyFromObject(report), stored); err == nil {
				left[i] = stored
			} else {
				failures = append(failures, client.IgnoreNotFound(err))
			}
		}
	}
	return errors.Join(failures...)
}

// isTerminating reports whether, at the API server, exactly this object is being deleted.
func (c cascade) isTerminating(ctx context.Context, obj client.Object) (bool, error) {
	stored := obj.DeepCopyObject().(client.Object)
	if err := c.APIReader.Get(ctx, client.ObjectKeyFromObject(obj), stored); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return stored.GetUID() == obj.GetUID() && !stored.GetDeletionTimestamp().IsZero(), nil
}

// release removes the finalizers of a terminating object that has no dependents left:
// HyperFleet's, and the garbage collector's after a wait. Finalizers of other programs
// stay, and they keep the object.
//
// A forced deletion is recorded here, at the point of no return.
func (c cascade) release(ctx context.Context, obj client.Object, forced *forceDelete) (ctrl.Result, error) {
	if wait := c.memory.collectorWait(obj, c.Clock.Now()); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	own, collectors := controllerutil.RemoveFinalizer(obj, v1.CascadeFinalizer), removeCollectorFinalizers(obj)
	if !own && !collectors {
		return ctrl.Result{}, nil
	}
	if err := c.putFinalizers(ctx, obj); err != nil {
		return ctrl.Result{}, err
	}
	c.memory.noLongerAwaitsCollector(obj)
	if own && forced != nil {
		c.recordForced(ctx, obj, forced)
	}
	log.FromContext(ctx).V(1).Info("Dependents are gone, finalizers removed", "garbageCollector", collectors)
	return ctrl.Result{}, nil
}

// putFinalizers stores the reduced finalizers of obj. It fails if the stored object has
// another version than obj.
//
// When the last finalizer is removed, the API server deletes the object that has the name
// at that moment, unless the request names a UID. A patch cannot name a UID. If two
// processes patched at the same time, the second patch would delete a successor: an
// object that a client created under the same name after the first patch, and that the
// API server acknowledged.
func (c cascade) putFinalizers(ctx context.Context, obj client.Object) error {
	var stored client.Object = &v1.AdapterStatus{}
	if kind := kindOf(obj); kind == v1.ClusterKind || kind == v1.NodePoolKind {
		stored = newParent(kind) // complete: the cached object lacks fields
	}
	if err := c.APIReader.Get(ctx, client.ObjectKeyFromObject(obj), stored); err != nil {
		return fmt.Errorf("get %T to remove finalizers: %w", obj, err)
	}
	stored.SetUID(obj.GetUID())
	stored.SetResourceVersion(obj.GetResourceVersion())
	stored.SetFinalizers(obj.GetFinalizers())
	if err := c.Client.Update(ctx, stored, client.FieldOwner(v1.ControllerFieldManager)); err != nil {
		return fmt.Errorf("remove finalizers: %w", err)
	}
	return nil
}

// sweepPools deletes the NodePools that existed at the resourceVersion at which their
// Cluster vanished. Either the NodePools arrived after the last list and before the
// removal of the finalizer, or the finalizer was removed by hand. NodePools that were
// created later belong to a successor of the Cluster, so sweepPools leaves them alone.
//
// The API server may lack that revision, because the revision was compacted or because
// the store was restored to an older one. In both cases sweepPools cannot identify these
// NodePools. It checks for the restored store first, because the client would retry such
// a list for longer than a reconcile may take.
func (c cascade) sweepPools(ctx context.Context, key client.ObjectKey, cluster vanished) error {
	latest := &v1.NodePoolList{}
	if err := c.APIReader.List(ctx, latest, client.InNamespace(key.Namespace), client.Limit(1)); err != nil {
		return fmt.Errorf("read the revision of the store: %w", err)
	}
	if isOlder(latest.ResourceVersion, cluster.resourceVersion) {
		log.FromContext(ctx).Info("The store was restored to an older revision, cannot list the NodePools that a vanished Cluster left behind",
			"cluster", key, "vanished", cluster.resourceVersion, "stored", latest.ResourceVersion)
		return nil
	}
	pools := dependentPools(c.Client, key)
	left, err := listObjects(ctx, c.APIReader, pools.list, client.InNamespace(key.Namespace), pools.stored, &client.ListOptions{Raw: &metav1.ListOptions{
		ResourceVersion:      cluster.resourceVersion,
		ResourceVersionMatch: metav1.ResourceVersionMatchExact,
	}})
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		log.FromContext(ctx).Info("The revision is compacted, cannot list the NodePools that a vanished Cluster left behind", "cluster", key)
		return nil
	}
	if err != nil {
		return err
	}
	failures := make([]error, 0, len(left))
	for _, o := range left {
		pool := o.(*v1.NodePool)
		if owner := pool.ClusterUID(); owner != "" && owner != cluster.uid {
			continue
		}
		err := c.delete(ctx, pool, client.Preconditions{UID: &pool.UID})
		if failures = append(failures, err); err == nil {
			c.recorder.clusterGone(pool)
		}
	}
	return errors.Join(failures...)
}

// delete deletes one object. It also succeeds if the object no longer exists or another
// object has its name.
func (c cascade) delete(ctx context.Context, o client.Object, only client.Preconditions) error {
	err := c.Client.Delete(ctx, o, only)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) && only.ResourceVersion == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %T %s: %w", o, o.GetName(), err)
	}
	log.FromContext(ctx).V(1).Info("Deleted", "dependent", klog.KObj(o))
	return nil
}

// listObjects lists objects of the type of an empty list.
func listObjects(ctx context.Context, reader client.Reader, empty client.ObjectList, opts ...client.ListOption) ([]client.Object, error) {
	list := empty.DeepCopyObject().(client.ObjectList)
	if err := reader.List(ctx, list, opts...); err != nil {
		return nil, fmt.Errorf("list %T: %w", list, err)
	}
	objects := make([]client.Object, 0, meta.LenList(list))
	err := meta.EachListItem(list, func(o runtime.Object) error {
		objects = append(objects, o.(client.Object))
		return nil
	})
	return objects, err
}
