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

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// recordAttempts is the maximum number of attempts to write a report while other clients
// write or delete the same adapter's report.
const recordAttempts = 5

// interfered is the answer if the API server refused the last attempt because of a
// recorded report, and that cause no longer exists. The new report is not at fault.
func interfered(refused error) error {
	return problem.Conflict.Because("Other clients keep changing the recorded report of the adapter; try again").WithCause(refused)
}

// record creates or replaces the adapter's report as the caller: in one write, if no
// other client interferes. It returns nil if the report changes nothing.
func (s *Server) record(ctx context.Context, on requested, report *v1.AdapterStatus) (*v1.AdapterStatus, error) {
	recorded, exists := s.replica.Reports.Index.GetByKey(client.ObjectKeyFromObject(report))
	if on.undated {
		s.followIndexed(report, on, recorded)
	}
	foreseeTimes(report, recorded)
	applied := false
	if exists {
		applied = recorded.Applied
		if rest.DecodeReport(recorded).Spec.ResourceRef.UID == "" {
			report.Spec.ResourceRef.UID = "" // the API server does not allow adding a UID later
		}
	}
	var err error
	for range recordAttempts {
		var stored *v1.AdapterStatus
		if exists {
			stored, err = s.replaceReport(ctx, on, report, applied)
		} else {
			stored = report.DeepCopy()
			err = s.caller.Create(ctx, stored, createOptions(on.dryRun)...)
		}
		switch {
		case err == nil:
			return stored, nil
		case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
			exists, applied, err = true, true, interfered(err) // the index is behind and does not show it
		case apierrors.IsNotFound(err):
			exists = false
		case exists && isAboutAnother(err): // first, because beside the other one the report may seem stale, too
			uid := report.Spec.ResourceRef.UID
			removed, removeErr := s.removePredecessor(ctx, on, report)
			if removeErr != nil {
				return nil, removeErr
			}
			if !removed && report.Spec.ResourceRef.UID == uid {
				return nil, err
			}
			exists, err = !removed, interfered(err)
		case isStaleReport(err):
			if on.undated {
				moved, moveErr := s.followRecorded(ctx, report)
				if moveErr != nil {
					return nil, moveErr
				}
				if moved {
					err = problem.Conflict.Because("Another report of the adapter was recorded at the same time; try again").WithCause(err)
					continue
				}
			}
			removed, removeErr := s.removeImplausible(ctx, on, report)
			if removeErr != nil {
				return nil, removeErr
			}
			if !removed {
				on.countDiscarded(report.Spec.Adapter, metrics.DiscardStale)
				return nil, nil
			}
			exists, err = false, interfered(err)
		default:
			return nil, err
		}
		if on.dryRun && !exists {
			return report, nil // a dry run has not deleted the report that is in the way
		}
	}
	return nil, err
}

// replaceReport writes the report over the recorded one. The API server refuses a stale
// report, so replaceReport reads the recorded one only in two cases: the new report is
// mere progress, which does not replace a result of its generation, or a field manager
// may have applied the recorded one.
func (s *Server) replaceReport(ctx context.Context, on requested, report *v1.AdapterStatus, applied bool) (*v1.AdapterStatus, error) {
	progress := isProgress(report)
	if !progress && !applied {
		return s.patchReport(ctx, on, report, "", replaceSpec(report), untracked)
	}
	recorded := &v1.AdapterStatus{}
	if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
		return nil, fromOwnRequest(err)
	}
	if progress && on.concerns(recorded) && hasResultFor(recorded, report.Spec.ObservedGeneration) {
		_, implausible, err := s.isImplausible(ctx, on, recorded)
		if err != nil {
			return nil, err
		}
		if !implausible {
			on.countDiscarded(report.Spec.Adapter, metrics.DiscardUnknown)
			return nil, nil
		}
	}
	// If another report, such as a result, is recorded meanwhile, the write conflicts.
	all, err := appliersOf(recorded)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return s.patchReport(ctx, on, report, recorded.ResourceVersion, replaceSpec(report), untracked)
	}
	return s.replaceApplied(ctx, on, report, recorded, all)
}

