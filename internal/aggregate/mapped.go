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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Mapped is the result of a rule of the adapters' configuration for the parent. Package
// mapping computes it. A rule does not determine the generation and the times.
type Mapped struct {
	Type            string
	Status          metav1.ConditionStatus // True or False
	Reason, Message string
}

// mapped returns the mapped conditions. If a condition is in doubt, the stored condition
// stays. All other conditions come from the rules.
func mapped(in Input) []v1.ResourceCondition {
	conditions := ofRules(in)
	for _, doubt := range mappedInDoubt(in) {
		conditions = slices.DeleteFunc(conditions, func(c v1.ResourceCondition) bool { return c.Type == doubt })
		if was := v1.FindCondition(in.Previous, doubt); was != nil {
			conditions = append(conditions, *was)
		}
	}
	return conditions
}

// mappedInDoubt returns the types of the mapped conditions that differ between the stored
// conditions and the rules, if the stored conditions may rest on newer reports. A rule
// may read anything in a report, also in a report without a result, and it may have no
// condition. So no stored time shows which reports a rule has read.
func mappedInDoubt(in Input) (types []string) {
	if !in.mayBeBehind() || in.Mapped == nil {
		return nil
	}
	now := ofRules(in)
	for _, c := range now {
		if was := v1.FindCondition(in.Previous, c.Type); was == nil || was.Status != c.Status || was.Reason != c.Reason || was.Message != c.Message {
			types = append(types, c.Type)
		}
	}
	for _, was := range in.Previous {
		if isMappedType(was.Type) && v1.FindCondition(now, was.Type) == nil {
			types = append(types, was.Type)
		}
	}
	return types
}

// isMappedType reports whether conditions of that type belong to rules.
func isMappedType(conditionType string) bool {
	switch conditionType {
	case v1.ReadyCondition, v1.AvailableCondition, v1.ReconciledCondition, v1.LastKnownReconciledCondition,
		v1.StalledCondition, v1.TruncatedCondition:
		return false
	}
	return !isAdapterType(conditionType)
}

// ofRules returns the conditions of the rules, within the limits of adapters' conditions.
// Their lastUpdatedTime is the time of the newest report: a heartbeat changes nothing
// else.
func ofRules(in Input) []v1.ResourceCondition {
	newest := in.changed()
	for _, r := range in.Reports {
		if _, implausible := Implausible(r, in.Generation, in.Now); !implausible && r.Observed.After(newest) {
			newest = r.Observed
		}
	}
	conditions := make([]v1.ResourceCondition, len(in.Mapped))
	for i, m := range in.Mapped {
		c := v1.ResourceCondition{Type: m.Type, Status: m.Status, CreatedTime: v1.NewTimestamp(newest), LastTransitionTime: v1.NewTimestamp(newest)}
		if was := v1.FindCondition(in.Previous, m.Type); was != nil {
			c = *was
		}
		c.Reason, c.Message, c.ObservedGeneration = m.Reason, m.Message, in.Generation
		limitsOf(in).bound(&c)
		if c.LastUpdatedTime.Before(newest) || v1.IsFuture(c.LastUpdatedTime.Time, in.Now) {
			c.LastUpdatedTime = v1.NewTimestamp(newest)
		}
		conditions[i] = transition(c, m.Status, in.Now)
	}
	return conditions
}
