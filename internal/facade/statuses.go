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
	"errors"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

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

// answerReport answers an adapter's report, and counts a refused report.
func (s *Server) answerReport(w http.ResponseWriter, r *http.Request, on requested) error {
	body, err := s.readReport(w, r)
	if err == nil {
		err = s.takeReport(w, r, on, body)
	}
	if err != nil && !on.dryRun {
		metrics.RefusedReport(on.kind, body.Adapter, problem.From(err).Code)
	}
	return err
}

// readReport reads the body of a report. If the body is refused, it still returns the
// adapter that the body names, if any.
func (s *Server) readReport(w http.ResponseWriter, r *http.Request) (body rest.AdapterStatusCreateRequest, err error) {
	text, err := readJSON(w, r)
	if err != nil {
		return body, err
	}
	err = decodeBody(text, s.contract.schema("AdapterStatusCreateRequest"), &body)
	if err != nil {
		var named struct{ Adapter string }
		_ = json.Unmarshal(text, &named) // the body may be anything
		body.Adapter = named.Adapter
	}
	return body, err
}

// takeReport records a report, or answers 204 if the report changes nothing.
func (s *Server) takeReport(w http.ResponseWriter, r *http.Request, on requested, body rest.AdapterStatusCreateRequest) error {
	if on.undated = body.ObservedTime == nil; on.undated { // older clients omit it
		body.ObservedTime = new(s.options.Clock.Now().UTC())
	}
	if faults := checkReport(body); len(faults) > 0 {
		return problem.InvalidBody.InFields(faults...)
	}
	if ahead := body.ObservedTime.Sub(s.options.Clock.Now()); ahead > v1.MaxClockSkew {
		return clockProblem("observed_time is", ahead)
	}
	// A report creates an AdapterStatus or replaces one. The answers that precede the
	// write reveal whether an AdapterStatus exists, so the caller needs both rights.
	report := newReport(s.replica.Namespace(), on, body)
	if err := s.authorizeNamed(r, "patch", s.replica.Reports.Resource, report.Name); err != nil {
		return err
	}
	// The API server's policy applies to writes only, but the facade may answer the report,
	// or delete the recorded one, before any write.
	if s.options.AdapterIdentity {
		if err := s.authorize(r, "report", "adapters", body.Adapter); err != nil {
			return err
		}
	}
	known, err := s.hasGeneration(r.Context(), on, int64(body.ObservedGeneration))
	if err != nil {
		return err
	}
	if !known {
		on.countDiscarded(body.Adapter, metrics.DiscardAhead)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if !on.dryRun {
		defer s.replica.Pending.Begin(report)()
	}
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
	if !on.dryRun {
		s.awaitReport(r, on, stored)
	}
	writeJSON(w, http.StatusCreated, row.JSON)
	return nil
}

// countDiscarded counts a report that changes nothing.
func (on requested) countDiscarded(adapter, reason string) {
	if !on.dryRun {
		metrics.DiscardedReport(on.kind, adapter, reason)
	}
}

// The bounds that the CRD sets on observedTime. A time beyond them is a fault of the
// body, even if the server's clock is wrong.
var (
	minObservedTime = time.Unix(0, 0)
	maxObservedTime = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// checkReport checks the rules that the schema of the body cannot express.
func checkReport(body rest.AdapterStatusCreateRequest) []rest.FieldError {
	var faults []rest.FieldError
	if !body.ObservedTime.Before(maxObservedTime) {
		faults = append(faults, rest.FieldError{Field: "observed_time", Constraint: "maximum", Message: "observed_time must be before the year 3000"})
	}
	if body.ObservedTime.Before(minObservedTime) {
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

// hasGeneration reports whether the resource has reached a generation. For a higher
// generation than that in the index, it reads the resource from the API server, because
// the index may be behind.
func (s *Server) hasGeneration(ctx context.Context, on requested, generation int64) (bool, error) {
	if generation <= on.row.Generation {
		return true, nil
	}
	if err := s.readLive(ctx, on); err != nil {
		return false, err
	}
	return generation <= on.object.GetGeneration(), nil
}

func newReport(namespace string, on requested, body rest.AdapterStatusCreateRequest) *v1.AdapterStatus {
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Name:      v1.AdapterStatusName(on.row.Key.Name, body.Adapter),
			Namespace: namespace,
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: on.kind, Name: on.row.Key.Name, UID: on.row.UID()},
			Adapter:            body.Adapter,
			ObservedGeneration: int64(body.ObservedGeneration),
			ObservedTime:       v1.NewTimestamp(*body.ObservedTime),
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

// freeFormObject returns a free-form object of a request in the form of a custom
// resource, nil if the request has none.
func freeFormObject(raw json.RawMessage) *runtime.RawExtension {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return &runtime.RawExtension{Raw: raw}
}

// awaitReport waits until reads show the report and its effect on the conditions of its
// resource.
func (s *Server) awaitReport(r *http.Request, on requested, stored *v1.AdapterStatus) {
	ctx, cancel := context.WithTimeout(r.Context(), s.options.WriteVisibility)
	defer cancel()
	if !mayWait(ctx) {
		s.log.Info("Answering a report before reads show it, because too many writes wait already", "path", r.URL.Path, "adapter", stored.Spec.Adapter)
		return
	}
	err := s.replica.Reports.AwaitWrite(ctx, v1.ID(stored.UID), stored.ResourceVersion, func(row *fleet.Row) bool {
		return row.ResourceVersion == stored.ResourceVersion
	})
	if err == nil {
		report := aggregate.ReportOf(stored)
		_, err = on.resources.Index.WaitForRow(ctx, on.row.ID, func(row *fleet.Row) bool {
			// The API server has the generation; the row may still be older.
			return row.Generation >= report.Generation && aggregate.Reflects(row.Conditions.All(), row.Generation, report, s.options.Clock.Now())
		})
	}
	if errors.Is(err, fleet.ErrNotFound) {
		return // it was the last report that the deletion of the resource waited for
	}
	if err != nil {
		// The report is recorded nevertheless.
		metrics.VisibilityTimeouts.Inc()
		s.logOf(r).Info("A report was not visible to reads in time", "adapter", stored.Spec.Adapter)
	}
}
