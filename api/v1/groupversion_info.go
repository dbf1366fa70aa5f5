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
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of every Kind in this package.
	GroupVersion = schema.GroupVersion{Group: "hyperfleet.io", Version: "v1"}

	// SchemeGroupVersion is GroupVersion by the name that generated clients use.
	SchemeGroupVersion = GroupVersion

	// SchemeBuilder collects the Kinds that AddToScheme registers.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers the Kinds of this package.
	AddToScheme = SchemeBuilder.AddToScheme
)

// The Kinds of this group, as in the kind field of an object.
const (
	ClusterKind       = "Cluster"
	NodePoolKind      = "NodePool"
	AdapterStatusKind = "AdapterStatus"
)

// Resource returns the name of a resource of this group, such as clusters, with the
// group.
func Resource(name string) schema.GroupResource {
	return GroupVersion.WithResource(name).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Cluster{}, &ClusterList{},
		&NodePool{}, &NodePoolList{},
		&AdapterStatus{}, &AdapterStatusList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
