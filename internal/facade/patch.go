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
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// writeAttempts is the maximum number of attempts of a write that conflicts with writes
// of other clients.
const writeAttempts = 5

// patchResource changes spec and labels of a resource as the caller, in one write.
func (s *Server) patchResource(w http.ResponseWriter, r *http.Request, on requested) error {
	if err := s.authorizeNamed(r, "patch", on.resources.Resource, on.row.Key.Name); err != nil {
		return err
	}
	change, err := s.readChange(w, r, on.kind)
	if err != nil {
		return err
	}
	changed, err := s.applyChange(r, on, change)
	if err != nil {
		return err
	}
	row, err := s.replica.Renderer.Row(changed)
	if err != nil {
		return err
	}
	if !on.dryRun {
		shows := func(shown *fleet.Row) bool {
			return resourceTag(shown.Generation, shown.Labels) == resourceTag(row.Generation, row.Labels)
		}
		s.await(r, row.ID, func(ctx context.Context) error {
			return on.resources.AwaitWrite(ctx, row.ID, row.ResourceVersion, shows)
		})
	}
	s.answerWritten(w, http.StatusOK, row)
	return nil
}

// desired is the part of a resource that clients change. A nil field stays as it is.
type desired struct {
	spec   json.RawMessage
	labels map[string]string
}

// applyChange makes the change of a resource. The write requires the generation and the
// labels that the change was computed from. If these have changed, or the resource is
// being deleted, the write fails and is tried again. If only the status has changed, the
// write succeeds.
func (s *Server) applyChange(r *http.Request, on requested, change change) (client.Object, error) {
	var err error
	for range writeAttempts {
		if err := s.readLive(r.Context(), on); err != nil {
			return nil, err
		}
		if err := s.checkPrecondition(r, on); err != nil {
			return nil, err
		}
		if on.isDeleted() {
			return nil, on.terminating()
		}
		want, err := change(on.object)
		if err != nil {
			return nil, err
		}
		operations, err := patchOf(on.object, want)
		if err != nil {
			return nil, err
		}
		patch, err := json.Marshal(operations)
		if err != nil {
			return nil, fmt.Errorf("make a patch of %s: %w", on.row.Key, err)
		}
		written := on.object.DeepCopyObject().(client.Object)
		err = s.caller.Patch(r.Context(), written, client.RawPatch(types.JSONPatchType, patch), patchOptions(on.dryRun)...)
		switch {
		case err == nil:
			return written, nil
		case !isFailedTest(err) && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err):
			return nil, err
		}
	}
	return nil, problem.Conflict.Because("Other clients keep changing the resource; try again").WithCause(err)
}

// patchOf returns the JSON patch that changes an object to the desired content.
// HyperFleet's own labels stay.
func patchOf(o client.Object, want desired) ([]jsonPatchOperation, error) {
	operations := []jsonPatchOperation{
		sameObject(o.GetUID()),
		{Op: "test", Path: "/metadata/generation", Value: o.GetGeneration()},
	}
	if want.labels != nil {
		labels := maps.Clone(want.labels)
		for key, value := range o.GetLabels() {
			if strings.HasPrefix(key, v1.OwnPrefix) {
				labels[key] = value
			}
		}
		operations = append(operations,
			jsonPatchOperation{Op: "test", Path: "/metadata/labels", Value: o.GetLabels()}, // null is equal to none
			jsonPatchOperation{Op: "add", Path: "/metadata/labels", Value: labels})
	}
	if want.spec == nil {
		return operations, nil
	}
	if pool, ok := o.(*v1.NodePool); ok {
		spec, err := v1.NewNodePoolSpec(pool.Spec.ClusterName, want.spec)
		if err != nil {
			return nil, problem.InvalidBody.InFields(reservedClusterName)
		}
		return append(operations, jsonPatchOperation{Op: "add", Path: "/spec", Value: spec}), nil
	}
	return append(operations, jsonPatchOperation{Op: "add", Path: "/spec", Value: runtime.RawExtension{Raw: want.spec}}), nil
}

// A change computes the desired content from the present resource.
type change func(o client.Object) (desired, error)

// The media types of a change.
const (
	jsonMediaType       = "application/json"
	mergePatchMediaType = "application/merge-patch+json"
	jsonPatchMediaType  = "application/json-patch+json"
)

// readChange reads the body of a PATCH.
func (s *Server) readChange(w http.ResponseWriter, r *http.Request, kind string) (change, error) {
	mediaType, err := checkMediaType(r, jsonMediaType, mergePatchMediaType, jsonPatchMediaType)
	if err != nil {
		return nil, err
	}
	body, err := readAll(w, r)
	if err != nil {
		return nil, err
	}
	switch mediaType {
	case mergePatchMediaType:
		return s.mergePatch(kind, body)
	case jsonPatchMediaType:
		return s.jsonPatch(kind, body)
	}
	want, err := s.decodeDesired(kind, body)
	return func(client.Object) (desired, error) { return want, err }, err
}

// decodeDesired decodes an object with spec and labels, either of which may be missing.
func (s *Server) decodeDesired(kind string, body []byte) (desired, error) {
	var request rest.ResourcePatchRequest
	if err := decodeBody(body, s.contract.schema("ResourcePatchRequest"), &request); err != nil {
		return desired{}, s.nameImmutable(kind, err)
	}
	if faults := checkLabels(request.Labels); len(faults) > 0 {
		return desired{}, problem.InvalidBody.InFields(faults...)
	}
	return desired{spec: request.Spec, labels: request.Labels}, nil
}

// nameImmutable replaces the message of an error about an unknown member, if it is an
// immutable member of the resource.
func (s *Server) nameImmutable(kind string, err error) error {
	p, ok := err.(*problem.Error) //nolint:errorlint // as decodeBody returns it
	if !ok || len(p.Fields) == 0 {
		return err
	}
	properties := s.contract.schema(kind).Properties
	fields := slices.Clone(p.Fields)
	for i, field := range fields {
		if field.Constraint == "unknown" && properties[field.Field] != nil {
			fields[i] = immutable(field.Field)
		}
	}
	return p.InFields(fields...)
}

func immutable(member string) rest.FieldError {
	return rest.FieldError{Field: member, Constraint: "immutable", Message: member + " cannot be changed; a PATCH changes spec and labels"}
}
