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

package fleet

import (
	"slices"
	"time"
	"unique"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Row is the entry of one object in an Index. A Row in an Index is immutable, because
// readers share it without a lock. A change of the object makes a new Row.
type Row struct {
	// ID is the REST id, which v1.ID derives from the object's metadata.uid. It is
	// unique and breaks the ties of every order.
	ID string
	// Key is the object's namespace and metadata.name.
	Key types.NamespacedName
	// ResourceVersion is the object's metadata.resourceVersion.
	ResourceVersion string
	// Name is the REST name. For an AdapterStatus it is the adapter's name.
	Name string
	// Generation is metadata.generation. For an AdapterStatus it is
	// spec.observedGeneration.
	Generation int64
	// CreatedBy, UpdatedBy and DeletedBy are users as REST shows them, "" if unknown.
	CreatedBy, UpdatedBy, DeletedBy string
	// CreatedTime is the time of the object's creation. For an AdapterStatus it is the
	// time of the adapter's first report.
	CreatedTime time.Time
	// Sequence orders rows of equal CreatedTime by their creation, 0 if unknown. Kubernetes
	// rounds creation times to whole seconds.
	Sequence uint64
	// CreationTimestamp is the object's metadata.creationTimestamp, in Unix seconds.
	CreationTimestamp int64
	// UpdatedTime is the time of the object's last update. For an AdapterStatus it is
	// the time of the last report.
	UpdatedTime time.Time
	// DeletedTime is the time of the object's deletion. It is the zero time unless the
	// object is deleted and still has finalizers.
	DeletedTime time.Time
	// OwnerID identifies the owner, "" for none. The Index only compares it with the owners
	// of a Query, so it may have any form. In a collection whose Schema has owner_id, it is
	// the value that users write in searches.
	OwnerID string
	// Applied is true if a field manager has applied the AdapterStatus, or a part of it
	// (server-side apply).
	Applied bool
	// LastResult is the v1.LastResultAnnotation of an AdapterStatus without a result, "" if
	// it has none.
	LastResult string
	// Labels are the labels that REST shows.
	Labels Labels
	// Conditions are the object's conditions that REST shows.
	Conditions Conditions
	// Stored are the conditions in the API server, nil if they equal Conditions.
	Stored Conditions
	// JSON is the object that REST shows.
	JSON []byte
	// Digest identifies JSON among everything that REST has ever shown.
	Digest Digest

	// ordinal is the row's position in the table and its number in posting lists.
	// Successive rows of one object share it.
	ordinal uint32
}

// UID returns the object's metadata.uid, "" if ID does not encode one.
func (r *Row) UID() types.UID {
	uid, err := v1.UIDFromID(r.ID)
	if err != nil {
		return ""
	}
	return uid
}

// Digest identifies bytes: different bytes have different digests.
type Digest [16]byte

// share replaces the strings of a row by equal strings of its predecessor, which may be
// nil, or of the rest of the fleet. User names, for example, are few and occur in many
// rows. The runtime forgets an interned string that no handle refers to, so share prefers
// the strings of the predecessor.
func (r *Row) share(predecessor *Row) {
	if predecessor == nil {
		r.CreatedBy, r.UpdatedBy, r.DeletedBy = intern(r.CreatedBy), intern(r.UpdatedBy), intern(r.DeletedBy)
		r.Key.Namespace = intern(r.Key.Namespace)
		return
	}
	r.Key = predecessor.Key
	r.CreatedBy = sharedName(r.CreatedBy, predecessor.CreatedBy)
	r.UpdatedBy = sharedName(r.UpdatedBy, predecessor.UpdatedBy)
	if r.Name == predecessor.Name {
		r.Name = predecessor.Name
	}
	if r.OwnerID == predecessor.OwnerID {
		r.OwnerID = predecessor.OwnerID
	}
	if slices.Equal(predecessor.Labels, r.Labels) {
		r.Labels = predecessor.Labels
	}
	if slices.Equal(predecessor.Conditions, r.Conditions) {
		r.Conditions = predecessor.Conditions
	}
}

// sharedName returns the predecessor's user name if it is equal, else the interned name.
func sharedName(name, predecessor string) string {
	if name == predecessor {
		return predecessor
	}
	return intern(name)
}

func intern(s string) string { return unique.Make(s).Value() }
