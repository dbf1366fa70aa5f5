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
	"encoding/json"
	"slices"
	"strings"
	"unique"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// A renderer turns objects into rows of the index, with their JSON as the
// contract shows it.
type renderer struct {
	required func(kind string) []string
}

func (r renderer) cluster(c *v1.Cluster) (*fleet.Row, error) {
	row, conditions := r.resourceRow(c, v1.ClusterKind, c.Status)
	labels := restLabels(c.Labels)
	row.Name, row.Labels = c.Name, fleet.LabelsOf(labels)
	return row, show(row, Cluster{
		Kind:        ClusterKindCluster,
		ID:          row.ID,
		Href:        clusterHref(row.ID),
		Name:        row.Name,
		Generation:  row.Generation,
		Spec:        object(c.Spec.Raw),
		Labels:      labels,
		CreatedTime: row.CreatedTime,
		UpdatedTime: row.UpdatedTime,
		CreatedBy:   row.CreatedBy,
		UpdatedBy:   row.UpdatedBy,
		Status:      resourceStatus(conditions),
	})
}

func (r renderer) nodePool(n *v1.NodePool) (*fleet.Row, error) {
	row, conditions := r.resourceRow(n, v1.NodePoolKind, n.Status)
	labels := restLabels(n.Labels)
	row.Name, row.Labels = n.PoolName(), fleet.LabelsOf(labels)
	rendered := NodePool{
		Kind:        NodePoolKindNodePool,
		ID:          row.ID,
		Href:        nodePoolHref(row.ID),
		Name:        row.Name,
		Generation:  row.Generation,
		Spec:        object(n.Spec.Fields.Raw),
		Labels:      labels,
		CreatedTime: row.CreatedTime,
		UpdatedTime: row.UpdatedTime,
		CreatedBy:   row.CreatedBy,
		UpdatedBy:   row.UpdatedBy,
		Status:      resourceStatus(conditions),
	}
	if row.OwnerID = v1.ID(n.ClusterUID()); row.OwnerID != "" {
		rendered.OwnerReferences = &OwnerReference{Kind: OwnerReferenceKindCluster, ID: row.OwnerID}
	}
	return row, show(row, rendered)
}

func (r renderer) adapterStatus(a *v1.AdapterStatus) (*fleet.Row, error) {
	row := objectRow(a)
	row.Name = unique.Make(a.Spec.Adapter).Value() // adapters are few
	row.Generation = a.Spec.ObservedGeneration
	row.CreatedTime, row.UpdatedTime = a.FirstObserved().UTC(), a.Spec.ObservedTime.UTC()
	row.OwnerID = reportOwner(a.Spec.ResourceRef)
	conditions := make([]v1.ResourceCondition, len(a.Spec.Conditions))
	rendered := AdapterStatus{
		Adapter:            a.Spec.Adapter,
		ObservedGeneration: a.Spec.ObservedGeneration,
		Conditions:         make([]AdapterCondition, len(a.Spec.Conditions)),
		Data:               object(nil),
		CreatedTime:        row.CreatedTime,
		LastReportTime:     row.UpdatedTime,
	}
	for i, c := range a.Spec.Conditions {
		transition := c.LastTransitionTime
		if transition.IsZero() { // written while the admission policy was not in force
			transition = a.Spec.ObservedTime
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
	if a.Spec.Data != nil {
		rendered.Data = object(a.Spec.Data.Raw)
	}
	if a.Spec.Metadata != nil {
		rendered.Metadata = object(a.Spec.Metadata.Raw)
	}
	return row, show(row, rendered)
}

// resourceRow is the part of a row that Clusters and NodePools share, and their
// conditions.
func (r renderer) resourceRow(o client.Object, kind string, status v1.ResourceStatus) (*fleet.Row, []v1.ResourceCondition) {
	row := objectRow(o)
	row.Generation = o.GetGeneration()
	row.CreatedTime, row.UpdatedTime = o.GetCreationTimestamp().UTC(), v1.UpdatedTime(o).UTC()
	annotations := o.GetAnnotations()
	row.CreatedBy, row.UpdatedBy = annotations[v1.CreatedByAnnotation], annotations[v1.UpdatedByAnnotation]
	conditions := aggregate.AtGeneration(aggregate.Input{
		Kind:       kind,
		Generation: row.Generation,
		Created:    row.CreatedTime,
		Updated:    row.UpdatedTime,
		Required:   r.required(kind),
		Previous:   status.Conditions,
	})
	conditions = contractConditions(conditions, r.required(kind))
	row.Conditions = fleet.ConditionsOf(conditions)
	return row, conditions
}

// contractConditions returns stored conditions as the contract has them: with the
// newest reported generation as the one that Ready observes.
func contractConditions(conditions []v1.ResourceCondition, required []string) []v1.ResourceCondition {
	return withReadyAt(conditions, aggregate.ReportedGeneration(conditions, required))
}

// storedConditions undoes contractConditions: Ready is stored with the resource's
// generation.
func storedConditions(conditions []v1.ResourceCondition, generation int64) []v1.ResourceCondition {
	return withReadyAt(conditions, generation)
}

func withReadyAt(conditions []v1.ResourceCondition, generation int64) []v1.ResourceCondition {
	conditions = slices.Clone(conditions)
	for i := range conditions {
		if conditions[i].Type == v1.ReadyCondition {
			conditions[i].ObservedGeneration = generation
		}
	}
	return conditions
}

func objectRow(o client.Object) *fleet.Row {
	row := &fleet.Row{
		ID:                v1.ID(o.GetUID()),
		Key:               client.ObjectKeyFromObject(o),
		ResourceVersion:   o.GetResourceVersion(),
		CreationTimestamp: o.GetCreationTimestamp().Unix(),
	}
	if deleted := o.GetDeletionTimestamp(); deleted != nil {
		row.DeletedTime = deleted.UTC()
	}
	return row
}

func restLabels(labels map[string]string) map[string]string {
	rest := make(map[string]string, len(labels))
	for key, value := range labels {
		if !strings.HasPrefix(key, v1.OwnPrefix) {
			rest[key] = value
		}
	}
	return rest
}

func resourceStatus(conditions []v1.ResourceCondition) ResourceStatus {
	status := ResourceStatus{Conditions: make([]ResourceCondition, len(conditions))}
	for i, c := range conditions {
		status.Conditions[i] = ResourceCondition{
			Type:               c.Type,
			Status:             ResourceConditionStatus(c.Status),
			Reason:             c.Reason,
			Message:            c.Message,
			ObservedGeneration: c.ObservedGeneration,
			CreatedTime:        c.CreatedTime.UTC(),
			LastUpdatedTime:    c.LastUpdatedTime.UTC(),
			LastTransitionTime: c.LastTransitionTime.UTC(),
		}
	}
	return status
}

// object is the raw JSON of a free-form object, {} where there is none.
func object(raw []byte) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// freeFormObject is a request's free-form object as a custom resource holds it.
func freeFormObject(raw json.RawMessage) *runtime.RawExtension {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return &runtime.RawExtension{Raw: raw}
}

// show puts what REST shows of a row into it.
func show(row *fleet.Row, value any) error {
	text, err := marshal(value)
	if err != nil {
		return err
	}
	row.JSON = text
	row.Digest = digest(row.JSON)
	return nil
}

// marshal is json.Marshal, but leaves <, > and & as they are.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
