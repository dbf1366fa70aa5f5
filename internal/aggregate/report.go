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

package aggregate

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Report is what aggregation needs of one AdapterStatus.
type Report struct {
	// Adapter is the name of the adapter.
	Adapter string

	// Generation is spec.observedGeneration.
	Generation int64

	// Observed is spec.observedTime.
	Observed time.Time

	// Created is the creationTimestamp. Of two adapters whose names map to one
	// condition type, the one whose report was created first keeps it.
	Created time.Time

	// Available is the status of the Available condition, empty where the report
	// has none.
	Available metav1.ConditionStatus

	// Reason, Message and Transition (lastTransitionTime) are those of the
	// Available condition.
	Reason, Message string
	Transition      time.Time
}

// ReportOf returns what counts of an AdapterStatus.
func ReportOf(s *v1.AdapterStatus) Report {
	r := Report{
		Adapter:    s.Spec.Adapter,
		Generation: s.Spec.ObservedGeneration,
		Observed:   s.Spec.ObservedTime.Time,
		Created:    s.CreationTimestamp.Time,
	}
	for _, c := range s.Spec.Conditions {
		if c.Type == v1.AvailableCondition {
			r.Available, r.Reason, r.Message = c.Status, c.Reason, c.Message
			r.Transition = c.LastTransitionTime.Time
			break
		}
	}
	return r
}

// Reflects tells whether the conditions of a parent of that generation take r,
// or a later report of the same adapter, into account already. It is true for a
// report that adds no result: one without a True or False, or for a generation
// that the parent does not have.
//
// One case is answered too early: the first result of an adapter whose condition
// type another adapter has already, where that one's result is the newer. Nothing
// in the conditions tells it apart.
func Reflects(conditions []v1.ResourceCondition, generation int64, r Report) bool {
	if !r.hasResult(generation) {
		return true
	}
	plain := conditionType(r.Adapter)
	own := find(conditions, qualifiedType(plain, r.Adapter))
	if own == nil {
		own = find(conditions, plain)
	}
	switch {
	case own == nil || own.ObservedGeneration < r.Generation:
		return false
	case own.ObservedGeneration > r.Generation:
		return true
	case own.LastUpdatedTime.Time.Equal(r.Observed):
		return own.Status == r.Available && own.Reason == r.Reason && own.Message == r.Message
	default:
		return own.LastUpdatedTime.After(r.Observed)
	}
}

// hasResult tells whether the report says True or False of a generation that the
// parent has reached.
func (r Report) hasResult(generation int64) bool {
	return (r.Available == metav1.ConditionTrue || r.Available == metav1.ConditionFalse) && r.Generation <= generation
}

// onePerAdapter returns the reports in the order in which they were created. Of
// several by one adapter, which the names of AdapterStatuses rule out, the newest
// counts.
func onePerAdapter(reports []Report) []Report {
	sorted := slices.Clone(reports)
	slices.SortFunc(sorted, func(a, b Report) int {
		return cmp.Or(
			cmp.Compare(a.Adapter, b.Adapter),
			cmp.Compare(b.Generation, a.Generation),
			b.Observed.Compare(a.Observed),
			b.Created.Compare(a.Created),
			cmp.Compare(a.Available, b.Available),
			cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Message, b.Message),
			a.Transition.Compare(b.Transition),
		)
	})
	sorted = slices.CompactFunc(sorted, func(a, b Report) bool { return a.Adapter == b.Adapter })
	slices.SortStableFunc(sorted, func(a, b Report) int { return a.Created.Compare(b.Created) })
	return sorted
}
