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

// patchMetadata writes what changed in an object's metadata since base. A merge
// patch replaces whole lists: without the lock on the resourceVersion it could
// drop a finalizer or ownerReference that another client has just added.
func patchMetadata(ctx context.Context, c client.Client, obj, base client.Object) error {
	patch := client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
	if err := c.Patch(ctx, obj, patch, client.FieldOwner(v1.ControllerFieldManager)); err != nil {
		return fmt.Errorf("patch metadata: %w", err)
	}
	return nil
}

// putStatus replaces an object's status. The lock on the resourceVersion is
// needed although nobody else writes the status: what a condition was before
// goes into what it becomes. Aggregated on top of a cached copy that is older
// than our own last write, a result that is known by now could be forgotten, or
// one transition dated twice.
//
// What is sent is the status and which version of the object it is for. An update
// of the status subresource ignores all else, and costs the API server less than
// a patch, for which it encodes and decodes the stored object once more.
func putStatus(ctx context.Context, c client.Client, kind string, obj parent) error {
	put := newParent(kind)
	put.SetNamespace(obj.GetNamespace())
	put.SetName(obj.GetName())
	put.SetUID(obj.GetUID())
	put.SetResourceVersion(obj.GetResourceVersion())
	*put.GetStatus() = *obj.GetStatus()
	if err := c.Status().Update(ctx, put, client.FieldOwner(v1.ControllerFieldManager)); err != nil {
		return fmt.Errorf("update status: %w", err)
	}
	obj.SetResourceVersion(put.GetResourceVersion())
	return nil
}

// newParent returns an empty object of that kind.
func newParent(kind string) parent {
	if kind == v1.NodePoolKind {
		return &v1.NodePool{}
	}
	return &v1.Cluster{}
}
