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
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// CacheOptions returns the options of the reconcilers' cache. It holds the
// objects of one namespace, or of all where namespace is empty, without what
// the reconcilers do not read: free-form content, which is most of a fleet's
// bytes, and the details of managed fields.
//
// An object from this cache is therefore not whole: to send it back with an
// update would erase what is missing. Only merge patches between two versions of
// the cached object may be written, as what both lack cannot show up in them.
func CacheOptions(namespace string) cache.Options {
	options := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&v1.Cluster{}:       {Transform: strip},
			&v1.NodePool{}:      {Transform: strip},
			&v1.AdapterStatus{}: {Transform: strip},
		},
	}
	if namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	return options
}

// strip drops what the reconcilers do not need. What is not an object of ours,
// such as the tombstone of one, passes as it is.
func strip(in any) (any, error) {
	switch o := in.(type) {
	case *v1.Cluster:
		o.Spec = runtime.RawExtension{}
		stripMeta(o)
	case *v1.NodePool:
		o.Spec.Fields = runtime.RawExtension{}
		stripMeta(o)
	case *v1.AdapterStatus:
		o.Spec.Data, o.Spec.Metadata = nil, nil
		o.Spec.Conditions = slices.DeleteFunc(o.Spec.Conditions, func(c v1.AdapterCondition) bool {
			return c.Type != v1.AvailableCondition
		})
		stripMeta(o)
	}
	return in, nil
}

// stripMeta keeps the entries of the managed fields, because v1.UpdatedTime
// reads their times, and drops the fields that they list.
func stripMeta(o metav1.Object) {
	fields := o.GetManagedFields()
	for i := range fields {
		fields[i].FieldsV1 = nil
	}
	delete(o.GetAnnotations(), corev1.LastAppliedConfigAnnotation)
}
