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

package adapter

import (
	"cmp"
	"slices"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// maxMessage bounds the message of a condition, in bytes. The schema allows more, but
// the parent's condition repeats it for each adapter.
const maxMessage = 1024

// conditions returns the conditions of a report: those that the kit derives from the
// result of a call, and the adapter's own.
//
// After an error, Available is Unknown, because a failed call does not undo an earlier
// result, and Health is False. If the parent is being deleted, Available and Applied are
// False, and Finalized has the result.
func conditions(deleted bool, r Report, failed error) []hyperfleetv1.AdapterCondition {
	result := hyperfleetv1.AdapterCondition{
		Type:    hyperfleetv1.AvailableCondition,
		Status:  cmp.Or(r.Status, metav1.ConditionUnknown),
		Reason:  r.Reason,
		Message: r.Message,
	}
	if result.Status == metav1.ConditionUnknown && result.Reason == "" {
		result.Reason = WorkingReason
	}
	health := hyperfleetv1.AdapterCondition{Type: HealthCondition, Status: metav1.ConditionTrue, Reason: HealthyReason}
	if failed != nil {
		result.Status, result.Reason, result.Message = metav1.ConditionUnknown, FailedReason, failed.Error()
		health.Status, health.Reason, health.Message = metav1.ConditionFalse, FailedReason, failed.Error()
	}
	var derived []hyperfleetv1.AdapterCondition
	if deleted {
		result.Type = hyperfleetv1.FinalizedCondition
		if result.Status != metav1.ConditionTrue {
			result.Status = metav1.ConditionFalse // Finalized is either True or False
		}
		for _, conditionType := range []string{hyperfleetv1.AvailableCondition, AppliedCondition} {
			derived = append(derived, hyperfleetv1.AdapterCondition{
				Type: conditionType, Status: metav1.ConditionFalse, Reason: FinalizingReason, Message: "The resource is being deleted",
			})
		}
		derived = append(derived, result, health)
	} else {
		applied := result
		applied.Type = AppliedCondition
		derived = append(derived, result, applied, health)
	}
	for _, own := range r.Conditions {
		derived = slices.DeleteFunc(derived, func(c hyperfleetv1.AdapterCondition) bool { return c.Type == own.Type })
		derived = append(derived, own)
	}
	for i := range derived {
		derived[i].Message = cut(derived[i].Message)
	}
	return derived
}

// cut returns at most maxMessage bytes of s, and only whole characters.
func cut(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	end := maxMessage
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
