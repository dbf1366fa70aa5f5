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
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Report holds the fields of one AdapterStatus that aggregation needs.
type Report struct {
	// Adapter is the name of the adapter.
	Adapter string

	// Generation is spec.observedGeneration.
	Generation int64

	// Observed is spec.observedTime.
	Observed time.Time

	// Created is the creationTimestamp. If the names of two adapters map to one
	// condition type, the adapter whose report was created first has that type.
	Created time.Time

	// Available is the status of the Available condition, empty if the report has
	// no such condition.
	Available metav1.ConditionStatus

	// Last is v1.LastResultAnnotation, empty if the report has a result or no report
	// before it had one.
	Last string

	// Reason, Message and Transition (lastTransitionTime) come from the Available condition.
	Reason, Message string
	Transition      time.Time

	// Finalized is the status of the Finalized condition, empty if the report has no
	// such condition, and FinalizedReason its reason.
	Finalized       metav1.ConditionStatus
	FinalizedReason string

	// Stalled is the status of the Stalled condition, empty if the report has no such
	// condition. StalledReason and StalledMessage are its reason and message.
	Stalled                       metav1.ConditionStatus
	StalledReason, StalledMessage string
}

// ReportOf returns the Report of an AdapterStatus.
func ReportOf(s *v1.AdapterStatus) Report {
	r := Report{
		Adapter:    s.Spec.Adapter,
		Generation: s.Spec.ObservedGeneration,
		Observed:   s.Spec.ObservedTime.Time,
		Created:    s.CreationTimestamp.Time,
	}
	for _, c := range s.Spec.Conditions {
		switch c.Type {
		case v1.AvailableCondition:
			r.Available, r.Reason, r.Message = c.Status, c.Reason, c.Message
			r.Transition = c.LastTransitionTime.Time
		case v1.FinalizedCondition:
			r.Finalized, r.FinalizedReason = c.Status, c.Reason
		case v1.StalledCondition:
			r.Stalled, r.StalledReason, r.StalledMessage = c.Status, c.Reason, c.Message
		}
	}
	if !r.hasResult() {
		r.Last = s.Annotations[v1.LastResultAnnotation]
	}
	return r
}

// Implausible reports whether no adapter can have made r, and why: r is about a
// generation that the parent does not have, or its time is more than v1.MaxClockSkew
// after now. Such a report does not count, and the known result of its adapter stays. A
// generation is certain to be implausible only if the API server has returned the
// parent's generation.
func Implausible(r Report, generation int64, now time.Time) (reason string, implausible bool) {
	switch {
	case r.Generation > generation:
		return fmt.Sprintf("observedGeneration %d is newer than the generation %d of the resource", r.Generation, generation), true
	case v1.IsFuture(r.Observed, now):
		return fmt.Sprintf("observedTime %s is more than %s after the current time %s",
			r.Observed.UTC().Format(time.RFC3339), v1.MaxClockSkew, now.UTC().Format(time.RFC3339)), true
	}
	return "", false
}

// Reflects reports whether the conditions of a parent of that generation already contain
// the result of r or of a later report of the same adapter. The result of r may be one
// that r keeps from an earlier report. Reflects returns true if r has no result or an
// implausible one.
//
// A condition may contain only a part of the report's message, and an adapter beyond the
// limits has no condition. Such reports count as contained.
//
// Reflects returns true too early in one case: two adapters share a condition type, and r
// is the first result of one of them, but older than the result of the other. The
// conditions do not distinguish the two adapters.
func Reflects(conditions []v1.ResourceCondition, generation int64, r Report, now time.Time) bool {
	r, ok := r.result()
	if _, implausible := Implausible(r, generation, now); implausible || !ok {
		return true
	}
	own := findOf(conditions, r.Adapter)
	switch {
	case own == nil:
		return isLeftOut(conditions, r.Adapter)
	case compareToReport(own, r) == 0:
		return shows(own, r)
	default:
		return isOlder(r, own, now)
	}
}

// onePerAdapter returns the reports in order of creation. If one adapter has several
// reports, which the names of AdapterStatuses rule out, the newest plausible report
// counts.
func onePerAdapter(in Input) []Report {
	rank := func(r Report) int {
		if _, implausible := Implausible(r, in.Generation, in.Now); implausible {
			return 1
		}
		return 0
	}
	sorted := slices.Clone(in.Reports)
	slices.SortFunc(sorted, func(a, b Report) int {
		return cmp.Or(
			cmp.Compare(a.Adapter, b.Adapter),
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(b.Generation, a.Generation),
			b.Observed.Compare(a.Observed),
			b.Created.Compare(a.Created),
			cmp.Compare(a.Available, b.Available),
			cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Last, b.Last),
			cmp.Compare(a.Finalized, b.Finalized),
			cmp.Compare(a.FinalizedReason, b.FinalizedReason),
			cmp.Compare(a.Stalled, b.Stalled),
			cmp.Compare(a.StalledReason, b.StalledReason),
			cmp.Compare(a.StalledMessage, b.StalledMessage),
			a.Transition.Compare(b.Transition),
		)
	})
	sorted = slices.CompactFunc(sorted, func(a, b Report) bool { return a.Adapter == b.Adapter })
	slices.SortStableFunc(sorted, func(a, b Report) int { return a.Created.Compare(b.Created) })
	return sorted
}
