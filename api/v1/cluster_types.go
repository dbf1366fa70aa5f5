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
	"k8s.io/apimachinery/pkg/runtime"
)

// Cluster is the desired state of one managed Kubernetes cluster. Adapters act
// on it and write AdapterStatus objects. HyperFleet aggregates these reports into
// the Cluster's conditions.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=hfc,categories=hyperfleet
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.ready`
// +kubebuilder:printcolumn:name="Available",type=string,JSONPath=`.status.available`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="ID",type=string,priority=1,JSONPath=`.status.id`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.status.id`
// +kubebuilder:selectablefield:JSONPath=`.status.ready`
// +kubebuilder:selectablefield:JSONPath=`.status.available`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) >= 3 && size(self.metadata.name) <= 53",message="metadata.name of a Cluster must be 3 to 53 characters long",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.contains('.')",message="metadata.name of a Cluster must not contain a dot",fieldPath=".metadata"
type Cluster struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the provider-specific configuration, a free-form JSON object. Every
	// change of spec increments metadata.generation.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:default={}
	// +optional
	Spec runtime.RawExtension `json:"spec,omitzero"`

	// status aggregates the adapters' reports. Only the HyperFleet controller
	// writes it.
	//
	// +optional
	Status ResourceStatus `json:"status,omitzero"`
}

// ClusterList is a list of Clusters.
//
// +kubebuilder:object:root=true
type ClusterList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items are the Clusters.
	Items []Cluster `json:"items"`
}

// GetStatus returns a pointer to the status of the Cluster, not to a copy.
func (c *Cluster) GetStatus() *ResourceStatus { return &c.Status }

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

	// conditions are Available, Ready, and one condition per adapter that reported
	// a result.
	//
	// +listType=atomic
	// +optional
	Conditions []ResourceCondition `json:"conditions,omitempty"`
}

// ResourceCondition is one aggregated condition of a Cluster or NodePool.
type ResourceCondition struct {
	// type is Ready, Available, or an adapter's name in PascalCase followed by
	// "Successful".
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
