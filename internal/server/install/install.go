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

package install

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// fieldManager owns the fields of the installed objects.
const fieldManager = "hyperfleet-server"

// ownerLabel marks the installed objects, so that a later version finds those that it no
// longer installs.
const ownerLabel = "hyperfleet.io/installed-by"

// pruned are the kinds whose objects are deleted when a version no longer installs them.
// A CRD is never deleted, because its deletion would delete all its objects.
var pruned = []schema.GroupVersionKind{
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingAdmissionPolicyBinding"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingAdmissionPolicy"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicyBinding"},
	{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicy"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRoleBinding"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"},
	{Version: "v1", Kind: "ServiceAccount"},
}

// Apply creates or updates the objects in the API server, and deletes objects of an
// earlier Apply that are not among them. It overwrites changes of other clients to the
// fields that the objects set. It reports whether it changed anything.
func Apply(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) (changed bool, err error) {
	api, err := client.New(config, client.Options{})
	if err != nil {
		return false, err
	}
	// Each write has a higher resource version than this list.
	before := &corev1.NamespaceList{}
	if err := api.List(ctx, before, client.Limit(1)); err != nil {
		return false, fmt.Errorf("read the resource version: %w", err)
	}
	wanted := map[string]bool{}
	for _, object := range objects {
		object = object.DeepCopy()
		labels := object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[ownerLabel] = fieldManager
		object.SetLabels(labels)
		wanted[key(object)] = true
		if err := api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
			return false, fmt.Errorf("apply %s: %w", key(object), err)
		}
		order, err := resourceversion.CompareResourceVersion(object.GetResourceVersion(), before.ResourceVersion)
		if err != nil {
			return false, fmt.Errorf("apply %s: %w", key(object), err)
		}
		changed = changed || order > 0
	}
	pruned, err := prune(ctx, api, wanted)
	return changed || pruned, err
}

// prune deletes the objects of an earlier Apply that are not wanted, and reports whether
// there were any.
func prune(ctx context.Context, api client.Client, wanted map[string]bool) (changed bool, err error) {
	for _, kind := range pruned {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		if err := api.List(ctx, list, client.MatchingLabels{ownerLabel: fieldManager}); err != nil {
			return false, fmt.Errorf("list installed objects of kind %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			object := &list.Items[i]
			if wanted[key(object)] {
				continue
			}
			if err := client.IgnoreNotFound(api.Delete(ctx, object)); err != nil {
				return false, fmt.Errorf("delete %s, which is not installed any more: %w", key(object), err)
			}
			changed = true
		}
	}
	return changed, nil
}

// key identifies an object independently of its version.
func key(object *unstructured.Unstructured) string {
	kind := object.GroupVersionKind().GroupKind()
	return strings.Join([]string{kind.String(), object.GetNamespace(), object.GetName()}, "/")
}
