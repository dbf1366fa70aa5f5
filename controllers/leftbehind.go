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
	"context"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// leftBehindPage is how many objects one request of ReportLeftBehind reads.
const leftBehindPage = 500

// ReportLeftBehind logs, for each namespace that is not served, how many Clusters and
// NodePools have the finalizer. They cannot be deleted, because nobody removes the
// finalizer there. A manager without the right to list other namespaces, as with the
// roles in config/rbac, logs nothing.
func ReportLeftBehind(ctx context.Context, api client.Reader, served string) error {
	for _, kind := range []string{v1.ClusterKind, v1.NodePoolKind} {
		found, err := leftBehind(ctx, api, kind, served)
		if apierrors.IsForbidden(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %ss in namespaces that are not served: %w", kind, err)
		}
		for _, namespace := range slices.Sorted(maps.Keys(found)) {
			log.FromContext(ctx).Info("Objects cannot be deleted: they have the finalizer, and their namespace is not served",
				"kind", kind, "namespace", namespace, "objects", found[namespace], "served", served)
		}
	}
	return nil
}

// leftBehind counts the objects with the finalizer by namespace.
func leftBehind(ctx context.Context, api client.Reader, kind, served string) (map[string]int, error) {
	found := map[string]int{}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
	for {
		err := api.List(ctx, list, client.MatchingFieldsSelector{Selector: fields.OneTermNotEqualSelector("metadata.namespace", served)},
			client.Limit(leftBehindPage), client.Continue(list.Continue))
		if err != nil {
			return nil, err
		}
		for _, object := range list.Items {
			if slices.Contains(object.Finalizers, v1.CascadeFinalizer) {
				found[object.Namespace]++
			}
		}
		if list.Continue == "" {
			return found, nil
		}
	}
}
