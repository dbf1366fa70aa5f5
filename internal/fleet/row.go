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

// Row is what an Index knows of one object. Once it is in an Index nothing of it
// may be changed: readers share it without a lock. A change of the object is a
// new Row.
type Row struct {
	// ID is the REST id, which v1.ID makes of the object's metadata.uid. It is unique,
	// and the tie break of every order.
	ID string
	// Key is the object's namespace and metadata.name.
	Key types.NamespacedName
	// ResourceVersion is the object's metadata.resourceVersion.
	ResourceVersion string
	// Name is the REST name, of an AdapterStatus the adapter's.
	Name string
	// Generation is metadata.generation, of an AdapterStatus its
	// spec.observedGeneration.
	Generation int64
	// CreatedBy and UpdatedBy are user names, "" where not known.
	CreatedBy, UpdatedBy string
	// CreatedTime is when the object was created, of an AdapterStatus the time of the
	// adapter's first report.
	CreatedTime time.Time
	// CreationTimestamp is the object's metadata.creationTimestamp, in Unix seconds.
	CreationTimestamp int64
	// UpdatedTime is when the object was last updated, of an AdapterStatus when
	// it last reported.
	UpdatedTime time.Time
	// DeletedTime is when the object was deleted, the zero time unless it still has
	// finalizers.
	DeletedTime time.Time
	// OwnerID names the owner, "" where there is none. The index compares it with
	// the owners of a Query and does not care how it is formed, but in a collection
	// that can be searched by owner_id it is what users write.
	OwnerID string
	// Labels are the labels as REST shows them.
	Labels Labels
	// Conditions are the object's conditions as REST shows them.
	Conditions Conditions
	// Stored are the conditions as the API server has them, nil where Conditions are
	// the same.
	Stored Conditions
	// JSON is the object as REST shows it.
	JSON []byte
	// Digest identifies JSON among everything that REST has ever shown.
	Digest Digest

	// ordinal is the row's place in the Index and its number in posting lists.
	// Successive rows of one object have the same.
	ordinal uint32
}

// UID returns the object's metadata.uid, "" where ID is not made of one.
func (r *Row) UID() types.UID {
	uid, err := v1.UIDFromID(r.ID)
	if err != nil {
		return ""
	}
	return uid
}

// Digest identifies bytes: two that differ do not have the same.
type Digest [16]byte

// share replaces the strings of a row by ones that it has in common with its
// predecessor, which may be nil, or with the rest of the fleet: names of users are
// few and stand in many rows.
func (r *Row) share(predecessor *Row) {
	r.CreatedBy, r.UpdatedBy = intern(r.CreatedBy), intern(r.UpdatedBy)
	r.Key.Namespace = intern(r.Key.Namespace)
	if predecessor != nil {
		r.Key = predecessor.Key
		if r.Name == predecessor.Name {
			r.Name = predecessor.Name
		}
		if r.OwnerID == predecessor.OwnerID {
			r.OwnerID = predecessor.OwnerID
		}
	}
	if predecessor != nil && slices.Equal(predecessor.Labels, r.Labels) {
		r.Labels = predecessor.Labels
	}
	if predecessor != nil && slices.Equal(predecessor.Conditions, r.Conditions) {
		r.Conditions = predecessor.Conditions
	}
}

func intern(s string) string { return unique.Make(s).Value() }
