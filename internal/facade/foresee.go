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

package facade

import (
	"context"
	"time"

	"k8s.io/apiserver/pkg/endpoints/request"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// This file sets the fields that the admission policies would set. The policies still
// decide, and correct a wrong value. If a value is already right, the policies change
// nothing, which saves the API server a fifth to a half of the cost of the write.

// foresee sets the author and the finalizer of a new Cluster or NodePool.
func foresee(ctx context.Context, o client.Object) {
	controllerutil.AddFinalizer(o, v1.CascadeFinalizer)
	if caller, ok := request.UserFrom(ctx); ok {
		annotate(o, v1.CreatedByAnnotation, caller.GetName())
		annotate(o, v1.UpdatedByAnnotation, caller.GetName())
	}
}

// foreseeTimes sets the times of a report. recorded is the report that it replaces, as
// the index contains it; nil if the index has no report of the adapter.
func foreseeTimes(report *v1.AdapterStatus, recorded *fleet.Row) {
	annotate(report, v1.FirstObservedAnnotation, report.Spec.ObservedTime.UTC().Format(time.RFC3339Nano))
	for i := range report.Spec.Conditions {
		c := &report.Spec.Conditions[i]
		c.LastTransitionTime = report.Spec.ObservedTime
		if recorded == nil {
			continue
		}
		if before, ok := recorded.Conditions.Find(c.Type); ok && (before.Status == c.Status || runsBackwards(before.LastTransitionTime, c.LastTransitionTime)) {
			c.LastTransitionTime = before.LastTransitionTime
		}
	}
}

// maxClockDifference is how much later than its report the time of a transition may be, as in
// config/admission/transition-times.yaml. A later time comes from a clock that was wrong.
const maxClockDifference = 24 * time.Hour

// runsBackwards reports whether the time of a transition would run backwards. A report for
// a newer generation may have an earlier time.
func runsBackwards(from, to v1.Timestamp) bool {
	return from.After(to.Time) && !from.After(to.Add(maxClockDifference))
}

func annotate(o client.Object, key, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	o.SetAnnotations(annotations)
}
