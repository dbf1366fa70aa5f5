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

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// recorderName is the reportingController of the Events.
const recorderName = "hyperfleet.io/manager"

// What was done, or was about to be done, when an Event came to be.
const (
	actionAggregate = "Aggregate"
	actionDelete    = "Delete"
)

// maxNoteBytes is what the API server takes of an Event's note.
const maxNoteBytes = 1024

// announcer records Events for what a user must see. It records none for a
// report as such: there are many, and the conditions show them.
type announcer struct {
	recorder events.EventRecorder // nil records nothing: no manager has set one up
}

// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// statusWritten announces what a written status changes for the user. That Ready
// falls because the spec has changed is no news to who changed it.
func (a announcer) statusWritten(kind string, was *v1.ResourceStatus, after parent) {
	is := after.GetStatus()
	if available := condition(is, v1.AvailableCondition); available != nil && available.Status != orFalse(was.Available) {
		a.becomes(kind, after, available, v1.EventAvailable, v1.EventUnavailable)
	}
	ready := condition(is, v1.ReadyCondition)
	if ready == nil {
		return
	}
	if ready.Status != orFalse(was.Ready) && (ready.Status == metav1.ConditionTrue || was.ObservedGeneration == is.ObservedGeneration) {
		a.becomes(kind, after, ready, v1.EventReady, v1.EventNotReady)
	}
	if ready.Reason != v1.ClusterNotFoundReason {
		return
	}
	if previous := condition(was, v1.ReadyCondition); previous == nil || previous.Reason != v1.ClusterNotFoundReason {
		a.record(kind, after, corev1.EventTypeWarning, v1.EventClusterNotFound, actionAggregate, ready.Message)
	}
}

func (a announcer) becomes(kind string, o client.Object, c *v1.ResourceCondition, whenTrue, otherwise string) {
	if c.Status == metav1.ConditionTrue {
		a.record(kind, o, corev1.EventTypeNormal, whenTrue, actionAggregate, fmt.Sprintf("%s (generation %d)", c.Message, c.ObservedGeneration))
		return
	}
	a.record(kind, o, corev1.EventTypeWarning, otherwise, actionAggregate, c.Message)
}

// clusterGone announces that a NodePool goes because its Cluster is gone.
func (a announcer) clusterGone(pool *v1.NodePool) {
	a.record(v1.NodePoolKind, pool, corev1.EventTypeWarning, v1.EventClusterGone, actionDelete,
		fmt.Sprintf("Deleted: the Cluster %q that it belonged to is gone", pool.Spec.ClusterName))
}

// orphan announces that a report goes because it is about nothing.
func (a announcer) orphan(report *v1.AdapterStatus) {
	ref := report.Spec.ResourceRef
	a.record("AdapterStatus", report, corev1.EventTypeWarning, v1.EventOrphanDeleted, actionDelete,
		fmt.Sprintf("Deleted: the %s %q that it is about does not exist", ref.Kind, ref.Name))
}

// cleanupFailed announces that what depends on a deleted parent stays.
func (a announcer) cleanupFailed(o client.Object, err error) {
	a.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventCleanupFailed, actionDelete, err.Error())
}

// heldByOthers announces which dependents of a deleted parent have finalizers
// that are not HyperFleet's.
func (a announcer) heldByOthers(o client.Object, dependents []client.Object) {
	var held []string
	for _, dependent := range dependents {
		for _, finalizer := range dependent.GetFinalizers() {
			if finalizer != v1.CascadeFinalizer {
				held = append(held, fmt.Sprintf("%s %q (%s)", kindOf(dependent), dependent.GetName(), finalizer))
			}
		}
	}
	if len(held) > 0 {
		a.record(kindOf(o), o, corev1.EventTypeWarning, v1.EventDeletionBlocked, actionDelete,
			"Waiting for finalizers of others on "+strings.Join(held, ", "))
	}
}

// record records an Event. It names the object without a resourceVersion: Events
// that differ in nothing else, within some minutes, are one with a count.
func (a announcer) record(kind string, o client.Object, eventType, reason, action, note string) {
	if a.recorder == nil {
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
	a.recorder.Eventf(regarding, nil, eventType, reason, action, "%s", note)
}

func kindOf(o client.Object) string {
	switch o.(type) {
	case *v1.Cluster:
		return v1.ClusterKind
	case *v1.NodePool:
		return v1.NodePoolKind
	}
	return "AdapterStatus"
}

// orFalse is the status of a condition that may not be there yet.
func orFalse(status metav1.ConditionStatus) metav1.ConditionStatus {
	if status == "" {
		return metav1.ConditionFalse
	}
	return status
}

func condition(status *v1.ResourceStatus, conditionType string) *v1.ResourceCondition {
	for i := range status.Conditions {
		if status.Conditions[i].Type == conditionType {
			return &status.Conditions[i]
		}
	}
	return nil
}
