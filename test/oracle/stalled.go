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

package oracle

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// stalled is there "while the newest result of a required adapter is Available=False at
// the current generation, with Stalled=True beside it".
func stalled(r Resource, adapters []v1.ResourceCondition, reports []Report) (c v1.ResourceCondition, ok bool) {
	boundOfReason, boundOfMessage, bound := limits(r)
	var who, why, what []string
	var oldest time.Time
	for _, name := range names(r) {
		result, known := named(adapters, TypeOf(name))
		if !known || result.Status != metav1.ConditionFalse || result.ObservedGeneration != r.Generation {
			continue
		}
		is, reason, message := saysStalled(r, name, reports)
		if !is {
			continue
		}
		if reason == "" {
			reason = result.Reason
		}
		if message == "" {
			message = result.Message
		}
		who = append(who, name)
		if reason != "" && !slices.Contains(why, reason) {
			why = append(why, reason)
		}
		if message = cut(message, boundOfMessage); message != "" && !slices.Contains(what, message) {
			what = append(what, message)
		}
		if at := result.LastUpdatedTime.Time; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	if len(who) == 0 {
		return c, false
	}
	if len(what) == 0 {
		what = []string{"Waiting will not help"}
	}
	now := v1.NewTimestamp(r.Now.Truncate(time.Microsecond))
	c = v1.ResourceCondition{Type: "Stalled", Status: metav1.ConditionTrue, Reason: "AdaptersStalled", ObservedGeneration: r.Generation,
		Message:     cut(strings.Join(who, ", ")+": "+strings.Join(what, "; "), bound),
		CreatedTime: now, LastUpdatedTime: v1.NewTimestamp(oldest), LastTransitionTime: now}
	if len(why) == 1 {
		c.Reason = cut(why[0], boundOfReason)
	}
	if was, had := named(r.Before, "Stalled"); had {
		c.CreatedTime, c.LastTransitionTime = was.CreatedTime, was.LastTransitionTime
	}
	return c, true
}

// saysStalled returns whether an adapter whose result is False last reported
// Stalled=True, and why: "a report without a result changes nothing", nor does a report
// that is older than the stored one. "An adapter that has finalized is not stalled."
func saysStalled(r Resource, name string, reports []Report) (is bool, reason, message string) {
	if was, had := named(r.Before, "Stalled"); had && was.ObservedGeneration == r.Generation {
		who, _, _ := strings.Cut(was.Message, ": ")
		is = slices.Contains(strings.Split(who, ", "), name)
	}
	for _, report := range reports {
		if report.Adapter != name || inDoubt(r, report) || isOvertaken(r, report) {
			continue
		}
		if !r.Deleted.IsZero() && counts(r, report) && report.Generation == r.Generation && report.Finalized == metav1.ConditionTrue {
			return false, "", ""
		}
		if said, ok := lastSaid(r, report); ok && said.Available == metav1.ConditionFalse {
			return said.Stalled == metav1.ConditionTrue, said.StalledReason, said.StalledMessage
		}
	}
	return is, "", ""
}
