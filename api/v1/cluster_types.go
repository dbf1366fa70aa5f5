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
// +genclient
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=hfc,categories=hyperfleet
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.ready`
// +kubebuilder:printcolumn:name="Available",type=string,JSONPath=`.status.available`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[1].reason`
// +kubebuilder:printcolumn:name="Deleting",type=date,JSONPath=`.metadata.deletionTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[1].message`
// +kubebuilder:printcolumn:name="ID",type=string,priority=1,JSONPath=`.status.id`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.status.id`
// +kubebuilder:selectablefield:JSONPath=`.status.ready`
// +kubebuilder:selectablefield:JSONPath=`.status.available`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) >= 3 && size(self.metadata.name) <= 53",message="metadata.name of a Cluster must be 3 to 53 characters long",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.contains('.')",message="metadata.name of a Cluster must not contain a dot",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="has(self.spec) || oldSelf.hasValue() && !has(oldSelf.value().spec)",optionalOldSelf=true,message="spec must be given, as {} if there is nothing to configure",fieldPath=".spec",reason="FieldValueRequired"
type Cluster struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the provider-specific configuration, a free-form JSON object. Every
	// change of spec increments metadata.generation. A new Cluster must have a spec,
	// which may be {}.
	//
	// A rule of the Cluster requires it rather than the schema: a required field would
	// make the API server refuse the status of a Cluster that was stored without it.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	Spec runtime.RawExtension `json:"spec,omitzero"`

	// status aggregates the adapters' reports. Only the HyperFleet controller
	// writes it. The default says "not ready" until the controller has written the
	// first status, so a new object never looks finished.
	//
	// +kubebuilder:default={ready: "False", available: "False", conditions: {{type: "Available", status: "False", reason: "AwaitingAdapters", message: "Waiting for the controller", createdTime: "1970-01-01T00:00:00Z", lastUpdatedTime: "1970-01-01T00:00:00Z", lastTransitionTime: "1970-01-01T00:00:00Z"}, {type: "Ready", status: "False", reason: "AwaitingAdapters", message: "Waiting for the controller", createdTime: "1970-01-01T00:00:00Z", lastUpdatedTime: "1970-01-01T00:00:00Z", lastTransitionTime: "1970-01-01T00:00:00Z"}}}
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
