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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Mapped is what a rule of the adapters' configuration says of the parent. Package
// mapping computes it; the generation and the times are not the rule's to say.
type Mapped struct {
	Type            string
	Status          metav1.ConditionStatus // True or False
	Reason, Message string
}

// mapped returns the conditions of the rules, within the limits of other conditions.
// Their lastUpdatedTime is that of the newest report: a heartbeat moves nothing else.
func mapped(in Input) []v1.ResourceCondition {
	newest := in.changed()
	for _, r := range in.Reports {
		if _, implausible := Implausible(r, in.Generation, in.Now); !implausible && r.Observed.After(newest) {
			newest = r.Observed
		}
	}
	conditions := make([]v1.ResourceCondition, len(in.Mapped))
	for i, m := range in.Mapped {
		c := v1.ResourceCondition{Type: m.Type, Status: m.Status, CreatedTime: v1.NewTimestamp(newest), LastTransitionTime: v1.NewTimestamp(newest)}
		if was := find(in.Previous, m.Type); was != nil {
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
