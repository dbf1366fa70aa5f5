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

// Rule is the result of one rule for mapped conditions.
type Rule struct {
	Type            string
	Status          metav1.ConditionStatus
	Reason, Message string
}

// mayBeNewer: "another process may have computed the conditions from newer reports".
func mayBeNewer(r Resource) bool { return r.Foreign && !r.Confirmed && len(r.Before) > 0 }

// lastWordStays: "old over new". Only the message of Ready and Available contains the
// reason of a report without a result, so while one adapter has no result, the message of
// another process stays. A message about the resource or the configuration is not from an
// adapter. During a deletion, the message stays only if it is about the current
// generation.
func lastWordStays(r Resource, is v1.ResourceCondition, adapters []v1.ResourceCondition) v1.ResourceCondition {
	was := start(r, is.Type)
	if !mayBeNewer(r) || was.Status != is.Status || was.Message == awaiting {
		return is
	}
	for _, reason := range []string{was.Reason, is.Reason} {
		if reason == "ClusterNotFound" || reason == "NoRequiredAdapters" {
			return is
		}
	}
	silent := slices.ContainsFunc(names(r), func(adapter string) bool {
		_, reported := named(adapters, TypeOf(adapter))
		return !reported
	})
	if is.Type == "Ready" && !r.Deleted.IsZero() {
		silent = was.ObservedGeneration == r.Generation
	}
	if silent {
		is.Message = was.Message
		if is.Type == "Ready" && is.Reason == "AwaitingAdapters" {
			is.Reason = "AdaptersNotReady"
		}
	}
	return is
}

// mapped are the conditions of the rules, "with the time of the newest report". A rule
// may read every part of every report, so the mapped conditions of another process stay.
func mapped(r Resource, reports []Report) (conditions []v1.ResourceCondition) {
	newest := r.Updated
	if r.Deleted.After(newest) {
		newest = r.Deleted
	}
	for _, report := range reports {
		if counts(r, report) && report.Observed.After(newest) {
			newest = report.Observed
		}
	}
	reason, message, _ := limits(r)
	stays := mayBeNewer(r) && r.Mapped != nil
	for _, rule := range r.Mapped {
		is := v1.ResourceCondition{Type: rule.Type, Status: rule.Status, Reason: cut(rule.Reason, reason), Message: cut(rule.Message, message), ObservedGeneration: r.Generation,
			CreatedTime: v1.NewTimestamp(newest), LastUpdatedTime: v1.NewTimestamp(newest), LastTransitionTime: v1.NewTimestamp(newest)}
		was, had := named(r.Before, rule.Type)
		if stays && (!had || was.Status != is.Status || was.Reason != is.Reason || was.Message != is.Message) {
			continue
		}
		if had {
			is.CreatedTime, is.LastTransitionTime = was.CreatedTime, was.LastTransitionTime
			if was.LastUpdatedTime.After(newest) && !isAhead(r, was.LastUpdatedTime.Time) {
				is.LastUpdatedTime = was.LastUpdatedTime
			}
			if now := r.Now.Truncate(time.Microsecond); was.Status != is.Status && (now.After(was.LastTransitionTime.Time) || isAhead(r, was.LastTransitionTime.Time)) {
				is.LastTransitionTime = v1.NewTimestamp(now)
			}
		}
		conditions = append(conditions, is)
	}
	if !stays {
		return conditions
	}
	for _, was := range r.Before {
		own := slices.Contains([]string{"Ready", "Available", "Reconciled", "LastKnownReconciled", "Stalled", "Truncated"}, was.Type)
		if _, said := named(conditions, was.Type); !own && !said && !strings.HasSuffix(was.Type, "Successful") {
			conditions = append(conditions, was)
		}
	}
	return conditions
}
