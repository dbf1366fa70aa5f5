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

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// parent is a Cluster or a NodePool: the resource that adapters report on.
type parent interface {
	client.Object
	GetStatus() *v1.ResourceStatus
}

// newParent returns an empty object of the kind.
func newParent(kind string) parent {
	if kind == v1.NodePoolKind {
		return &v1.NodePool{}
	}
	return &v1.Cluster{}
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

// patchMetadata writes the changes of an object's metadata since base. A merge
// patch replaces whole lists: without the lock on the resourceVersion it could
// drop a finalizer or ownerReference that another client has just added.
func patchMetadata(ctx context.Context, c client.Client, obj, base client.Object) error {
	patch := client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
	if err := c.Patch(ctx, obj, patch, client.FieldOwner(v1.ControllerFieldManager)); err != nil {
		return fmt.Errorf("patch metadata: %w", err)
	}
	return nil
}
