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
	"slices"

	jsonpatch "github.com/evanphx/json-patch/v5"
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

// recordAttempts bounds how often a report is written anew because others wrote
// or deleted the same adapter's report in between.
const recordAttempts = 5

// record creates or replaces the adapter's report as the caller: in one write, if nobody
// interferes. It returns nil if the report changes nothing.
func (s *Server) record(ctx context.Context, on requested, report *v1.AdapterStatus) (*v1.AdapterStatus, error) {
	recorded, exists := s.replica.Reports.Index.GetByKey(client.ObjectKeyFromObject(report))
	if on.undated {
		s.followIndexed(report, on, recorded)
	}
	foreseeTimes(report, recorded)
	applier := ""
	if exists {
		applier = recorded.AppliedBy
		if rest.DecodeReport(recorded).Spec.ResourceRef.UID == "" {
			report.Spec.ResourceRef.UID = "" // the API server lets nobody add one later
		}
	}
	var err error
	for range recordAttempts {
		var stored *v1.AdapterStatus
		if exists {
			stored, err = s.replaceReport(ctx, on, report, applier)
		} else {
			stored = report.DeepCopy()
			err = s.caller.Create(ctx, stored, createOptions(on.dryRun)...)
		}
		switch {
		case err == nil:
			return stored, nil
		case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
			exists = true
		case apierrors.IsNotFound(err):
			exists = false
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
			exists = false
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
		if on.dryRun && !exists {
			return report, nil // what is in its way is still there
		}
	}
	return nil, err
}

// replaceReport writes the report over the recorded one. The API server refuses a stale
// report, so a look at the recorded one is needed only for Available=Unknown, which must
// not replace a known result.
//
// applier is the field manager that has applied the recorded report, "" if there is none.
func (s *Server) replaceReport(ctx context.Context, on requested, report *v1.AdapterStatus, applier string) (*v1.AdapterStatus, error) {
	resourceVersion := ""
	if aggregate.ReportOf(report).Available == metav1.ConditionUnknown {
		recorded := &v1.AdapterStatus{}
		if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
			return nil, fromOwnRequest(err)
		}
		if concerns(recorded, report) && hasResult(recorded) {
			_, implausible, err := s.isImplausible(ctx, on, recorded)
			if err != nil {
				return nil, err
			}
			if !implausible {
				on.countDiscarded(report.Spec.Adapter, metrics.DiscardUnknown)
				return nil, nil
			}
		}
		resourceVersion = recorded.ResourceVersion // a result that is recorded meanwhile makes the write conflict
	}
	if applier != "" && len(report.Spec.Conditions) > 0 { // an apply cannot empty a list
		return s.applyReport(ctx, on, report, applier, resourceVersion)
	}
	// Without an applier nobody asks which client owns which field of a report, and to keep
	// track of it is a third of what the write costs the API server.
	return s.writeReport(ctx, on, report, resourceVersion, jsonPatchOperation{Op: "add", Path: "/metadata/managedFields", Value: []any{struct{}{}}})
}

// writeReport replaces the spec of the recorded report, of that version if there is one.
func (s *Server) writeReport(ctx context.Context, on requested, report *v1.AdapterStatus, resourceVersion string, more ...jsonPatchOperation) (*v1.AdapterStatus, error) {
	operations := append([]jsonPatchOperation{{Op: "replace", Path: "/spec", Value: report.Spec}}, more...)
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

// applyReport writes the report by server-side apply as the field manager that has applied
// the recorded one. Then the manager owns what the report says, so its next apply needs no
// force and makes the report what its manifest says.
func (s *Server) applyReport(ctx context.Context, on requested, report *v1.AdapterStatus, applier, resourceVersion string) (*v1.AdapterStatus, error) {
	stored := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Name: report.Name, Namespace: report.Namespace, ResourceVersion: resourceVersion},
		Spec:       *report.Spec.DeepCopy(),
	}
	stored.SetGroupVersionKind(v1.GroupVersion.WithKind(v1.AdapterStatusKind))
	for i := range stored.Spec.Conditions {
		stored.Spec.Conditions[i].LastTransitionTime = v1.Timestamp{} // the API server's to own
	}
	options := []client.PatchOption{client.FieldOwner(applier), client.ForceOwnership}
	if on.dryRun {
		options = append(options, client.DryRunAll)
	}
	if err := s.caller.Patch(ctx, stored, client.Apply, options...); err != nil { //nolint:staticcheck // there is no apply configuration of these types
		return nil, err
	}
	same, err := sameContent(stored.Spec, report.Spec)
	if err != nil || same || on.dryRun {
		return stored, err
	}
	// What others have written beside the manager, an apply leaves. To remove it takes no
	// field from the manager, provided that everything else stays as it is stored.
	left := report.DeepCopy()
	for i := range left.Spec.Conditions {
		c := &left.Spec.Conditions[i]
		if is := slices.IndexFunc(stored.Spec.Conditions, func(is v1.AdapterCondition) bool { return is.Type == c.Type }); is >= 0 {
			c.LastTransitionTime = stored.Spec.Conditions[is].LastTransitionTime
		}
	}
	return s.writeReport(ctx, on, left, stored.ResourceVersion)
}

// sameContent reports whether two reports say the same, apart from the times of
// transitions.
func sameContent(a, b v1.AdapterStatusSpec) (bool, error) {
	var texts [2][]byte
	for i, spec := range []*v1.AdapterStatusSpec{&a, &b} {
		spec = spec.DeepCopy()
		for c := range spec.Conditions {
			spec.Conditions[c].LastTransitionTime = v1.Timestamp{}
		}
		var err error
		if texts[i], err = json.Marshal(spec); err != nil {
			return false, fmt.Errorf("compare reports: %w", err)
		}
	}
	return jsonpatch.Equal(texts[0], texts[1]), nil
}

type jsonPatchOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// hasResult reports whether a recorded report says True or False.
func hasResult(recorded *v1.AdapterStatus) bool {
	available := aggregate.ReportOf(recorded).Available
	return available == metav1.ConditionTrue || available == metav1.ConditionFalse
}

func concerns(recorded, report *v1.AdapterStatus) bool {
	ref := report.Spec.ResourceRef
	return recorded.Spec.ResourceRef.Concerns(ref.Kind, ref.Name, ref.UID)
}

// removePredecessor deletes the recorded report if it is about a resource that had the
// same name and is gone, and reports whether it did. It makes sure first that it is not
// the other way round: that the index is behind, and the recorded report is the
// successor's. Of a recorded report that is about this resource, the report takes the UID,
// or that there is none.
func (s *Server) removePredecessor(ctx context.Context, on requested, report *v1.AdapterStatus) (bool, error) {
	if err := s.readLive(ctx, on); err != nil {
		return false, err
	}
	recorded := &v1.AdapterStatus{}
	if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
		return apierrors.IsNotFound(err), fromOwnRequest(client.IgnoreNotFound(err))
	}
	if concerns(recorded, report) {
		report.Spec.ResourceRef.UID = recorded.Spec.ResourceRef.UID // the index may not have known it
		return false, nil
	}
	return true, s.remove(ctx, on, recorded, metrics.DiscardPredecessor)
}

// remove deletes exactly the version of a recorded report that was read, and counts it. If
// the report has changed since then, the next attempt to record another one finds that out.
func (s *Server) remove(ctx context.Context, on requested, recorded *v1.AdapterStatus, why string) error {
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
