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
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// A Renderer converts objects to rows of the fleet index, with their JSON in the form of
// the contract.
type Renderer struct {
	// RequiredAdapters returns the names of the adapters that are required for a Kind.
	// They determine the conditions of an object that has no status yet.
	RequiredAdapters func(kind string) []string

	// FinalizingAdapters returns the names of the required adapters that finalize a
	// deleted object of a Kind. They determine the condition Ready of an object whose
	// status is older than its deletion. It defaults to RequiredAdapters.
	FinalizingAdapters func(kind string) []string

	// ConditionNames selects the names of the aggregated conditions.
	ConditionNames aggregate.ConditionNames

	// Identities maps the users who created, updated and deleted an object.
	Identities Identities
}

// Finalizing returns the names of the adapters that finalize a deleted object of a Kind.
func (r Renderer) Finalizing(kind string) []string {
	if r.FinalizingAdapters == nil {
		return r.RequiredAdapters(kind)
	}
	return r.FinalizingAdapters(kind)
}

// Row returns the row of a Cluster, NodePool or AdapterStatus.
func (r Renderer) Row(o client.Object) (*fleet.Row, error) {
	switch o := o.(type) {
	case *v1.Cluster:
		return r.Cluster(o)
	case *v1.NodePool:
		return r.NodePool(o)
	case *v1.AdapterStatus:
		return EncodeReport(o)
	}
	return nil, fmt.Errorf("no list of the REST API has objects of type %T", o)
}

// Cluster returns the row of a Cluster.
func (r Renderer) Cluster(c *v1.Cluster) (*fleet.Row, error) {
	row, conditions := r.resourceRow(c, v1.ClusterKind, c.Status)
	labels := userLabels(c.Labels)
	row.Name, row.Labels = c.Name, fleet.LabelsOf(labels)
	return row, setJSON(row, Cluster{
		Kind:        ClusterKindCluster,
		ID:          row.ID,
		Href:        ClusterHref(row.ID),
		Name:        row.Name,
		Generation:  row.Generation,
		Spec:        FreeForm(c.Spec.Raw),
		Labels:      labels,
		CreatedTime: row.CreatedTime,
		UpdatedTime: row.UpdatedTime,
		CreatedBy:   r.Identities.Shown(row.CreatedBy),
		UpdatedBy:   r.Identities.Shown(row.UpdatedBy),
		DeletedTime: deletedTime(row),
		DeletedBy:   row.DeletedBy,
		Status:      resourceStatus(conditions),
	})
}

// NodePool returns the row of a NodePool.
func (r Renderer) NodePool(n *v1.NodePool) (*fleet.Row, error) {
	row, conditions := r.resourceRow(n, v1.NodePoolKind, n.Status)
	labels := userLabels(n.Labels)
	row.Name, row.Labels = n.PoolName(), fleet.LabelsOf(labels)
	rendered := NodePool{
		Kind:        NodePoolKindNodePool,
		ID:          row.ID,
		Href:        NodePoolHref(row.ID),
		Name:        row.Name,
		Generation:  row.Generation,
		Spec:        FreeForm(n.Spec.Fields.Raw),
		Labels:      labels,
		CreatedTime: row.CreatedTime,
		UpdatedTime: row.UpdatedTime,
		CreatedBy:   r.Identities.Shown(row.CreatedBy),
		UpdatedBy:   r.Identities.Shown(row.UpdatedBy),
		DeletedTime: deletedTime(row),
		DeletedBy:   row.DeletedBy,
		Status:      resourceStatus(conditions),
	}
	if row.OwnerID = v1.ID(n.ClusterUID()); row.OwnerID != "" {
		rendered.OwnerReferences = &OwnerReference{Kind: OwnerReferenceKindCluster, ID: row.OwnerID, Href: ClusterHref(row.OwnerID)}
	}
	return row, setJSON(row, rendered)
}

// resource is a Cluster or a NodePool.
type resource interface {
	client.Object
	v1.Parent
}

