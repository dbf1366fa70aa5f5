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

// ReportedGeneration returns the newest generation that a required adapter has a result
// for, or 0. Over REST, it is the observed_generation of Ready, but not of Reconciled.
// Pollers of that API compare it with the parent's generation, and poll less often as
// soon as an adapter has processed a change. It depends on the parent's conditions alone.
//
// If two adapters share a condition type, the condition counts for both.
func ReportedGeneration(conditions []v1.ResourceCondition, required []string) int64 {
	var newest int64
	for _, adapter := range required {
		if c := findOf(conditions, adapter); c != nil {
			newest = max(newest, c.ObservedGeneration)
		}
	}
	return newest
}

// AtGeneration returns the conditions to show for a parent whose last change the
// reconciler may not have processed yet. If in.Previous were computed for another
// generation, Ready is computed again from the stored conditions of the adapters at
// in.Generation. Stalled is removed, because no adapter has reported it for that
// generation. All other conditions stay as they are stored. So nobody reads Ready=True
// for a generation that no adapter has seen, or for a parent that is being deleted. The
// transition time of a changed status is the time when the parent was updated or deleted.
// in.Reports, in.Confirmed and in.Now are ignored: the result depends on the parent and
// on in.Required alone.
func AtGeneration(in Input) []v1.ResourceCondition {
	was := before(in, v1.ReadyCondition)
	if was.ObservedGeneration == in.Generation {
		return in.Previous
	}
	in.Reports, in.Confirmed, in.Now = nil, false, in.changed()
	if was.LastTransitionTime.After(in.Now) {
		in.Now = was.LastTransitionTime.Time // without a clock, no time counts as from the future
	}
	if !written(in) {
		return Conditions(in)
	}
	adapters, _ := adaptersOf(in)
	is := ready(in, requiredOf(in, adapters), adapters)
	if was.Reason == v1.ClusterNotFoundReason && in.Deleted.IsZero() {
		// Only the reconciler knows whether the Cluster exists by now.
		is.Status, is.Reason, is.Message = was.Status, was.Reason, was.Message
	}
	shown := slices.DeleteFunc(slices.Clone(in.Previous), func(c v1.ResourceCondition) bool { return c.Type == v1.StalledCondition })
	for _, name := range []v1.ResourceCondition{is, newer(is)} {
		if c := v1.FindCondition(shown, name.Type); c != nil {
			*c = name
		}
	}
	return shown
}
