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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// collectorGracePeriod is how long a terminating object waits for Kubernetes' garbage
// collector to remove its finalizers. A garbage collector that runs takes about a
// second, unless dependents that HyperFleet does not know block the deletion.
const collectorGracePeriod = 10 * time.Second

// collectorFinalizers are the finalizers that the API server adds to an object that a
// client deletes with foreground or orphan propagation. Only a garbage collector
// removes them, and not every control plane runs one.
//
// The reconcilers remove them after collectorGracePeriod. If a garbage collector runs, it
// no longer needs them by then, with one exception: an object of another Kind that has an
// ownerReference with blockOwnerDeletion to the deleted object. The garbage collector
// then deletes the dependent object after its owner, so only the order changes.
var collectorFinalizers = []string{metav1.FinalizerDeleteDependents, metav1.FinalizerOrphanDependents}

func hasCollectorFinalizer(o client.Object) bool {
	return slices.ContainsFunc(collectorFinalizers, func(f string) bool { return controllerutil.ContainsFinalizer(o, f) })
}

// removeCollectorFinalizers reports whether it removed any.
func removeCollectorFinalizers(o client.Object) (removed bool) {
	for _, finalizer := range collectorFinalizers {
		removed = controllerutil.RemoveFinalizer(o, finalizer) || removed
	}
	return removed
}

// collectorWait returns how long a terminating object has to wait for the garbage
// collector. At that point HyperFleet itself no longer keeps the object. The wait is 0 if
// the object has no finalizer of the garbage collector, or has waited for
// collectorGracePeriod. The wait counts from the first call. It does not count from the
// deletionTimestamp, which comes from another clock.
func (m *memory) collectorWait(o client.Object, now time.Time) time.Duration {
	if !hasCollectorFinalizer(o) {
		return 0
	}
	return max(0, collectorGracePeriod-now.Sub(m.awaitsCollectorSince(o, now)))
}
