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
	"errors"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/endpoints/request"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// requested is the Cluster or NodePool that the path of a request names.
type requested struct {
	kind      string
	resources *replica.Resources
	row       *fleet.Row    // as the index has it
	object    client.Object // as the API server has it; empty until readLive has read it
	dryRun    bool          // nothing may be stored
	undated   bool          // the time of the report is the server's
}

// A resourceHandler answers a request about a Cluster or NodePool.
type resourceHandler func(w http.ResponseWriter, r *http.Request, on requested) error

// onCluster calls a handler with the cluster of the path.
func (s *Server) onCluster(handle resourceHandler) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		row, err := s.requestedCluster(r)
		if err != nil {
			return err
		}
		dry, err := isDryRun(r)
		if err != nil {
			return err
		}
		return handle(w, r, requested{kind: v1.ClusterKind, resources: s.replica.Clusters, row: row, object: &v1.Cluster{}, dryRun: dry})
	}
}

// onNodePool calls a handler with the nodepool of the path.
func (s *Server) onNodePool(handle resourceHandler) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		row, err := s.requestedNodePool(r)
		if err != nil {
			return err
		}
		dry, err := isDryRun(r)
		if err != nil {
			return err
		}
		return handle(w, r, requested{kind: v1.NodePoolKind, resources: s.replica.NodePools, row: row, object: &v1.NodePool{}, dryRun: dry})
	}
}

// notFound is the problem for a resource that no longer exists.
func (on requested) notFound() error {
	if on.kind == v1.ClusterKind {
		return noCluster(on.row.ID)
	}
	return problem.NoSuchNodePool.Because("There is no nodepool with id %q", on.row.ID)
}

// terminating is the problem for a change of a resource that is being deleted.
func (on requested) terminating() error {
	return problem.Terminating.Because("The %s is being deleted", strings.ToLower(on.kind))
}

// isDeleted reports whether the deletion of the resource has begun. readLive must have
// read the resource.
func (on requested) isDeleted() bool { return !on.object.GetDeletionTimestamp().IsZero() }

// readLive reads the resource from the API server. It returns an error if the resource no
// longer exists, even if another resource has its name by now. The index may not show
// that yet.
func (s *Server) readLive(ctx context.Context, on requested) error {
	switch o := on.object.(type) { // a client would merge the read object into the previous content
	case *v1.Cluster:
		*o = v1.Cluster{}
	case *v1.NodePool:
		*o = v1.NodePool{}
	}
	err := s.own.Get(ctx, on.row.Key, on.object)
	if apierrors.IsNotFound(err) || err == nil && on.object.GetUID() != on.row.UID() {
		return on.notFound()
	}
	return fromOwnRequest(err)
}

// conditions returns the conditions of the resource. readLive must have read it.
func (on requested) conditions() []v1.ResourceCondition {
	return on.object.(v1.Parent).GetStatus().Conditions
}

// isGone reports whether an error of readLive means that the resource no longer exists.
func isGone(err error) bool {
	p, ok := errors.AsType[*problem.Error](err)
	return ok && p.Status == http.StatusNotFound
}

// annotation makes the operation of a JSON patch that sets an annotation.
func annotation(o client.Object, key, value string) jsonPatchOperation {
	if len(o.GetAnnotations()) == 0 {
		return jsonPatchOperation{Op: "add", Path: "/metadata/annotations", Value: map[string]string{key: value}}
	}
	return jsonPatchOperation{Op: "add", Path: "/metadata/annotations/" + strings.ReplaceAll(key, "/", "~1"), Value: value}
}

// sameObject makes the operation of a JSON patch that fails for another object of the
// same name.
func sameObject(uid types.UID) jsonPatchOperation {
	return jsonPatchOperation{Op: "test", Path: "/metadata/uid", Value: uid}
}

// isFailedTest reports whether the API server refused a JSON patch because a test of the
// patch failed. Unlike an invalid object, a failed test names no field.
func isFailedTest(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Reason == metav1.StatusReasonInvalid &&
		(status.Status().Details == nil || len(status.Status().Details.Causes) == 0)
}

// callerName returns the name of the caller in the API server.
func callerName(ctx context.Context) string {
	caller, ok := request.UserFrom(ctx)
	if !ok {
		return ""
	}
	return caller.GetName()
}

// patchOptions are the options of a patch for a request.
func patchOptions(dryRun bool) []client.PatchOption {
	if dryRun {
		return []client.PatchOption{client.FieldOwner(fieldManager), client.DryRunAll}
	}
	return []client.PatchOption{client.FieldOwner(fieldManager)}
}

// createOptions are the options of a create for a request.
func createOptions(dryRun bool) []client.CreateOption {
	if dryRun {
		return []client.CreateOption{client.FieldOwner(fieldManager), client.DryRunAll}
	}
	return []client.CreateOption{client.FieldOwner(fieldManager)}
}

// isDryRun reports whether the API server shall check a write without storing it.
func isDryRun(r *http.Request) (bool, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return false, malformedQuery(err)
	}
	given := values["dryRun"]
	switch {
	case len(given) == 0:
		return false, nil
	case len(given) > 1:
		return false, problem.InvalidParameter.InFields(rest.FieldError{Field: "dryRun", Constraint: "unique", Message: "dryRun is given more than once"})
	case given[0] != metav1.DryRunAll:
		return false, problem.InvalidParameter.InFields(rest.FieldError{Field: "dryRun", Constraint: "enum", Message: "dryRun must be " + metav1.DryRunAll})
	}
	return true, nil
}

// await waits until reads show a write, for WriteVisibility at most. It does not wait if
// too many writes wait already. A write that is not visible in time is not undone.
func (s *Server) await(r *http.Request, id string, visible func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.options.WriteVisibility)
	defer cancel()
	if !mayWait(ctx) || visible(ctx) != nil {
		metrics.VisibilityTimeouts.Inc()
		s.logOf(r).Info("A write was not visible to reads in time", "id", id)
	}
}

// answerWritten answers with the state of a resource after a write.
func (s *Server) answerWritten(w http.ResponseWriter, status int, row *fleet.Row) {
	w.Header().Set("ETag", entityTag(row.Digest, false))
	w.Header().Set(resourceTagHeader, resourceTag(row.Generation, row.Labels))
	writeJSON(w, status, row.JSON)
}
