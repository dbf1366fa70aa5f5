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
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func (s *Server) listClusterStatuses(w http.ResponseWriter, r *http.Request) error {
	cluster, err := s.requestedCluster(r)
	if err != nil {
		return err
	}
	return s.answerList(w, r, s.replica.Reports.Collection, rest.ClusterStatusesPath, rest.ReportOwners(v1.ClusterKind, cluster.ID, cluster.Key.Name)...)
}

func (s *Server) listNodePoolStatuses(w http.ResponseWriter, r *http.Request) error {
	nodePool, err := s.requestedNodePool(r)
	if err != nil {
		return err
	}
	return s.answerList(w, r, s.replica.Reports.Collection, rest.NodePoolStatusesPath, rest.ReportOwners(v1.NodePoolKind, nodePool.ID, nodePool.Key.Name)...)
}

func (s *Server) reportClusterStatus(w http.ResponseWriter, r *http.Request) error {
	cluster, err := s.requestedCluster(r)
	if err != nil {
		return err
	}
	return s.answerReport(w, r, reported{kind: v1.ClusterKind, object: &v1.Cluster{}, index: s.replica.Clusters.Index, row: cluster})
}

func (s *Server) reportNodePoolStatus(w http.ResponseWriter, r *http.Request) error {
	nodePool, err := s.requestedNodePool(r)
	if err != nil {
		return err
	}
	return s.answerReport(w, r, reported{kind: v1.NodePoolKind, object: &v1.NodePool{}, index: s.replica.NodePools.Index, row: nodePool})
}

// reported is the resource that a report is about.
type reported struct {
	kind   string
	object client.Object // empty, to read it into
	index  *fleet.Index
	row    *fleet.Row
}

// answerReport records an adapter's report, or answers 204 where it changes nothing.
func (s *Server) answerReport(w http.ResponseWriter, r *http.Request, on reported) error {
	var body rest.AdapterStatusCreateRequest
	if err := readBody(w, r, s.contract.schema("AdapterStatusCreateRequest"), &body); err != nil {
		return err
	}
	if faults := s.checkReport(body); len(faults) > 0 {
		return problem.InvalidBody.InFields(faults...)
	}
	// To report is to create or to replace, and what is answered before either may
	// only be told to those who may do both.
	report := newReport(s.replica.Namespace(), on, body)
	if err := s.authorizeNamed(r, "patch", s.replica.Reports.Resource, report.Name); err != nil {
		return err
	}
	known, err := s.hasGeneration(r.Context(), on, int64(body.ObservedGeneration))
	if err != nil {
		return err
	}
	if !known {
		metrics.ReportsDiscarded.WithLabelValues(on.kind, metrics.DiscardAhead).Inc()
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	defer s.replica.Pending.Begin(report)()
	stored, err := s.record(r.Context(), on, report)
	if err != nil {
		return err
	}
	if stored == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	row, err := rest.EncodeReport(stored)
	if err != nil {
		return err
	}
	s.awaitReport(r, on, stored)
	writeJSON(w, http.StatusCreated, row.JSON)
	return nil
}

// checkReport checks what the schema of the body cannot say.
func (s *Server) checkReport(body rest.AdapterStatusCreateRequest) []rest.FieldError {
	var faults []rest.FieldError
	if limit := s.options.Clock.Now().Add(aggregate.MaxClockSkew); body.ObservedTime.After(limit) {
		faults = append(faults, rest.FieldError{Field: "observed_time", Constraint: "maximum", Message: fmt.Sprintf("observed_time is more than %.0f minutes ahead of the server's clock", aggregate.MaxClockSkew.Minutes())})
	}
	if body.ObservedTime.Before(time.Unix(0, 0)) {
		faults = append(faults, rest.FieldError{Field: "observed_time", Constraint: "minimum", Message: "observed_time must not be before 1970"})
	}
	seen := map[string]bool{}
	for i, condition := range body.Conditions {
		if seen[condition.Type] {
			field := fmt.Sprintf("conditions[%d].type", i)
			faults = append(faults, rest.FieldError{Field: field, Constraint: "unique", Message: fmt.Sprintf("%s: there is another condition of type %q", field, condition.Type)})
		}
		seen[condition.Type] = true
	}
	return faults
}

// hasGeneration tells whether the resource has reached a generation. A higher
// one than the index knows is asked of the API server, as the index may be
// behind.
func (s *Server) hasGeneration(ctx context.Context, on reported, generation int64) (bool, error) {
	if generation <= on.row.Generation {
		return true, nil
	}
	if err := s.readLive(ctx, on); err != nil {
		return false, err
	}
	return generation <= on.object.GetGeneration(), nil
}

// readLive reads the resource from the API server. It fails where the index is
// behind and the resource is gone, also where another one has its name by now.
func (s *Server) readLive(ctx context.Context, on reported) error {
	err := s.own.Get(ctx, on.row.Key, on.object)
	if !apierrors.IsNotFound(err) && (err != nil || on.object.GetUID() == on.row.UID()) {
		return fromOwnRequest(err)
	}
	if on.kind == v1.ClusterKind {
		return noCluster(on.row.ID)
	}
	return problem.NoSuchNodePool.Because("There is no nodepool with id %q", on.row.ID)
}

func newReport(namespace string, on reported, body rest.AdapterStatusCreateRequest) *v1.AdapterStatus {
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Name:      v1.AdapterStatusName(on.row.Key.Name, body.Adapter),
			Namespace: namespace,
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: on.kind, Name: on.row.Key.Name, UID: on.row.UID()},
			Adapter:            body.Adapter,
			ObservedGeneration: int64(body.ObservedGeneration),
			ObservedTime:       v1.NewTimestamp(body.ObservedTime),
			Conditions:         make([]v1.AdapterCondition, len(body.Conditions)),
			Data:               freeFormObject(body.Data),
			Metadata:           freeFormObject(body.Metadata),
		},
	}
	for i, c := range body.Conditions {
		report.Spec.Conditions[i] = v1.AdapterCondition{
			Type:    c.Type,
			Status:  metav1.ConditionStatus(c.Status),
			Reason:  c.Reason,
			Message: c.Message,
		}
	}
	return report
}

