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

package fleet

import (
	"time"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Conditions are the conditions of a row, at most one of each type. They take less than
// half the memory of v1.ResourceCondition, because rows share equal strings: conditions
// have few different strings, and each occurs in many rows.
type Conditions []condition

// ConditionsOf converts conditions to the form that rows hold. It keeps no reference
// to all.
func ConditionsOf(all []v1.ResourceCondition) Conditions {
	if len(all) == 0 {
		return nil
	}
	held := make(Conditions, len(all))
	for i := range all {
		c := &all[i]
		held[i] = condition{
			strings:            unique.Make(conditionStrings{c.Type, c.Status, c.Reason, c.Message}),
			observedGeneration: c.ObservedGeneration,
			created:            c.CreatedTime.Unix(),
			updated:            c.LastUpdatedTime.Unix(),
			transition:         c.LastTransitionTime.Unix(),
			createdNanos:       int32(c.CreatedTime.Nanosecond()),
			updatedNanos:       int32(c.LastUpdatedTime.Nanosecond()),
			transitionNanos:    int32(c.LastTransitionTime.Nanosecond()),
		}
	}
	return held
}

// All returns the conditions that ConditionsOf converted, with times in UTC.
func (c Conditions) All() []v1.ResourceCondition {
	all := make([]v1.ResourceCondition, len(c))
	for i := range c {
		all[i] = c[i].whole()
	}
	return all
}

// Find returns the condition of that type, false if there is none.
func (c Conditions) Find(conditionType string) (v1.ResourceCondition, bool) {
	if found := c.find(conditionType); found != nil {
		return found.whole(), true
	}
	return v1.ResourceCondition{}, false
}

func (c Conditions) find(conditionType string) *condition {
	for i := range c {
		if c[i].strings.Value().conditionType == conditionType {
			return &c[i]
		}
	}
	return nil
}

// condition is a v1.ResourceCondition. Its times are Unix seconds and the nanoseconds
// within them; this form also represents the zero time.
type condition struct {
	strings                                     unique.Handle[conditionStrings]
	observedGeneration                          int64
	created, updated, transition                int64
	createdNanos, updatedNanos, transitionNanos int32
}

type conditionStrings struct {
	conditionType   string
	status          metav1.ConditionStatus
	reason, message string
}

func (c *condition) whole() v1.ResourceCondition {
	shared := c.strings.Value()
	return v1.ResourceCondition{
		Type:               shared.conditionType,
		Status:             shared.status,
		Reason:             shared.reason,
		Message:            shared.message,
		ObservedGeneration: c.observedGeneration,
		CreatedTime:        v1.Timestamp{Time: c.createdTime()},
		LastUpdatedTime:    v1.Timestamp{Time: c.lastUpdatedTime()},
		LastTransitionTime: v1.Timestamp{Time: c.lastTransitionTime()},
	}
}

func (c *condition) createdTime() time.Time { return time.Unix(c.created, int64(c.createdNanos)).UTC() }
func (c *condition) lastUpdatedTime() time.Time {
	return time.Unix(c.updated, int64(c.updatedNanos)).UTC()
}

func (c *condition) lastTransitionTime() time.Time {
	return time.Unix(c.transition, int64(c.transitionNanos)).UTC()
}
