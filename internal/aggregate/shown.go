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

// Shown returns the stored conditions, in.Previous, with every lastUpdatedTime as
// late as the reports make it, and whether any moved. It is what may be shown of a
// parent before its status is written: it decides nothing, as all else stays as it
// is stored. A time moves only where it is all that Conditions would change of a
// condition, and never back.
//
// A condition without a report says that one is gone, or is not known here yet.
// Ready and Available then stay: the oldest of the others may be too late.
//
// before is what was shown until now, nil for nothing. A condition that is to change
// in more than its time keeps the time shown before, if it is the same otherwise.
// Where nothing is to change, before does not count: what is shown then follows from
// what is stored alone, whatever was seen on the way.
func Shown(in Input, before []v1.ResourceCondition) (shown []v1.ResourceCondition, moved bool) {
	stored, kept := in.Previous, latest(in.Previous, before)
	coming := Conditions(in)
	complete := !slices.ContainsFunc(stored, func(c v1.ResourceCondition) bool { return find(coming, c.Type) == nil })
	shown = stored
	for i := range stored {
		next := find(coming, stored[i].Type)
		if next == nil || !SameButUpdated(*next, stored[i]) || isAggregated(next) && !complete {
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

// isAggregated tells whether a condition rests on the reports of several adapters.
func isAggregated(c *v1.ResourceCondition) bool {
	return c.Type == v1.ReadyCondition || c.Type == v1.AvailableCondition
}

// latest returns conditions with the time of the same condition in others, where
// that is later.
func latest(conditions, others []v1.ResourceCondition) []v1.ResourceCondition {
	if len(others) == 0 {
		return conditions
	}
	conditions = slices.Clone(conditions)
	for i := range conditions {
		c := &conditions[i]
		other := find(others, c.Type)
		if other != nil && SameButUpdated(*other, *c) && other.LastUpdatedTime.After(c.LastUpdatedTime.Time) {
			c.LastUpdatedTime = other.LastUpdatedTime
		}
	}
	return conditions
}

// SameButUpdated tells whether two conditions differ at most in lastUpdatedTime.
// Times are compared as instants.
func SameButUpdated(a, b v1.ResourceCondition) bool {
	return a.Type == b.Type && a.Status == b.Status && a.Reason == b.Reason && a.Message == b.Message &&
		a.ObservedGeneration == b.ObservedGeneration &&
		a.CreatedTime.Equal(b.CreatedTime) && a.LastTransitionTime.Equal(b.LastTransitionTime)
}
