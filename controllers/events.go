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

package controllers

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// recorderName is the reportingController of the Events.
const recorderName = "hyperfleet.io/manager"

// Actions of the Events: what the controller did or tried to do.
const (
	actionAggregate = "Aggregate"
	actionDelete    = "Delete"
)

// maxNoteBytes is the API server's limit of an Event's note.
const maxNoteBytes = 1024

// eventRecorder records Kubernetes Events for the changes that a user must see. It
// records no Event for an ordinary report: there are many reports, and the conditions
// show them.
type eventRecorder struct {
	recorder events.EventRecorder // nil if no manager has set it: nothing is recorded
}

// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// statusWritten records what a written status changes for the user. It does not
// record that Ready becomes False because the spec has changed: the user who changed the
// spec expects that.
func (r eventRecorder) statusWritten(kind string, before *v1.ResourceStatus, obj parent) {
	after := obj.GetStatus()
	if available := aggregate.AvailableOf(after.Conditions); available.Status != orFalse(before.Available) {
		r.transition(kind, obj, available, v1.EventAvailable, v1.EventUnavailable)
	}
	ready := aggregate.ReadyOf(after.Conditions)
	if ready.Status != orFalse(before.Ready) && (ready.Status == metav1.ConditionTrue || before.ObservedGeneration == after.ObservedGeneration) {
		r.transition(kind, obj, ready, v1.EventReady, v1.EventNotReady)
	}
	if previous := aggregate.ReadyOf(before.Conditions); previous != nil && previous.Reason == ready.Reason {
		return
	}
	switch ready.Reason {
	case v1.ClusterNotFoundReason:
		r.record(kind, obj, corev1.EventTypeWarning, v1.EventClusterNotFound, actionAggregate, ready.Message)
	case v1.WaitingForFinalizersReason:
		r.record(kind, obj, corev1.EventTypeWarning, v1.EventDeletionBlocked, actionDelete, "Waiting for finalizers of others: "+ready.Message)
	}
}

func (r eventRecorder) transition(kind string, o client.Object, c *v1.ResourceCondition, reasonIfTrue, reasonOtherwise string) {
	if c.Status == metav1.ConditionTrue {
		r.record(kind, o, corev1.EventTypeNormal, reasonIfTrue, actionAggregate, fmt.Sprintf("%s (generation %d)", c.Message, c.ObservedGeneration))
		return
	}
	r.record(kind, o, corev1.EventTypeWarning, reasonOtherwise, actionAggregate, c.Message)
}

// clusterGone records that a NodePool is deleted because its Cluster no longer exists.
func (r eventRecorder) clusterGone(pool *v1.NodePool) {
	r.record(v1.NodePoolKind, pool, corev1.EventTypeWarning, v1.EventClusterGone, actionDelete,
		fmt.Sprintf("Deleted: the Cluster %q that it belonged to is gone", pool.Spec.ClusterName))
}

// orphanDeleted records that a report is deleted because its resource does not exist.
func (r eventRecorder) orphanDeleted(report *v1.AdapterStatus) {
	ref := report.Spec.ResourceRef
	r.record("AdapterStatus", report, corev1.EventTypeWarning, v1.EventOrphanDeleted, actionDelete,
		fmt.Sprintf("Deleted: the %s %q that it is about does not exist", ref.Kind, ref.Name))
}

// cleanupFailed records that dependents of a deleted parent could not be deleted.
func (r eventRecorder) cleanupFailed(o client.Object, err error) {
	r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventCleanupFailed, actionDelete, err.Error())
}

// deletionBlocked records which dependents of a deleted parent have finalizers that
// are not HyperFleet's.
func (r eventRecorder) deletionBlocked(o client.Object, dependents []client.Object) {
	var blocked []string
	for _, dependent := range dependents {
		for _, finalizer := range foreignFinalizers(dependent) {
			blocked = append(blocked, fmt.Sprintf("%s %q (%s)", kindOf(dependent), dependent.GetName(), finalizer))
		}
	}
	if len(blocked) > 0 {
		r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventDeletionBlocked, actionDelete,
			"Waiting for finalizers of others on "+strings.Join(blocked, ", "))
	}
}

// deletionStuck records what a parent that was deleted a while ago waits for.
func (r eventRecorder) deletionStuck(o client.Object, awaited string) {
	r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventDeletionStuck, actionDelete,
		fmt.Sprintf("Deleted at %s and still waiting: %s", o.GetDeletionTimestamp().UTC().Format(time.RFC3339), awaited))
}

// forceDeleted records which user removed an object without waiting for adapters, and
// why.
func (r eventRecorder) forceDeleted(o client.Object, forced *forceDelete) {
	r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventForceDeleted, actionDelete,
		fmt.Sprintf("Removed without waiting for adapters, by %s: %s", forced.user, forced.reason))
}

// parentDeleted records that a dependent was deleted although it is new: it arrived while
// its parent was being deleted.
func (r eventRecorder) parentDeleted(dependent, o client.Object) {
	r.record(kindOf(dependent), dependent, corev1.EventTypeNormal, v1.EventParentDeleted, actionDelete,
		fmt.Sprintf("Deleted with the %s %q, which was being deleted when this arrived", kindOf(o), o.GetName()))
}

// implausibleDeleted records that an implausible report was deleted, with one Event about
// the report and one about its resource.
func (r eventRecorder) implausibleDeleted(report *v1.AdapterStatus, resource parent, reason string) {
	note := fmt.Sprintf("Deleted the report %q of the adapter %s, which no adapter can have observed: %s", report.Name, report.Spec.Adapter, reason)
	r.record(kindOf(report), report, corev1.EventTypeWarning, v1.EventImplausibleDeleted, actionDelete, note)
	if resource != nil {
		r.record(kindOf(resource), resource, corev1.EventTypeWarning, v1.EventImplausibleDeleted, actionDelete, note)
	}
}

// statusTooLarge records that the conditions contain less than usual.
func (r eventRecorder) statusTooLarge(o client.Object) {
	r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventStatusTooLarge, actionAggregate,
		"The API server refused the status for its size: conditions say less until the next generation. Shorten spec, labels or annotations")
}

// noRoomForStatus records that even the shorter conditions cannot be written.
func (r eventRecorder) noRoomForStatus(o client.Object) {
	r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventStatusTooLarge, actionAggregate,
		"The object leaves no room for any status: its conditions stay as they are. Shorten spec, labels or annotations")
}

// mappingFailed records why rules of the configuration yield no condition.
func (r eventRecorder) mappingFailed(o client.Object, err error) {
	r.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventMappingFailed, actionAggregate, err.Error())
}

// record records an Event. The Event refers to the object without its resourceVersion, so
// that equal Events within some minutes become one Event with a count.
func (r eventRecorder) record(kind string, o client.Object, eventType, reason, action, note string) {
	if r.recorder == nil {
		return
	}
	regarding := &corev1.ObjectReference{
		APIVersion: v1.GroupVersion.String(),
		Kind:       kind,
		Namespace:  o.GetNamespace(),
		Name:       o.GetName(),
		UID:        o.GetUID(),
	}
	if len(note) > maxNoteBytes {
		note = strings.ToValidUTF8(note[:maxNoteBytes-len("…")], "") + "…"
	}
	r.recorder.Eventf(regarding, nil, eventType, reason, action, "%s", note)
}

// orFalse returns the status of a condition that may not exist yet.
func orFalse(status metav1.ConditionStatus) metav1.ConditionStatus {
	if status == "" {
		return metav1.ConditionFalse
	}
	return status
}
