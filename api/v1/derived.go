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
	// OwnPrefix is the prefix of the label and annotation keys that HyperFleet
	// defines. The REST API does not show labels with this prefix.
	OwnPrefix = "hyperfleet.io/"

	// ClusterLabel, on a NodePool, is the metadata.name of its Cluster.
	ClusterLabel = OwnPrefix + "cluster"

	// CreatedByAnnotation is the user who created the object. An admission
	// policy sets it.
	CreatedByAnnotation = OwnPrefix + "created-by"

	// UpdatedByAnnotation is the user who last changed spec or labels. An
	// admission policy sets it.
	UpdatedByAnnotation = OwnPrefix + "updated-by"

	// DeletedByAnnotation is the user who asked for the deletion of the object. A
	// client sets it before it deletes, to its own name: an admission policy
	// overwrites any other name. It is empty if the client did not.
	DeletedByAnnotation = OwnPrefix + "deleted-by"

	// ForceDeleteAnnotation is the reason, of 1 to 1024 characters, to delete the
	// object although adapters have not finalized it. Only a user with the verb
	// force-delete on the resource may set it, only on an object that is being
	// deleted, and nobody may change it.
	ForceDeleteAnnotation = OwnPrefix + "force-delete"

	// ForceDeletedByAnnotation is the user who set ForceDeleteAnnotation. An
	// admission policy sets it.
	ForceDeletedByAnnotation = OwnPrefix + "force-deleted-by"

	// FirstObservedAnnotation, on an AdapterStatus, is the observedTime of the
	// adapter's first report. An admission policy sets it.
	FirstObservedAnnotation = OwnPrefix + "first-observed"

	// LastResultAnnotation, on an AdapterStatus without a result, is the last result of
	// the adapter: the reports that had it were replaced, perhaps before any status showed
	// it. An admission policy sets it. The value has five parts, separated by spaces: the
	// status of Available, or Stalled if it was False and Stalled was True;
	// observedGeneration; observedTime; reason and message of Available in quotes. The
	// message ends after 1025 characters.
	LastResultAnnotation = OwnPrefix + "last-result"

	// KeptResultsAnnotation, on a Cluster or NodePool, names adapters whose last result
	// stays known although no report has it: HyperFleet has deleted the implausible
	// report that replaced it. The value is a JSON object from the names of the adapters
	// to lists of results, each as "<observedGeneration>@<observedTime>". Other clients
	// can remove it by a patch, but an admission policy keeps them from writing it.
	KeptResultsAnnotation = OwnPrefix + "kept-results"

	// CascadeFinalizer keeps a deleted Cluster or NodePool until its NodePools and
	// AdapterStatuses are gone.
	CascadeFinalizer = OwnPrefix + "cascade"

	// ControllerFieldManager is the field manager of the HyperFleet controller.
	// Its writes do not count as updates of the object.
	ControllerFieldManager = "hyperfleet-controller"
)

// Bounds on free-form content, which config/admission/bounds.yaml enforces. They
// hold for the spec of a Cluster or NodePool, and for data and metadata of a
// report together.
const (
	// MaxContentDepth is the maximum nesting of objects and arrays; the spec itself
	// is at depth 1.
	MaxContentDepth = 32

	// MaxContentMembers is the maximum number of members of objects and elements of
	// arrays in all.
	MaxContentMembers = 10_000

	// MaxContentWeight is the maximum number of bytes that the content takes in the
	// store. Every key counts twice, because metadata.managedFields repeat it.
	MaxContentWeight = 1 << 20

	// MaxWeight is the maximum weight of spec, labels and annotations of a Cluster or
	// NodePool together, and of data, metadata and conditions of a report. A key counts
	// once more for each further field manager that owns it. MaxWeight leaves 200 KiB of
	// the 1.5 MiB that etcd takes to the status of a Cluster or NodePool.
	MaxWeight = 1_310_720

	// MaxReportMetadataWeight is the maximum weight of labels and annotations of a report.
	// Clients other than the adapter can write them, and must not take the report's room.
	MaxReportMetadataWeight = 192 << 10

	// MaxReferencesWeight is the maximum weight of finalizers and ownerReferences together.
	MaxReferencesWeight = 8 << 10

	// MaxLabels is the maximum number of labels, without those with OwnPrefix.
	MaxLabels = 64

	// MaxAnnotations is the maximum number of annotations.
	MaxAnnotations = 128
)

// VerbForceDelete is the RBAC verb on Clusters and NodePools that
// ForceDeleteAnnotation needs.
const VerbForceDelete = "force-delete"

// NodePoolName returns the metadata.name of a Cluster's NodePool.
func NodePoolName(cluster, pool string) string { return cluster + "." + pool }

// PoolName returns the pool's own name: the part of a NodePool's metadata.name
// after the dot.
func PoolName(name string) string {
	_, pool, _ := strings.Cut(name, ".")
	return pool
}

// ClusterUID returns the UID of the Cluster that owns the NodePool, or "" if the
// NodePool has no owner yet.
func (n *NodePool) ClusterUID() types.UID {
	for _, owner := range n.OwnerReferences {
		if owner.APIVersion == GroupVersion.String() && owner.Kind == ClusterKind && owner.Name == n.Spec.ClusterName {
			return owner.UID
		}
	}
	return ""
}

// TieTo labels the NodePool with the name of its Cluster. If the Cluster exists
// and the NodePool has no owner yet, TieTo makes the Cluster its owner. It reports
// whether it changed the NodePool. The ownerReference does not block deletion:
// blockOwnerDeletion would require rights on Clusters from every client that
// creates a NodePool, and HyperFleet's cascade does not need it.
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

// AdapterStatusName returns the metadata.name of an adapter's report on a Cluster
// or NodePool. resource is the metadata.name of that Cluster or NodePool.
func AdapterStatusName(resource, adapter string) string { return resource + "." + adapter }

// FirstObserved returns the observedTime of the adapter's first report in UTC. If
// it is not recorded, FirstObserved returns the object's creation time.
func (a *AdapterStatus) FirstObserved() time.Time {
	if t, err := time.Parse(time.RFC3339, a.Annotations[FirstObservedAnnotation]); err == nil {
		return t.UTC()
	}
	return a.CreationTimestamp.UTC()
}

// Concerns reports whether the report is about the Cluster or NodePool with this
// kind, metadata.name and UID, and not about a predecessor of the same name.
func (r ResourceReference) Concerns(kind, name string, uid types.UID) bool {
	return r.Kind == kind && r.Name == name && (r.UID == "" || r.UID == uid)
}
