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

package facade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// deleteResource begins the deletion of a resource as the caller. It does not change a
// resource that is being deleted already.
func (s *Server) deleteResource(w http.ResponseWriter, r *http.Request, on requested) error {
	if err := s.authorizeNamed(r, "delete", on.resources.Resource, on.row.Key.Name); err != nil {
		return err
	}
	deleted, err := s.beginDeletion(r, on)
	if err != nil {
		return err
	}
	row, err := s.replica.Renderer.Row(deleted)
	if err != nil {
		return err
	}
	if !on.dryRun {
		s.await(r, row.ID, func(ctx context.Context) error { return s.awaitDeletion(ctx, on, row) })
	}
	s.answerWritten(w, http.StatusAccepted, row)
	return nil
}

// beginDeletion deletes the resource and returns its state after that.
func (s *Server) beginDeletion(r *http.Request, on requested) (client.Object, error) {
	ctx := r.Context()
	var err error
	for attempt := range writeAttempts {
		if err := s.readLive(ctx, on); err != nil {
			return nil, err
		}
		if err := s.checkPrecondition(r, on); err != nil {
			return nil, err
		}
		if on.isDeleted() {
			return on.object, nil
		}
		if attempt == 0 && on.kind == v1.ClusterKind {
			s.signNodePools(ctx, on)
		}
		options := []client.DeleteOption{client.Preconditions{UID: new(on.row.UID())}}
		if on.dryRun {
			options = append(options, client.DryRunAll)
		}
		signed, signErr := s.sign(ctx, on.object, on.dryRun)
		if signErr != nil {
			return nil, signErr
		}
		if _, ok := r.Header["If-Match"]; ok && !on.dryRun {
			options = append(options, client.Preconditions{UID: new(on.row.UID()), ResourceVersion: new(signed.GetResourceVersion())})
		}
		err = s.caller.Delete(ctx, signed, options...)
		switch {
		case err == nil:
			return s.asDeleted(ctx, on, signed)
		case !apierrors.IsConflict(err) && !apierrors.IsNotFound(err):
			return nil, err
		}
	}
	return nil, problem.Conflict.Because("Other clients keep changing the resource; try again").WithCause(err)
}

// asDeleted returns a resource as its deletion has left it. If the resource has no
// finalizer, it no longer exists; in a dry run, it is not deleted. In both cases
// asDeleted returns the resource as the API server would have left it.
func (s *Server) asDeleted(ctx context.Context, on requested, signed client.Object) (client.Object, error) {
	if !on.dryRun {
		err := s.readLive(ctx, on)
		if err == nil && on.isDeleted() {
			return on.object, nil
		}
		if err != nil && !isGone(err) {
			return nil, err
		}
	}
	signed.SetDeletionTimestamp(new(metav1.NewTime(s.options.Clock.Now())))
	signed.SetGeneration(signed.GetGeneration() + 1)
	return signed, nil
}

// sign records in an object that the caller deletes it, and returns the changed object.
// If the caller has the right to delete the object but not to change it, sign records
// nothing. The API server has no write that both changes and deletes.
func (s *Server) sign(ctx context.Context, o client.Object, dryRun bool) (client.Object, error) {
	signed := o.DeepCopyObject().(client.Object)
	name := callerName(ctx)
	if o.GetAnnotations()[v1.DeletedByAnnotation] == name {
		return signed, nil
	}
	patch, err := json.Marshal([]jsonPatchOperation{sameObject(o.GetUID()), annotation(o, v1.DeletedByAnnotation, name)})
	if err != nil {
		return nil, fmt.Errorf("make a patch of %s: %w", client.ObjectKeyFromObject(o), err)
	}
	err = s.caller.Patch(ctx, signed, client.RawPatch(types.JSONPatchType, patch), patchOptions(dryRun)...)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || isFailedTest(err) { // if there is a fault, the deletion returns it
		return o.DeepCopyObject().(client.Object), nil
	}
	return signed, err
}

// maxConcurrentSignatures is the maximum number of NodePools of a cluster that are signed
// at the same time.
const maxConcurrentSignatures = 8

