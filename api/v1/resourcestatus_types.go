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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ResourceStatus is the status of a Cluster or NodePool. It aggregates the
// adapters' reports.
type ResourceStatus struct {
	// id is the resource's id in the REST API, derived from metadata.uid.
	//
	// +kubebuilder:validation:MaxLength=26
	// +optional
	ID string `json:"id,omitempty"`

	// observedGeneration is the metadata.generation that the conditions were
	// computed for.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// sequence orders resources that were created within one second, the precision
	// of creationTimestamp. It is a revision of the store at which the resource
	// existed and which the controller recorded when it first saw the resource. For a
	// Cluster in hyperfleet server, it is the time of the creation in microseconds.
	//
	// +kubebuilder:validation:Minimum=0
	// +optional
	Sequence int64 `json:"sequence,omitempty"`

	// updatedTime is the time of the last change of spec or labels. It never
	// decreases.
	//
	// +optional
	UpdatedTime Timestamp `json:"updatedTime,omitzero"`

	// observedLabels is a digest of the labels at updatedTime. The controller
	// detects a change of the labels by it, like a change of the spec by
	// observedGeneration.
	//
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ObservedLabels string `json:"observedLabels,omitempty"`

	// finalizedGeneration is the metadata.generation of a deleted resource at which
	// every finalizing adapter had reported Finalized=True. The controller records it
	// before it deletes the reports, which are the evidence.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	// +optional
	FinalizedGeneration int64 `json:"finalizedGeneration,omitempty"`

	// ready repeats the status of the Ready condition, because a field selector
	// cannot select an element of a list.
	//
	// +kubebuilder:validation:Enum=True;False
	// +optional
	Ready metav1.ConditionStatus `json:"ready,omitempty"`

	// available repeats the status of the Available condition, because a field
	// selector cannot select an element of a list.
	//
	// +kubebuilder:validation:Enum=True;False
	// +optional
	Available metav1.ConditionStatus `json:"available,omitempty"`

	// conditions are Available, Ready, one condition per adapter that reported
	// a result, and Stalled while waiting will not make the object ready. Available
	// is the first and Ready the second, also where they have their newer names
	// only: the printed columns rely on it.
	//
	// +listType=atomic
	// +optional
	Conditions []ResourceCondition `json:"conditions,omitempty"`
}

// ResourceCondition is one aggregated condition of a Cluster or NodePool.
type ResourceCondition struct {
	// type is Ready, Available, Stalled, or an adapter's name in PascalCase followed
	// by "Successful".
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=316
	// +required
	Type string `json:"type"`

	// status is True or False; an aggregated condition is never Unknown.
	//
	// +kubebuilder:validation:Enum=True;False
	// +required
	Status metav1.ConditionStatus `json:"status"`

	// reason is a machine-readable code in CamelCase.
	//
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Reason string `json:"reason,omitempty"`

	// message explains the status for people. If status is False, message names
	// the adapters that cause it.
	//
	// +kubebuilder:validation:MaxLength=32768
	// +optional
	Message string `json:"message,omitempty"`

	// observedGeneration is the metadata.generation that this condition reflects,
	// 0 before any report.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// createdTime is the time when the condition first appeared.
	//
	// +required
	CreatedTime Timestamp `json:"createdTime,omitzero"`

	// lastUpdatedTime is the observedTime of the report that the condition is
	// computed from, or of the oldest one if there are several.
	//
	// +required
	LastUpdatedTime Timestamp `json:"lastUpdatedTime,omitzero"`

	// lastTransitionTime is the time when status last changed.
	//
	// +required
	LastTransitionTime Timestamp `json:"lastTransitionTime,omitzero"`
}
