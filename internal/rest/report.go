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

package rest

import (
	"slices"
	"strings"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// A report becomes a row as follows. The other content of an AdapterStatus is only in the
// row's JSON, or not in the row.
//
//	metadata.managedFields     Applied
//	metadata.annotations       CreatedTime, LastResult
//	metadata                   Key, ID, ResourceVersion, CreationTimestamp, DeletedTime
//	spec.adapter               Name, and the last part of Key.Name
//	spec.resourceRef.name      Key.Name without the adapter
//	spec.resourceRef.kind      follows from resourceRef.name: only a NodePool's has a dot
//	spec.resourceRef.uid       OwnerID, see reportOwner
//	spec.observedGeneration    Generation
//	spec.observedTime          UpdatedTime
//	spec.conditions            Conditions

// EncodeReport returns the row of a report, with its JSON.
func EncodeReport(report *v1.AdapterStatus) (*fleet.Row, error) {
	spec := &report.Spec
	row := objectRow(report)
	row.Name = unique.Make(spec.Adapter).Value() // a fleet has few adapters
	row.Generation = spec.ObservedGeneration
	row.CreatedTime, row.UpdatedTime = report.FirstObserved().UTC(), spec.ObservedTime.UTC()
	row.OwnerID = reportOwner(spec.ResourceRef)
	row.Applied = slices.ContainsFunc(report.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Operation == metav1.ManagedFieldsOperationApply
	})
	row.LastResult = report.Annotations[v1.LastResultAnnotation]
	conditions := make([]v1.ResourceCondition, len(spec.Conditions))
	rendered := AdapterStatus{
		Adapter:            spec.Adapter,
		ObservedGeneration: spec.ObservedGeneration,
		Conditions:         make([]AdapterCondition, len(spec.Conditions)),
		Data:               FreeForm(nil),
		CreatedTime:        row.CreatedTime,
		LastReportTime:     row.UpdatedTime,
	}
	for i, c := range spec.Conditions {
		transition := c.LastTransitionTime
		if transition.IsZero() { // written while the admission policy was not in force
			transition = spec.ObservedTime
		}
		rendered.Conditions[i] = AdapterCondition{
			Type:               c.Type,
			Status:             AdapterConditionStatus(c.Status),
			Reason:             c.Reason,
			Message:            c.Message,
			LastTransitionTime: transition.UTC(),
		}
		conditions[i] = v1.ResourceCondition{
			Type: c.Type, Status: c.Status, Reason: c.Reason, Message: c.Message, LastTransitionTime: transition,
		}
	}
	row.Conditions = fleet.ConditionsOf(conditions)
	if spec.Data != nil {
		rendered.Data = FreeForm(spec.Data.Raw)
	}
	if spec.Metadata != nil {
		rendered.Metadata = FreeForm(spec.Metadata.Raw)
	}
	return row, setJSON(row, rendered)
}

// DecodeReport returns the report that a row was made of. It lacks labels, annotations
// except the last result, finalizers and managed fields, which the row does not have, and
// the free-form content, which the row has as JSON only.
func DecodeReport(row *fleet.Row) *v1.AdapterStatus {
	kind, resource := ReportedResource(row)
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Name:              row.Key.Name,
			Namespace:         row.Key.Namespace,
			UID:               row.UID(),
			ResourceVersion:   row.ResourceVersion,
			CreationTimestamp: metav1.Unix(row.CreationTimestamp, 0),
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        v1.ResourceReference{Kind: kind, Name: resource.Name, UID: ownerUID(row.OwnerID)},
			Adapter:            row.Name,
			ObservedGeneration: row.Generation,
			ObservedTime:       v1.NewTimestamp(row.UpdatedTime),
		},
	}
	if row.LastResult != "" {
		report.Annotations = map[string]string{v1.LastResultAnnotation: row.LastResult}
	}
	if !row.DeletedTime.IsZero() {
		report.DeletionTimestamp = new(metav1.NewTime(row.DeletedTime))
	}
	for _, c := range row.Conditions.All() {
		report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
			Type:               c.Type,
			Status:             c.Status,
			Reason:             c.Reason,
			Message:            c.Message,
			LastTransitionTime: c.LastTransitionTime,
		})
	}
	return report
}

// ReportedResource returns the kind and the key of the resource that a report is
// about.
func ReportedResource(report *fleet.Row) (kind string, resource types.NamespacedName) {
	resource = types.NamespacedName{
		Namespace: report.Key.Namespace,
		Name:      strings.TrimSuffix(report.Key.Name, "."+report.Name),
	}
	if strings.Contains(resource.Name, ".") {
		return v1.NodePoolKind, resource
	}
	return v1.ClusterKind, resource
}

// ReportOwners returns every OwnerID that a report on a resource can have: the resource's
// id, and the owner of reports without a UID.
func ReportOwners(kind, id, name string) []string {
	return []string{id, reportOwner(v1.ResourceReference{Kind: kind, Name: name})}
}

// uidOwner is the prefix of the owner of a report whose UID has no id.
const uidOwner = "uid/"

// reportOwner returns the OwnerID of a report: the id of the resource if the report
// contains its UID, otherwise the kind and name of the resource. No id contains a slash.
func reportOwner(ref v1.ResourceReference) string {
	if ref.UID == "" {
		return ref.Kind + "/" + ref.Name
	}
	if id := v1.ID(ref.UID); id != "" {
		return id
	}
	return uidOwner + string(ref.UID)
}

// ownerUID returns the UID that reportOwner was given, "" for none.
func ownerUID(owner string) types.UID {
	if uid, ok := strings.CutPrefix(owner, uidOwner); ok {
		return types.UID(uid)
	}
	uid, err := v1.UIDFromID(owner)
	if err != nil {
		return ""
	}
	return uid
}