// signNodePools records in the NodePools of a cluster that the caller deletes them. The
// reconciler deletes the NodePools after the cluster, and could record only its own name.
// A NodePool without a record is deleted as well.
func (s *Server) signNodePools(ctx context.Context, cluster requested) {
	var group errgroup.Group
	group.SetLimit(maxConcurrentSignatures)
	for _, row := range s.replica.NodePools.Index.OwnedBy(cluster.row.ID) {
		if !row.DeletedTime.IsZero() {
			continue
		}
		group.Go(func() error {
			pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{
				Name: row.Key.Name, Namespace: row.Key.Namespace, UID: row.UID(),
				Annotations: map[string]string{v1.CreatedByAnnotation: ""}, // so that the object has annotations
			}}
			if _, err := s.sign(ctx, pool, cluster.dryRun); err != nil {
				s.log.V(1).Info("Failed to record the user who deletes a NodePool", "nodepool", row.Key, "reason", err.Error())
			}
			return nil
		})
	}
	_ = group.Wait() // no function fails
}

// awaitDeletion waits until reads show the deletion of a resource and, if it is a cluster,
// of its nodepools.
func (s *Server) awaitDeletion(ctx context.Context, on requested, deleted *fleet.Row) error {
	isDeleted := func(row *fleet.Row) bool { return !row.DeletedTime.IsZero() }
	_, err := on.resources.Index.WaitForRow(ctx, on.row.ID, isDeleted)
	if err != nil && !errors.Is(err, fleet.ErrNotFound) {
		return err
	}
	if on.kind != v1.ClusterKind {
		return nil
	}
	pools := s.replica.NodePools.Index
	for _, pool := range pools.OwnedBy(deleted.ID) {
		if _, err := pools.WaitForRow(ctx, pool.ID, isDeleted); err != nil && !errors.Is(err, fleet.ErrNotFound) {
			return err
		}
	}
	return nil
}

// forceDelete records, as the caller, that a resource that is being deleted does not wait
// for its adapters, and answers once the resource no longer exists.
func (s *Server) forceDelete(w http.ResponseWriter, r *http.Request, on requested) error {
	if err := s.authorizeNamed(r, v1.VerbForceDelete, on.resources.Resource, on.row.Key.Name); err != nil {
		return err
	}
	var body rest.ForceDeleteRequest
	if err := readBody(w, r, s.contract.schema("ForceDeleteRequest"), &body); err != nil {
		return err
	}
	if err := s.readLive(r.Context(), on); err != nil {
		return err
	}
	if !on.isDeleted() {
		return problem.NotTerminating.Because("The resource is not being deleted: DELETE it first")
	}
	if err := s.decide(r.Context(), on, body.Reason); err != nil {
		return err
	}
	if on.dryRun {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	gone := false
	s.await(r, on.row.ID, func(ctx context.Context) error {
		_, err := on.resources.Index.WaitForRow(ctx, on.row.ID, func(*fleet.Row) bool { return false })
		if gone = errors.Is(err, fleet.ErrNotFound); gone {
			return nil
		}
		return err
	})
	if !gone {
		return problem.Timeout.Because("The force-delete is recorded, but the resource is not removed yet; read the resource to see when it is gone")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// decide records the reason of a force-delete. An earlier decision stays.
func (s *Server) decide(ctx context.Context, on requested, reason string) error {
	if _, ok := on.object.GetAnnotations()[v1.ForceDeleteAnnotation]; ok {
		return nil
	}
	patch, err := json.Marshal([]jsonPatchOperation{sameObject(on.row.UID()), annotation(on.object, v1.ForceDeleteAnnotation, reason)})
	if err != nil {
		return fmt.Errorf("make a patch of %s: %w", on.row.Key, err)
	}
	err = s.caller.Patch(ctx, on.object, client.RawPatch(types.JSONPatchType, patch), patchOptions(on.dryRun)...)
	if apierrors.IsNotFound(err) || isFailedTest(err) { // deleted meanwhile, as the caller wants
		return nil
	}
	return err
}
