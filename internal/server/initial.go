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

package server

import (
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server/apiserver"
)

// initialStatus adds the status that of returns to each new Cluster of the served
// namespace. Without it, the reconciler would write the same status as soon as it sees
// the Cluster, which costs as much as the create. If of is nil, the Cluster is stored
// unchanged.
func initialStatus(served string, of func(*v1.Cluster) *v1.ResourceStatus) apiserver.OnCreate {
	if of == nil {
		return nil
	}
	var sequence atomic.Int64
	return func(object *unstructured.Unstructured) error {
		if object.GetNamespace() != served {
			return nil // Clusters of other namespaces stay unchanged
		}
		// The initial status depends on these fields only. Other fields, such as the
		// spec, may be large.
		cluster := &v1.Cluster{}
		cluster.Name, cluster.Namespace, cluster.UID = object.GetName(), object.GetNamespace(), object.GetUID()
		cluster.Generation, cluster.CreationTimestamp = object.GetGeneration(), object.GetCreationTimestamp()
		cluster.Labels, cluster.ManagedFields = object.GetLabels(), object.GetManagedFields()
		cluster.Status.Sequence = next(&sequence, time.Now().UnixMicro())
		status := of(cluster)
		if status == nil {
			return nil
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
		if err != nil {
			return fmt.Errorf("initial status of %s: %w", cluster.Name, err)
		}
		object.Object["status"] = content
		return nil
	}
}

// next returns a number that is larger than all previous results, and at least atLeast.
// It is used instead of the resourceVersion, which an object has only after it is stored.
func next(last *atomic.Int64, atLeast int64) int64 {
	for {
		before := last.Load()
		after := max(before+1, atLeast)
		if last.CompareAndSwap(before, after) {
			return after
		}
	}
}