// untracked empties the record of which client owns which field. Without an applier no
// client needs it, and keeping it is a third of the write's cost for the API server.
var untracked = jsonPatchOperation{Op: "add", Path: "/metadata/managedFields", Value: []any{struct{}{}}}

func replaceSpec(report *v1.AdapterStatus) jsonPatchOperation {
	return jsonPatchOperation{Op: "replace", Path: "/spec", Value: report.Spec}
}

type jsonPatchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// patchReport changes the recorded report. With a resourceVersion, it changes only that
// version.
func (s *Server) patchReport(ctx context.Context, on requested, report *v1.AdapterStatus, resourceVersion string, operations ...jsonPatchOperation) (*v1.AdapterStatus, error) {
	if resourceVersion != "" {
		operations = append(operations, jsonPatchOperation{Op: "replace", Path: "/metadata/resourceVersion", Value: resourceVersion})
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("make a patch of the report: %w", err)
	}
	stored := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: report.Name, Namespace: report.Namespace}}
	if err := s.caller.Patch(ctx, stored, client.RawPatch(types.JSONPatchType, patch), patchOptions(on.dryRun)...); err != nil {
		return nil, err
	}
	return stored, nil
}

// isProgress reports whether a report has Available=Unknown and no Finalized condition.
// Such a report adds at most that the adapter has started work on its generation.
func isProgress(report *v1.AdapterStatus) bool {
	said := aggregate.ReportOf(report)
	return said.Available == metav1.ConditionUnknown && said.Finalized == ""
}

// hasResultFor reports whether a recorded report has Available=True or Available=False
// for that generation or a newer one.
func hasResultFor(recorded *v1.AdapterStatus, generation int64) bool {
	said := aggregate.ReportOf(recorded)
	return said.Generation >= generation && (said.Available == metav1.ConditionTrue || said.Available == metav1.ConditionFalse)
}

// concerns reports whether a recorded report is about this resource. The new report may
// lack a UID only because the index is behind.
func (on requested) concerns(recorded *v1.AdapterStatus) bool {
	return recorded.Spec.ResourceRef.Concerns(on.kind, on.row.Key.Name, on.row.UID())
}

// removePredecessor deletes the recorded report if it is about a predecessor of the
// resource, and reports whether it did. It first checks the opposite case: the index may
// be behind, and the recorded report may be about a successor of the resource. If the
// recorded report is about this resource, the new report takes over its UID, or its lack
// of a UID.
func (s *Server) removePredecessor(ctx context.Context, on requested, report *v1.AdapterStatus) (bool, error) {
	if err := s.readLive(ctx, on); err != nil {
		return false, err
	}
	recorded := &v1.AdapterStatus{}
	if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
		return apierrors.IsNotFound(err), fromOwnRequest(client.IgnoreNotFound(err))
	}
	if on.concerns(recorded) {
		report.Spec.ResourceRef.UID = recorded.Spec.ResourceRef.UID // the index may be behind
		return false, nil
	}
	return true, s.remove(ctx, on, recorded, metrics.DiscardPredecessor)
}

// remove deletes a recorded report, only in the version that was read, and counts it. If
// the report has changed since then, remove returns no error, and the next attempt to
// write the new report detects the change.
func (s *Server) remove(ctx context.Context, on requested, recorded *v1.AdapterStatus, why string) error {
	if !recorded.DeletionTimestamp.IsZero() {
		return problem.Conflict.Because("The recorded report of the adapter is being deleted, and its finalizers keep it; try again")
	}
	if on.dryRun {
		return nil
	}
	err := s.own.Delete(ctx, recorded, client.Preconditions{UID: &recorded.UID, ResourceVersion: &recorded.ResourceVersion})
	if err == nil {
		metrics.DeletedReport(on.kind, recorded.Spec.Adapter, why)
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return fromOwnRequest(err)
}