// freeFormObject returns a free-form object of a request as a custom resource holds it,
// nil if the request has none.
func freeFormObject(raw json.RawMessage) *runtime.RawExtension {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return &runtime.RawExtension{Raw: raw}
}

// recordAttempts bounds how often a report is written anew because others wrote
// or deleted the same adapter's report in between.
const recordAttempts = 5

// record creates or replaces the adapter's report as the caller: in one write,
// where nobody interferes. It returns nil where the report changes nothing.
func (s *Server) record(ctx context.Context, on reported, report *v1.AdapterStatus) (*v1.AdapterStatus, error) {
	recorded, exists := s.replica.Reports.Index.GetByKey(client.ObjectKeyFromObject(report))
	foreseeTimes(report, recorded)
	if exists && rest.DecodeReport(recorded).Spec.ResourceRef.UID == "" {
		report.Spec.ResourceRef.UID = "" // the API server lets nobody add one later
	}
	var err error
	for range recordAttempts {
		var stored *v1.AdapterStatus
		if exists {
			stored, err = s.replaceReport(ctx, report)
		} else {
			stored = report.DeepCopy()
			err = s.caller.Create(ctx, stored, client.FieldOwner(fieldManager))
		}
		switch {
		case err == nil:
			return stored, nil
		case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
			exists = true
		case apierrors.IsNotFound(err):
			exists = false
		case isStaleReport(err):
			metrics.ReportsDiscarded.WithLabelValues(on.kind, metrics.DiscardStale).Inc()
			return nil, nil
		case exists && apierrors.IsInvalid(err):
			uid := report.Spec.ResourceRef.UID
			removed, removeErr := s.removePredecessor(ctx, on, report)
			if removeErr != nil {
				return nil, removeErr
			}
			if !removed && report.Spec.ResourceRef.UID == uid {
				return nil, err
			}
			exists = !removed
		default:
			return nil, err
		}
	}
	return nil, err
}