// resourceRow returns the part of a row that Clusters and NodePools share, and the
// conditions to show.
func (r Renderer) resourceRow(o resource, kind string, status v1.ResourceStatus) (*fleet.Row, []v1.ResourceCondition) {
	row := objectRow(o)
	row.Generation, row.Sequence = o.GetGeneration(), uint64(v1.Sequence(o))
	row.CreatedTime, row.UpdatedTime = o.GetCreationTimestamp().UTC(), v1.UpdatedTime(o).UTC()
	annotations := o.GetAnnotations()
	row.CreatedBy = r.Identities.Address(annotations[v1.CreatedByAnnotation])
	row.UpdatedBy = r.Identities.Address(annotations[v1.UpdatedByAnnotation])
	if !row.DeletedTime.IsZero() {
		row.DeletedBy = r.Identities.Address(annotations[v1.DeletedByAnnotation])
	}
	in := aggregate.Input{
		Kind:           kind,
		Generation:     row.Generation,
		Created:        row.CreatedTime,
		Updated:        row.UpdatedTime,
		Deleted:        row.DeletedTime,
		Required:       r.RequiredAdapters(kind),
		Finalizing:     r.Finalizing(kind),
		ConditionNames: r.ConditionNames,
	}
	if status.Computed() {
		in.Previous = status.Conditions
	}
	conditions := ContractConditions(aggregate.AtGeneration(in), in.Required)
	row.Conditions = fleet.ConditionsOf(conditions)
	return row, conditions
}

// ContractConditions returns stored conditions in the form of the contract, in which the
// observed generation of Ready is the newest generation that a required adapter has
// reported on.
func ContractConditions(conditions []v1.ResourceCondition, required []string) []v1.ResourceCondition {
	return withReadyAt(conditions, aggregate.ReportedGeneration(conditions, required))
}

// StoredConditions undoes ContractConditions for a row of that generation.
func StoredConditions(conditions []v1.ResourceCondition, generation int64) []v1.ResourceCondition {
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

// objectRow returns the part of a row that all objects share.
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

// deletedTime returns the time of a deletion, nil for a row that is not being deleted.
func deletedTime(row *fleet.Row) *time.Time {
	if row.DeletedTime.IsZero() {
		return nil
	}
	return &row.DeletedTime
}

// userLabels returns the labels that users set: all but HyperFleet's.
func userLabels(labels map[string]string) map[string]string {
	kept := make(map[string]string, len(labels))
	for key, value := range labels {
		if !strings.HasPrefix(key, v1.OwnPrefix) {
			kept[key] = value
		}
	}
	return kept
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

// The members in the JSON of a Cluster or NodePool that locate the update times of its
// conditions. The search for them relies on three facts: status is the last member of the
// resource, conditions is the first member of the status, and JSON escapes the quotes
// within a string.
var (
	statusMember     = []byte(`,"status":{"conditions":`)
	updateTimeMember = []byte(`"last_updated_time":"`)
)

// SetUpdateTimes replaces the update times in the JSON of a Cluster or NodePool by the
// times of conditions, which must otherwise equal the rendered conditions. It copies the
// JSON, which costs less than another rendering. The row must not be in an index yet.
func SetUpdateTimes(row *fleet.Row, conditions []v1.ResourceCondition) {
	status := bytes.LastIndex(row.JSON, statusMember)
	patched := make([]byte, 0, len(row.JSON)+len(conditions)*len(".123456789"))
	patched = append(patched, row.JSON[:status]...)
	rest := row.JSON[status:]
	for i := range conditions {
		start := bytes.Index(rest, updateTimeMember) + len(updateTimeMember)
		patched = append(patched, rest[:start]...)
		patched = conditions[i].LastUpdatedTime.UTC().AppendFormat(patched, time.RFC3339Nano)
		rest = rest[start+bytes.IndexByte(rest[start:], '"'):]
	}
	patched = append(patched, rest...)
	row.JSON, row.Digest = patched, DigestOf(patched)
}
