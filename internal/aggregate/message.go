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

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// maxMessage is the CRD's limit of a condition's message, in characters. The API
// server refuses a status with a longer message.
const maxMessage = 32768

// notReady names each required adapter that keeps the parent from being ready, and
// the cause. It is empty if there is no such adapter.
func notReady(required []requirement, generation int64) string {
	var faults []string
	for _, q := range required {
		switch {
		case q.result == nil:
			faults = append(faults, q.adapter+": not reported")
		case q.result.ObservedGeneration != generation && q.result.Status == metav1.ConditionTrue:
			faults = append(faults, fmt.Sprintf("%s: at generation %d", q.adapter, q.result.ObservedGeneration))
		case q.result.ObservedGeneration != generation:
			faults = append(faults, fmt.Sprintf("%s: at generation %d, Available=False%s",
				q.adapter, q.result.ObservedGeneration, inParentheses(q.result)))
		case q.result.Status != metav1.ConditionTrue:
			faults = append(faults, q.adapter+": Available=False"+inParentheses(q.result))
		}
	}
	return bounded(strings.Join(faults, "; "))
}

// unavailable names each required adapter that reports Available=False, with the
// generation and the reason. It is empty if there is no such adapter.
func unavailable(required []requirement) string {
	var faults []string
	for _, q := range required {
		if q.result != nil && q.result.Status != metav1.ConditionTrue {
			faults = append(faults, fmt.Sprintf("%s: Available=False at generation %d%s",
				q.adapter, q.result.ObservedGeneration, inParentheses(q.result)))
		}
	}
	return bounded(strings.Join(faults, "; "))
}

// inParentheses returns the adapter's reason in parentheses. It is empty if the
// adapter gives no reason.
func inParentheses(c *v1.ResourceCondition) string {
	if c.Reason == "" {
		return ""
	}
	return " (" + c.Reason + ")"
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
