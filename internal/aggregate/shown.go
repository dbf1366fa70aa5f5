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
	"slices"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Shown returns the stored conditions, in.Previous, with each lastUpdatedTime moved
// forward to the times of the reports, and whether any time moved. A reader may show them
// before the reconciler writes the status, because they differ from the stored conditions
// only in times. A time moves only if Conditions would change nothing else of that
// condition, and nothing else of Stalled. The time of an adapter's condition shows which
// report the conditions include, and Stalled rests on the same report. A time never moves
// back.
//
// before are the conditions shown until now, nil for none. If Conditions would change
// more than the time of a condition, that condition keeps the time shown before, provided
// that it is the same otherwise. While one of the conditions has no report, all
// conditions keep the times shown before, because a report may be deleted before the
// status has its time. If Conditions would change times only, Shown ignores before. The
// result then depends on the stored conditions alone, so all replicas show the same.
func Shown(in Input, before []v1.ResourceCondition) (shown []v1.ResourceCondition, moved bool) {
	stored, kept := in.Previous, latest(in.Previous, before)
	coming := Conditions(in)
	sameStalled := sameIfAny(v1.FindCondition(coming, v1.StalledCondition), v1.FindCondition(stored, v1.StalledCondition))
	complete := !slices.ContainsFunc(Unconfirmed(in), func(d Doubt) bool {
		return !slices.ContainsFunc(in.Reports, func(r Report) bool { return r.Adapter == d.Adapter })
	})
	shown = stored
	for i := range stored {
		next := v1.FindCondition(coming, stored[i].Type)
		if next == nil || !sameStalled || !SameButUpdated(*next, stored[i]) || !complete && kept[i].LastUpdatedTime.After(next.LastUpdatedTime.Time) {
			next = &kept[i]
		}
		if !next.LastUpdatedTime.After(stored[i].LastUpdatedTime.Time) {
			continue
		}
		if !moved {
			shown, moved = slices.Clone(stored), true
		}
		shown[i].LastUpdatedTime = next.LastUpdatedTime
	}
	return shown, moved
}

// latest returns conditions, each with the later lastUpdatedTime of itself and of the
// same condition among others.
func latest(conditions, others []v1.ResourceCondition) []v1.ResourceCondition {
	if len(others) == 0 {
		return conditions
	}
	conditions = slices.Clone(conditions)
	for i := range conditions {
		c := &conditions[i]
		other := v1.FindCondition(others, c.Type)
		if other != nil && SameButUpdated(*other, *c) && other.LastUpdatedTime.After(c.LastUpdatedTime.Time) {
			c.LastUpdatedTime = other.LastUpdatedTime
		}
	}
	return conditions
}

// sameIfAny reports whether two conditions differ at most in lastUpdatedTime, or neither
// exists.
func sameIfAny(a, b *v1.ResourceCondition) bool {
	if a == nil || b == nil {
		return a == b
	}
	return SameButUpdated(*a, *b)
}

// SameButUpdated reports whether two conditions differ at most in lastUpdatedTime.
// It compares times as instants.
func SameButUpdated(a, b v1.ResourceCondition) bool {
	return a.Type == b.Type && a.Status == b.Status && a.Reason == b.Reason && a.Message == b.Message &&
		a.ObservedGeneration == b.ObservedGeneration &&
		a.CreatedTime.Equal(b.CreatedTime) && a.LastTransitionTime.Equal(b.LastTransitionTime)
}
