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
	"fmt"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxMessage is the CRD's limit of a condition's message, in characters. The API
// server refuses a status with a longer message.
const maxMessage = 32768

// notReady names each required adapter that keeps the parent from being ready, and
// the cause. It is empty if there is no such adapter.
func notReady(required []adapter, generation int64) string {
	var faults []string
	for _, a := range required {
		switch {
		case a.result == nil:
			faults = append(faults, a.name+": "+withoutResult(a, generation))
		case a.result.ObservedGeneration != generation && a.result.Status == metav1.ConditionTrue:
			faults = append(faults, fmt.Sprintf("%s: at generation %d", a.name, a.result.ObservedGeneration))
		case a.result.ObservedGeneration != generation:
			faults = append(faults, fmt.Sprintf("%s: at generation %d, Available=False%s",
				a.name, a.result.ObservedGeneration, inParentheses(a.result.Reason)))
		case a.result.Status != metav1.ConditionTrue:
			faults = append(faults, a.name+": Available=False"+inParentheses(a.result.Reason))
		}
	}
	return bounded(strings.Join(faults, "; "))
}

// unavailable names each required adapter that reports Available=False, with the
// generation and the reason. It is empty if there is no such adapter.
func unavailable(required []adapter) string {
	var faults []string
	for _, a := range required {
		if a.result != nil && a.result.Status != metav1.ConditionTrue {
			faults = append(faults, fmt.Sprintf("%s: Available=False at generation %d%s",
				a.name, a.result.ObservedGeneration, inParentheses(a.result.Reason)))
		}
	}
	return bounded(strings.Join(faults, "; "))
}

// awaited names the required adapters without a result. If all have one, it names
// the generation of each: there is no common one.
func awaited(required []adapter, generation int64) string {
	var missing, mixed []string
	for _, a := range required {
		if a.result == nil {
			missing = append(missing, a.name+": "+withoutResult(a, generation))
		} else {
			mixed = append(mixed, fmt.Sprintf("%s: at generation %d", a.name, a.result.ObservedGeneration))
		}
	}
	if len(missing) > 0 {
		mixed = missing
	}
	return bounded(strings.Join(mixed, "; "))
}

// withoutResult says what there is of an adapter that has no result.
func withoutResult(a adapter, generation int64) string {
	if !a.counts {
		return "not reported"
	}
	said := "no Available condition"
	if a.report.Available != "" {
		said = fmt.Sprintf("Available=%s%s", a.report.Available, inParentheses(a.report.Reason))
	}
	if a.report.Generation != generation {
		said = fmt.Sprintf("at generation %d, %s", a.report.Generation, said)
	}
	return said
}

// inParentheses returns the adapter's reason in parentheses. It is empty if the
// adapter gives no reason.
func inParentheses(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// bounded shortens a message that is too long for the CRD and ends it with "…".
func bounded(message string) string {
	if utf8.RuneCountInString(message) <= maxMessage {
		return message
	}
	const ellipsis = "…"
	count := 0
	for i := range message {
		if count == maxMessage-1 {
			return message[:i] + ellipsis
		}
		count++
	}
	return message
}
