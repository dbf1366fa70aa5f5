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
	"k8s.io/apimachinery/pkg/types"
)

// AdapterStatus is the newest report of one adapter on one Cluster or NodePool.
// Its metadata.name is the resource's name, a dot, and the adapter's name. So an
// adapter has one report per resource, and each report replaces the one before.
//
// +genclient
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=adapterstatuses,shortName=hfas,categories=hyperfleet
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.resourceRef.kind`
// +kubebuilder:printcolumn:name="Resource",type=string,JSONPath=`.spec.resourceRef.name`
// +kubebuilder:printcolumn:name="Adapter",type=string,JSONPath=`.spec.adapter`
// +kubebuilder:printcolumn:name="Generation",type=integer,JSONPath=`.spec.observedGeneration`
// +kubebuilder:printcolumn:name="Available",type=string,JSONPath=`.spec.conditions[?(@.type=="Available")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.spec.conditions[?(@.type=="Available")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.spec.conditions[?(@.type=="Available")].message`
// +kubebuilder:printcolumn:name="Observed",type=date,JSONPath=`.spec.observedTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.spec.resourceRef.kind`
// +kubebuilder:selectablefield:JSONPath=`.spec.resourceRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.adapter`
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.metadata.name == self.spec.resourceRef.name + '.' + self.spec.adapter",optionalOldSelf=true,message="metadata.name of an AdapterStatus must be spec.resourceRef.name, a dot, and spec.adapter",fieldPath=".metadata"
type AdapterStatus struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the report.
	//
	// +required
	Spec AdapterStatusSpec `json:"spec,omitzero"`
}

// AdapterStatusList is a list of AdapterStatuses.
//
// +kubebuilder:object:root=true
type AdapterStatusList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items are the AdapterStatuses.
	Items []AdapterStatus `json:"items"`
}

// StaleReportMessage is the message of the rule that refuses a report that is
// older than the stored report.
const StaleReportMessage = "stale report: the stored report has a higher observedGeneration, or the same and a later observedTime"

// AdapterStatusSpec is the content of a report: the resource, the time of the
// observation, and the adapter's findings.
//
// +kubebuilder:validation:XValidation:rule="self.observedGeneration > oldSelf.observedGeneration || (self.observedGeneration == oldSelf.observedGeneration && self.observedTime >= oldSelf.observedTime)",message="stale report: the stored report has a higher observedGeneration, or the same and a later observedTime"
type AdapterStatusSpec struct {
	// resourceRef names the Cluster or NodePool that the report is about. The
	// resource is in the namespace of the report. resourceRef is immutable.
	//
	// +required
	ResourceRef ResourceReference `json:"resourceRef,omitzero"`

	// adapter is the name of the reporting adapter, such as validator or dns. It
	// is immutable.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.adapter is immutable: each adapter has an AdapterStatus of its own"
	// +required
	Adapter string `json:"adapter"`

	// observedGeneration is the metadata.generation of the resource that the
	// adapter acted on. It never decreases.
	//
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	// +required
	ObservedGeneration int64 `json:"observedGeneration"`

	// observedTime is the time of the adapter's observation. It never decreases
	// within one observedGeneration.
	//
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('1970-01-01T00:00:00Z') && self < timestamp('3000-01-01T00:00:00Z')",message="must be in the years 1970 to 2999"
	// +required
	ObservedTime Timestamp `json:"observedTime,omitzero"`

	// conditions are the adapter's findings, at most one per type. Available is
	// the adapter's overall result. HyperFleet aggregates only Available, and
	// ignores a report without it. Stalled with status True, beside
	// Available=False, says that waiting will not mend the fault.
	//
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=100
	// +required
	Conditions []AdapterCondition `json:"conditions"`

	// data is a free-form JSON object for readers of the report.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	// +structType=atomic
	// +optional
	Data *runtime.RawExtension `json:"data,omitempty"`

	// metadata is a free-form JSON object that describes the adapter's run.
	//
	// +kubebuilder:pruning:PreserveUnknownFields
	// +structType=atomic
	// +optional
	Metadata *runtime.RawExtension `json:"metadata,omitempty"`
}

// ResourceReference names a Cluster or NodePool.
//
// +kubebuilder:validation:XValidation:rule="self.kind == oldSelf.kind && self.name == oldSelf.name && has(self.uid) == has(oldSelf.uid) && (!has(self.uid) || self.uid == oldSelf.uid)",message="spec.resourceRef is immutable: a report on another resource is another AdapterStatus"
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.name.matches(self.kind == 'Cluster' ? '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' : '^[a-z0-9]([-a-z0-9]*[a-z0-9])?[.][a-z0-9]([-a-z0-9]*[a-z0-9])?$')",optionalOldSelf=true,message="must be <cluster> for a Cluster and <cluster>.<nodepool> for a NodePool",fieldPath=".name"
type ResourceReference struct {
	// kind is Cluster or NodePool.
	//
	// +kubebuilder:validation:Enum=Cluster;NodePool
	// +required
	Kind string `json:"kind"`

	// name is the metadata.name of the resource.
	//
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=69
	// +required
	Name string `json:"name"`

	// uid is the metadata.uid of the resource. A report with a uid does not count
	// for a later resource of the same name. A report without a uid keeps none: by
	// adding the uid of another resource, an adapter could have the report of
	// another adapter deleted as an orphan.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +optional
	UID types.UID `json:"uid,omitempty"`
}

// AdapterCondition is one finding of an adapter. A field manager owns the whole condition
// or none of it. Otherwise an apply that omits the condition would leave the fields of
// other field managers behind, and the API server would refuse this incomplete condition.
//
// +structType=atomic
type AdapterCondition struct {
	// type of the finding, such as Available, Applied or Health.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=316
	// +required
	Type string `json:"type"`

	// status of the finding. Unknown means that the adapter is still working.
	//
	// +kubebuilder:validation:Enum=True;False;Unknown
	// +required
	Status metav1.ConditionStatus `json:"status"`

	// reason is a machine-readable code in CamelCase.
	//
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Reason string `json:"reason,omitempty"`

	// message describes the finding for people.
	//
	// +kubebuilder:validation:MaxLength=32768
	// +optional
	Message string `json:"message,omitempty"`

	// lastTransitionTime is the observedTime of the report that last changed
	// status. The API server sets it and overwrites a client's value. It does not run
	// backwards if a report for a newer generation has an earlier time.
	//
	// +optional
	LastTransitionTime Timestamp `json:"lastTransitionTime,omitzero"`
}
