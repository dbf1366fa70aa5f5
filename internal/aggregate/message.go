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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fault describes what one adapter has not achieved. The reason is the adapter's own.
type fault struct{ text, reason string }

// join returns the message that names the faults. If the message gets too long, it keeps
// the names of the adapters and drops their reasons.
func (l limits) join(faults []fault) string {
	if !l.brief {
		if message := joined(faults, true); jsonLen(message) <= l.aggregated {
			return message
		}
	}
	return cut(joined(faults, false), l.aggregated)
}

func joined(faults []fault, reasons bool) string {
	parts := make([]string, len(faults))
	for i, f := range faults {
		parts[i] = f.text
		if reasons && f.reason != "" {
			parts[i] += " (" + f.reason + ")"
		}
	}
	return strings.Join(parts, "; ")
}

// notReady names each required adapter that keeps the parent from being ready, and
// the cause. It is empty if there is no such adapter.
func notReady(in Input, required []adapter) string {
	l := limitsOf(in)
	var faults []fault
	for _, a := range required {
		switch c := a.result; {
		case c == nil:
			faults = append(faults, l.withoutResult(a, in.Generation))
		case c.ObservedGeneration != in.Generation && c.Status == metav1.ConditionTrue:
			faults = append(faults, atGeneration(a))
		case c.ObservedGeneration != in.Generation:
			faults = append(faults, fault{atGeneration(a).text + ", Available=False", cut(c.Reason, l.reason)})
		case c.Status != metav1.ConditionTrue:
			faults = append(faults, fault{a.name + ": Available=False", cut(c.Reason, l.reason)})
		}
	}
	return l.join(faults)
}

// unavailable names each required adapter that reports Available=False, with the
// generation and the reason. It is empty if there is no such adapter.
func unavailable(in Input, required []adapter) string {
	l := limitsOf(in)
	var faults []fault
	for _, a := range required {
		if c := a.result; c != nil && c.Status != metav1.ConditionTrue {
			faults = append(faults, fault{fmt.Sprintf("%s: Available=False at generation %d", a.name, c.ObservedGeneration), cut(c.Reason, l.reason)})
		}
	}
	return l.join(faults)
}

// awaited names the required adapters without a result. If all have a result, it names
// the generation of each result, because the generations differ.
func awaited(in Input, required []adapter) string {
	l := limitsOf(in)
	var missing, mixed []fault
	for _, a := range required {
		if a.result == nil {
			missing = append(missing, l.withoutResult(a, in.Generation))
		} else {
			mixed = append(mixed, atGeneration(a))
		}
	}
	if len(missing) > 0 {
		mixed = missing
	}
	return l.join(mixed)
}

func atGeneration(a adapter) fault {
	return fault{text: fmt.Sprintf("%s: at generation %d", a.name, a.result.ObservedGeneration)}
}

// withoutResult describes the state of an adapter that has no result.
func (l limits) withoutResult(a adapter, generation int64) fault {
	if !a.counts {
		return fault{text: a.name + ": not reported"}
	}
	said := a.name + ": "
	if a.report.Generation != generation {
		said += fmt.Sprintf("at generation %d, ", a.report.Generation)
	}
	if a.report.Available == "" {
		return fault{text: said + "no Available condition"}
	}
	return fault{said + "Available=" + string(a.report.Available), cut(a.report.Reason, l.reason)}
}
