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
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Parent is a Cluster or a NodePool, which reports are about.
//
// +kubebuilder:object:generate=false
type Parent interface {
	metav1.Object
	GetStatus() *ResourceStatus
}

// Computed reports whether the controller has written the status. A status that it has
// not written yet has no conditions, or those of the schema's default: Ready and
// Available, created at the Unix epoch. They are not earlier results, so no condition may
// be computed from them. The createdTime of an adapter's condition may be the Unix epoch,
// so Computed ignores these conditions.
func (s *ResourceStatus) Computed() bool {
	return len(s.Conditions) > 0 && !slices.ContainsFunc(s.Conditions, func(c ResourceCondition) bool {
		return (c.Type == ReadyCondition || c.Type == AvailableCondition) && c.CreatedTime.Unix() == 0
	})
}

// Sequence returns a number that orders resources in the order of their creation
// if their creationTimestamps, which have a precision of one second, are equal.
// It is status.sequence, or the resourceVersion until a sequence has been
// recorded, or 0 for an object that is not stored.
func Sequence(r Parent) int64 {
	if recorded := r.GetStatus().Sequence; recorded > 0 {
		return recorded
	}
	revision, err := strconv.ParseInt(r.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return revision
}

// UpdatedTime returns the time when a client last changed spec or labels of a Cluster or
// NodePool: the time that the controller recorded in the status. While the record is of
// another generation or of other labels, it is the later one of the recorded time and of
// the time in metadata.managedFields.
//
// managedFields know of a change at once. But they forget it when a client removes all
// fields of a manager or clears managedFields, and a client may write any time into them.
// The record is never lost, but lags behind until the controller has seen the change.
func UpdatedTime(o metav1.Object) time.Time {
	r, ok := o.(Parent)
	if !ok {
		return managedTime(o)
	}
	recorded := r.GetStatus().UpdatedTime.Time
	if !recorded.IsZero() && !isChanged(r, LabelsDigest(r.GetLabels())) {
		return recorded
	}
	if updated := managedTime(o); updated.After(recorded) {
		return updated
	}
	return recorded
}

// isChanged reports whether r has another generation than its status was written for, or
// other labels. digest is that of its labels.
func isChanged(r Parent, digest string) bool {
	stored := r.GetStatus()
	return stored.ObservedGeneration != r.GetGeneration() || stored.ObservedLabels != digest
}

// managedTime returns the newest time in metadata.managedFields, without the
// entries of the status subresource and of the HyperFleet controller, or else the
// creation time. It does not need the FieldsV1 of the entries.
func managedTime(o metav1.Object) time.Time {
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

// updateStep separates the times of two changes that have the same time on the
// controller's clock or in managedFields.
const updateStep = time.Millisecond

// RecordUpdate sets sequence, updatedTime and observedLabels of next, the status
// that the controller is about to write for r. now is the controller's time.
//
// updatedTime moves forward if spec or labels differ from those that the stored status
// was written for, also if managedFields do not show the change. Otherwise it stays. A
// time from the future counts neither in managedFields nor in the stored status. Only
// there updatedTime moves back.
func RecordUpdate(next *ResourceStatus, r Parent, now time.Time) {
	next.Sequence = Sequence(r)
	next.ObservedLabels = LabelsDigest(r.GetLabels())
	changed := isChanged(r, next.ObservedLabels)
	recorded, updated := r.GetStatus().UpdatedTime.Time, managedTime(r)
	if IsFuture(updated, now) {
		updated = r.GetCreationTimestamp().Time
	}
	switch {
	case recorded.IsZero():
	case IsFuture(recorded, now):
		if changed {
			updated = now
		}
	case !changed:
		updated = recorded
	case !updated.After(recorded):
		updated = recorded.Add(updateStep)
		if now.After(updated) {
			updated = now
		}
	}
	next.UpdatedTime = NewTimestamp(updated.Truncate(updateStep))
}

// LabelsDigest returns a digest of the labels of the REST API: those without
// OwnPrefix. Equal labels have equal digests. The digest of no labels is not "",
// which is that of a status without a record.
func LabelsDigest(labels map[string]string) string {
	hash := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if !strings.HasPrefix(key, OwnPrefix) {
			fmt.Fprintf(hash, "%q=%q\n", key, labels[key])
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