// replaceReport writes the report over the recorded one. The API server refuses
// a stale one, so no look at the recorded one is needed, but for
// Available=Unknown: that must not replace a result that is known.
func (s *Server) replaceReport(ctx context.Context, report *v1.AdapterStatus) (*v1.AdapterStatus, error) {
	operations := []jsonPatchOperation{
		{Op: "replace", Path: "/spec", Value: report.Spec},
		// Nobody asks which client owns which field of a report, and to keep track of
		// it is a third of what the write costs the API server.
		{Op: "add", Path: "/metadata/managedFields", Value: []any{struct{}{}}},
	}
	if aggregate.ReportOf(report).Available == metav1.ConditionUnknown {
		recorded := &v1.AdapterStatus{}
		if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
			return nil, fromOwnRequest(err)
		}
		if concerns(recorded, report) && hasResult(recorded) {
			metrics.ReportsDiscarded.WithLabelValues(report.Spec.ResourceRef.Kind, metrics.DiscardUnknown).Inc()
			return nil, nil
		}
		// A result that is recorded meanwhile makes the write conflict.
		operations = append(operations, jsonPatchOperation{Op: "replace", Path: "/metadata/resourceVersion", Value: recorded.ResourceVersion})
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("make a patch of the report: %w", err)
	}
	stored := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: report.Name, Namespace: report.Namespace}}
	if err := s.caller.Patch(ctx, stored, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(fieldManager)); err != nil {
		return nil, err
	}
	return stored, nil
}

type jsonPatchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// hasResult tells whether a recorded report says True or False.
func hasResult(recorded *v1.AdapterStatus) bool {
	available := aggregate.ReportOf(recorded).Available
	return available == metav1.ConditionTrue || available == metav1.ConditionFalse
}

func concerns(recorded, report *v1.AdapterStatus) bool {
	ref := report.Spec.ResourceRef
	return recorded.Spec.ResourceRef.Concerns(ref.Kind, ref.Name, ref.UID)
}

// removePredecessor deletes the recorded report where it is about a resource
// that had the same name and is gone, and tells whether it was. It makes sure
// first that it is not the other way round: that the index is behind, and the
// recorded report is the successor's. Of a recorded report that is about this
// resource, the report takes the UID, or that there is none.
func (s *Server) removePredecessor(ctx context.Context, on reported, report *v1.AdapterStatus) (bool, error) {
	if err := s.readLive(ctx, on); err != nil {
		return false, err
	}
	recorded := &v1.AdapterStatus{}
	err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fromOwnRequest(err)
	}
	if concerns(recorded, report) {
		report.Spec.ResourceRef.UID = recorded.Spec.ResourceRef.UID // the index may not have known it
		return false, nil
	}
	err = s.own.Delete(ctx, recorded, client.Preconditions{UID: &recorded.UID})
	if err == nil {
		metrics.ReportsDiscarded.WithLabelValues(on.kind, metrics.DiscardPredecessor).Inc()
	}
	return true, fromOwnRequest(client.IgnoreNotFound(err))
}

// awaitReport waits until reads show the report and what it does to the
// conditions of its resource.
func (s *Server) awaitReport(r *http.Request, on reported, stored *v1.AdapterStatus) {
	ctx, cancel := context.WithTimeout(r.Context(), s.options.WriteVisibility)
	defer cancel()
	if !mayWait(ctx) {
		s.log.Info("Too many writes wait to be visible to reads for a report to wait", "path", r.URL.Path, "adapter", stored.Spec.Adapter)
		return
	}
	err := s.replica.Reports.AwaitWrite(ctx, v1.ID(stored.UID), stored.ResourceVersion, func(row *fleet.Row) bool {
		return row.ResourceVersion == stored.ResourceVersion
	})
	if err == nil {
		report := aggregate.ReportOf(stored)
		_, err = on.index.WaitForRow(ctx, on.row.ID, func(row *fleet.Row) bool {
			// The API server knows the generation; the row may be older still.
			return row.Generation >= report.Generation && aggregate.Reflects(row.Conditions.All(), row.Generation, report, s.options.Clock.Now())
		})
	}
	if err != nil {
		// The report is recorded all the same.
		metrics.VisibilityTimeouts.Inc()
		s.logOf(r).Info("A report was not visible to reads in time", "adapter", stored.Spec.Adapter)
	}
}
