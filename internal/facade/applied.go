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
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// replaceApplied writes the report over a recorded one that has appliers, so that each
// applier owns the same fields afterwards and its next apply needs no force. The first
// applier also owns the fields that the report adds, so that its next apply makes the
// report equal to its manifest.
func (s *Server) replaceApplied(ctx context.Context, on requested, report, recorded *v1.AdapterStatus, all appliers) (*v1.AdapterStatus, error) {
	reporters := all.ofSpec()
	if reporters.haveOneWriter() && reporters[0].canWrite(&report.Spec, &recorded.Spec) {
		shared, err := reporters.regain(recorded.ManagedFields)
		if err != nil {
			return nil, err
		}
		if shared == nil {
			return s.apply(ctx, on, report, recorded, reporters[0])
		}
	}
	// The report is written first, so that no version of it mixes the old and the new
	// report.
	stored, err := s.patchReport(ctx, on, report, recorded.ResourceVersion, replaceSpec(report))
	if err != nil || on.dryRun {
		return stored, err
	}
	return s.restoreOwners(ctx, on, stored, reporters)
}

// restoreOwners returns to the appliers the fields that the stored report over REST has
// taken from them. It retries after a conflict itself, because only this function knows
// which fields they owned.
func (s *Server) restoreOwners(ctx context.Context, on requested, stored *v1.AdapterStatus, reporters appliers) (*v1.AdapterStatus, error) {
	var err error
	for range recordAttempts {
		var regained []metav1.ManagedFieldsEntry
		if regained, err = reporters.regain(stored.ManagedFields); err != nil || regained == nil {
			return stored, err
		}
		var restored *v1.AdapterStatus
		restored, err = s.patchReport(ctx, on, stored, stored.ResourceVersion, jsonPatchOperation{Op: "replace", Path: "/metadata/managedFields", Value: regained})
		if !apierrors.IsConflict(err) {
			return restored, err
		}
		if err := s.own.Get(ctx, client.ObjectKeyFromObject(stored), stored); err != nil {
			return nil, fromOwnRequest(err)
		}
	}
	return nil, err
}

// apply writes the report by server-side apply as the applier, with force. It does not
// change the other appliers' fields.
func (s *Server) apply(ctx context.Context, on requested, report, recorded *v1.AdapterStatus, a applier) (*v1.AdapterStatus, error) {
	configuration, err := json.Marshal(map[string]any{
		"apiVersion": v1.GroupVersion.String(),
		"kind":       v1.AdapterStatusKind,
		"metadata":   a.metadata(recorded),
		"spec":       a.spec(&report.Spec),
	})
	if err != nil {
		return nil, fmt.Errorf("make an apply configuration of the report: %w", err)
	}
	options := []client.PatchOption{client.FieldOwner(a.entry.Manager), client.ForceOwnership}
	if on.dryRun {
		options = append(options, client.DryRunAll)
	}
	stored := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: report.Name, Namespace: report.Namespace}}
	if err := s.caller.Patch(ctx, stored, client.RawPatch(types.ApplyYAMLPatchType, configuration), options...); err != nil {
		return nil, err
	}
	return stored, nil
}

// canWrite reports whether an apply by the applier turns the recorded report into the new
// one. An apply cannot empty a list, and does not remove fields that other managers also
// own. So canWrite returns false if the new report omits a part of the recorded one.
func (a applier) canWrite(report, recorded *v1.AdapterStatusSpec) bool {
	return a.scope() > partScope && report.ResourceRef == recorded.ResourceRef &&
		(a.writes("observedGeneration") || report.ObservedGeneration == recorded.ObservedGeneration) &&
		len(report.Conditions) > 0 &&
		!slices.ContainsFunc(recorded.Conditions, func(is v1.AdapterCondition) bool {
			return !slices.ContainsFunc(report.Conditions, func(c v1.AdapterCondition) bool { return c.Type == is.Type })
		}) &&
		(report.Data != nil || recorded.Data == nil) && (report.Metadata != nil || recorded.Metadata == nil)
}

// writes reports whether the applier applies a field that the API server requires.
func (a applier) writes(required string) bool {
	return a.scope() == manifestScope || a.has("spec", required)
}

// spec returns the part of a report that the applier has to apply.
func (a applier) spec(report *v1.AdapterStatusSpec) map[string]any {
	spec, ref := map[string]any{"conditions": report.Conditions}, map[string]any{}
	for name, content := range map[string]any{"adapter": report.Adapter, "observedGeneration": report.ObservedGeneration, "observedTime": report.ObservedTime} {
		if a.writes(name) {
			spec[name] = content
		}
	}
	for name, content := range map[string]any{"kind": report.ResourceRef.Kind, "name": report.ResourceRef.Name, "uid": report.ResourceRef.UID} {
		if a.has("spec", "resourceRef", name) {
			ref[name] = content
		}
	}
	if len(ref) > 0 {
		spec["resourceRef"] = ref
	}
	if report.Data != nil {
		spec["data"] = report.Data
	}
	if report.Metadata != nil {
		spec["metadata"] = report.Metadata
	}
	return spec
}

// metadata returns the part of a recorded report's metadata that the applier has applied:
// an apply removes the fields that its manager no longer applies.
func (a applier) metadata(recorded *v1.AdapterStatus) metav1.ObjectMeta {
	metadata := metav1.ObjectMeta{
		Name:            recorded.Name,
		Namespace:       recorded.Namespace,
		ResourceVersion: recorded.ResourceVersion, // so that the apply undoes no concurrent change
		Labels:          maps.Clone(recorded.Labels),
		Annotations:     maps.Clone(recorded.Annotations),
	}
	maps.DeleteFunc(metadata.Labels, func(key, _ string) bool { return !a.has("metadata", "labels", key) })
	maps.DeleteFunc(metadata.Annotations, func(key, _ string) bool { return !a.has("metadata", "annotations", key) })
	for _, finalizer := range recorded.Finalizers {
		if a.has("metadata", "finalizers", value.NewValueInterface(finalizer)) {
			metadata.Finalizers = append(metadata.Finalizers, finalizer)
		}
	}
	for _, owner := range recorded.OwnerReferences {
		if a.has("metadata", "ownerReferences", fieldpath.KeyByFields("uid", string(owner.UID))) {
			metadata.OwnerReferences = append(metadata.OwnerReferences, owner)
		}
	}
	return metadata
}
