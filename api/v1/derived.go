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

package v1

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// OwnPrefix starts every label and annotation key that is HyperFleet's own.
	// Labels with it are not part of the REST API.
	OwnPrefix = "hyperfleet.io/"

	// ClusterLabel, on a NodePool, is its Cluster's metadata.name.
	ClusterLabel = OwnPrefix + "cluster"

	// CreatedByAnnotation is the user who created the object. An admission
	// policy sets it.
	CreatedByAnnotation = OwnPrefix + "created-by"

	// UpdatedByAnnotation is the user who last changed spec or labels. An
	// admission policy sets it.
	UpdatedByAnnotation = OwnPrefix + "updated-by"

	// FirstObservedAnnotation, on an AdapterStatus, is the observedTime of the
	// adapter's first report. An admission policy sets it.
	FirstObservedAnnotation = OwnPrefix + "first-observed"

	// CascadeFinalizer keeps a Cluster or NodePool until its NodePools and
	// AdapterStatuses are gone.
	CascadeFinalizer = OwnPrefix + "cascade"

	// ControllerFieldManager is the field manager of the HyperFleet controller.
	// What it changes does not count as an update of the object.
	ControllerFieldManager = "hyperfleet-controller"
)

// NodePoolName returns the metadata.name of the NodePool pool of a Cluster.
func NodePoolName(cluster, pool string) string { return cluster + "." + pool }

// PoolName returns the pool's own name, which follows the dot in a NodePool's
// metadata.name.
func PoolName(name string) string {
	_, pool, _ := strings.Cut(name, ".")
	return pool
}

// ClusterUID returns the UID of the Cluster that the NodePool is tied to, ""
// where it is not tied to one yet.
func (n *NodePool) ClusterUID() types.UID {
	for _, owner := range n.OwnerReferences {
		if owner.APIVersion == GroupVersion.String() && owner.Kind == ClusterKind && owner.Name == n.Spec.ClusterName {
			return owner.UID
		}
	}
	return ""
}

// TieTo labels the NodePool with its Cluster's name and, where that exists and
// none is yet, makes the Cluster its owner. It tells whether anything was missing.
// The owner does not block deletion: that would ask for rights on Clusters of
// whoever creates a NodePool, and HyperFleet's own cascade does not need it.
func (n *NodePool) TieTo(c *Cluster) (changed bool) {
	if n.Labels[ClusterLabel] != n.Spec.ClusterName {
		metav1.SetMetaDataLabel(&n.ObjectMeta, ClusterLabel, n.Spec.ClusterName)
		changed = true
	}
	if c == nil || n.ClusterUID() != "" {
		return changed
	}
	owner := metav1.OwnerReference{APIVersion: GroupVersion.String(), Kind: ClusterKind, Name: c.Name, UID: c.UID}
	if metav1.GetControllerOfNoCopy(n) == nil { // an object has at most one
		owner.Controller = new(true)
	}
	n.OwnerReferences = append(n.OwnerReferences, owner)
	return true
}

// AdapterStatusName returns the metadata.name of an adapter's report on the
// Cluster or NodePool of that metadata.name.
func AdapterStatusName(resource, adapter string) string { return resource + "." + adapter }

// UpdatedTime returns when a client last changed the object: the newest time of
// its managed fields, other than those of the status subresource and of the
// HyperFleet controller; its creation time where there is none. It needs the
// entries of metadata.managedFields but not their FieldsV1.
func UpdatedTime(o metav1.Object) time.Time {
	updated := o.GetCreationTimestamp().Time
	for _, entry := range o.GetManagedFields() {
		if entry.Subresource != "" || entry.Manager == ControllerFieldManager || entry.Time == nil {
			continue
		}
		if entry.Time.After(updated) {
			updated = entry.Time.Time
		}
	}
	return updated
}

// FirstObserved returns the observedTime of the adapter's first report, and the
// object's creation time where it is not recorded, in UTC.
func (a *AdapterStatus) FirstObserved() time.Time {
	if t, err := time.Parse(time.RFC3339, a.Annotations[FirstObservedAnnotation]); err == nil {
		return t.UTC()
	}
	return a.CreationTimestamp.UTC()
}

// Concerns tells whether the report is about the Cluster or NodePool of that
// kind, metadata.name and UID, and not about a predecessor of the same name.
func (r ResourceReference) Concerns(kind, name string, uid types.UID) bool {
	return r.Kind == kind && r.Name == name && (r.UID == "" || r.UID == uid)
}
