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
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// NodePool is the desired state of one pool of nodes of a Cluster. Its
// metadata.name is the Cluster's name, a dot, and the pool's own name. So the
// API server keeps a pool's name unique within its Cluster.
//
// +genclient
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=hfnp,categories=hyperfleet
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.spec.clusterName`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.ready`
// +kubebuilder:printcolumn:name="Available",type=string,JSONPath=`.status.available`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[1].reason`
// +kubebuilder:printcolumn:name="Deleting",type=date,JSONPath=`.metadata.deletionTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[1].message`
// +kubebuilder:printcolumn:name="ID",type=string,priority=1,JSONPath=`.status.id`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.spec.clusterName`
// +kubebuilder:selectablefield:JSONPath=`.status.id`
// +kubebuilder:selectablefield:JSONPath=`.status.ready`
// +kubebuilder:selectablefield:JSONPath=`.status.available`
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.metadata.name.startsWith(self.spec.clusterName + '.')",optionalOldSelf=true,message="metadata.name of a NodePool must be spec.clusterName, a dot, and the pool's own name",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.startsWith(self.spec.clusterName + '.') || self.metadata.name.substring(size(self.spec.clusterName) + 1).matches('^.{3,15}$')",message="the pool's own name, which follows the dot, must be 3 to 15 characters long",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.startsWith(self.spec.clusterName + '.') || !self.metadata.name.substring(size(self.spec.clusterName) + 1).contains('.')",message="the pool's own name, which follows the dot, must not contain a dot",fieldPath=".metadata"
type NodePool struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec names the Cluster. All other fields are provider-specific
	// configuration. Every change of spec increments metadata.generation.
	//
	// +required
	Spec NodePoolSpec `json:"spec,omitzero"`

	// status aggregates the adapters' reports. Only the HyperFleet controller
	// writes it. The default says "not ready" until the controller has written the
	// first status, so a new object never looks finished.
	//
	// +kubebuilder:default={ready: "False", available: "False", conditions: {{type: "Available", status: "False", reason: "AwaitingAdapters", message: "Waiting for the controller", createdTime: "1970-01-01T00:00:00Z", lastUpdatedTime: "1970-01-01T00:00:00Z", lastTransitionTime: "1970-01-01T00:00:00Z"}, {type: "Ready", status: "False", reason: "AwaitingAdapters", message: "Waiting for the controller", createdTime: "1970-01-01T00:00:00Z", lastUpdatedTime: "1970-01-01T00:00:00Z", lastTransitionTime: "1970-01-01T00:00:00Z"}}}
	// +optional
	Status ResourceStatus `json:"status,omitzero"`
}

// NodePoolList is a list of NodePools.
//
// +kubebuilder:object:root=true
type NodePoolList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items are the NodePools.
	Items []NodePool `json:"items"`
}

// GetStatus returns a pointer to the status of the NodePool, not to a copy.
func (n *NodePool) GetStatus() *ResourceStatus { return &n.Status }

// PoolName returns the pool's own name: the part of metadata.name after the dot.
// It is unique within the Cluster.
func (n *NodePool) PoolName() string { return PoolName(n.Name) }

// NodePoolSpec is a free-form JSON object. HyperFleet defines one field of it,
// clusterName.
//
// +kubebuilder:pruning:PreserveUnknownFields
type NodePoolSpec struct {
	// clusterName is the metadata.name of the Cluster that owns this pool. The
	// Cluster is in the namespace of the pool. clusterName is immutable.
	//
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=53
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.clusterName is immutable: a NodePool cannot move to another Cluster"
	// +required
	ClusterName string `json:"clusterName"`

	// Fields is a JSON object of all fields except clusterName. It is the spec in
	// the REST API. Raw is never empty after decoding.
	Fields runtime.RawExtension `json:"-"`
}

// NewNodePoolSpec returns the spec of a NodePool of a Cluster. It returns an error
// if fields is not a JSON object or contains clusterName.
func NewNodePoolSpec(cluster string, fields []byte) (NodePoolSpec, error) {
	spec := NodePoolSpec{ClusterName: cluster, Fields: runtime.RawExtension{Raw: fields}}
	_, err := spec.MarshalJSON()
	return spec, err
}

const clusterNameField = "clusterName"

// MarshalJSON writes clusterName and Fields as one object. It returns an error if
// Fields.Raw is neither empty nor a JSON object, or contains clusterName.
func (s NodePoolSpec) MarshalJSON() ([]byte, error) {
	name, err := json.Marshal(s.ClusterName)
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"`+clusterNameField+`":`), name...)
	fields := bytes.TrimSpace(s.Fields.Raw)
	if len(fields) == 0 {
		return append(out, '}'), nil
	}
	others, cluster, err := cutMember(fields, clusterNameField)
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	if cluster != nil {
		return nil, fmt.Errorf("spec: %s stands among the free-form fields", clusterNameField)
	}
	if len(others) > len("{}") {
		out = append(out, ',')
	}
	return append(out, others[1:]...), nil
}

// UnmarshalJSON reads clusterName and keeps the values of all other fields byte
// for byte.
func (s *NodePoolSpec) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	others, cluster, err := cutMember(b, clusterNameField)
	if err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	s.Fields.Raw = others
	if cluster == nil {
		s.ClusterName = ""
		return nil
	}
	if err := json.Unmarshal(cluster, &s.ClusterName); err != nil {
		return fmt.Errorf("spec.%s: %w", clusterNameField, err)
	}
	return nil
}

// cutMember splits a JSON object into the object without the named member and
// the value of that member. The other values stay the same byte for byte. The
// value is nil if the object has no such member.
func cutMember(object []byte, name string) (others, value []byte, err error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	if token, err := dec.Token(); err != nil {
		return nil, nil, err
	} else if token != json.Delim('{') {
		return nil, nil, errors.New("not a JSON object")
	}
	others = append(make([]byte, 0, len(object)), '{')
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		var member json.RawMessage
		if err := dec.Decode(&member); err != nil {
			return nil, nil, err
		}
		key := token.(string) // within an object, Token returns a key first
		if key == name {
			value = member
			continue
		}
		quoted, err := json.Marshal(key)
		if err != nil {
			return nil, nil, err
		}
		if len(others) > 1 {
			others = append(others, ',')
		}
		others = append(append(append(others, quoted...), ':'), member...)
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, nil, errors.New("more than one JSON value")
	}
	return append(others, '}'), value, nil
}
