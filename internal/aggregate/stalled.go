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
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// stalledText is the message if no stalled adapter describes its fault.
const stalledText = "Waiting will not help"

// stalled returns the Stalled condition, nil if no required adapter is stalled. The
// message begins with the names of the stalled adapters: namesStalled reads them back.
func stalled(in Input, required []adapter) *v1.ResourceCondition {
	was := v1.FindCondition(in.Previous, v1.StalledCondition)
	l := limitsOf(in)
	var names, reasons, texts []string
	var oldest v1.Timestamp
	for _, a := range required {
		if !a.isStalled(in, was) {
			continue
		}
		reason, text := a.stalledBecause(in)
		names = append(names, a.name)
		reasons = append(reasons, reason)
		texts = append(texts, cut(text, l.message))
		if t := a.result.LastUpdatedTime; len(names) == 1 || t.Before(oldest.Time) {
			oldest = t
		}
	}
	if len(names) == 0 {
		return nil
	}
	now := v1.NewTimestamp(in.Now.Truncate(time.Microsecond))
	c := v1.ResourceCondition{
		Type:               v1.StalledCondition,
		Status:             metav1.ConditionTrue,
		Reason:             v1.AdaptersStalledReason,
		Message:            cut(strings.Join(names, ", ")+namesEnd+cmp.Or(strings.Join(said(texts), "; "), stalledText), l.aggregated),
		ObservedGeneration: in.Generation,
		CreatedTime:        now,
		LastUpdatedTime:    oldest,
		LastTransitionTime: now,
	}
	if reasons = said(reasons); len(reasons) == 1 {
		c.Reason = cut(reasons[0], l.reason)
	}
	if was != nil {
		c.CreatedTime, c.LastTransitionTime = was.CreatedTime, was.LastTransitionTime
	}
	return &c
}

// isStalled reports whether the adapter has reported that waiting will not fix the fault
// that keeps the parent from being ready. Only a report with a result counts. The
// adapter's condition dates each result, so an older report cannot restore a fault. If
// the result is the stored one, the stored condition was decides. An adapter that has
// finalized a deleted parent is not stalled, whatever else it reports.
func (a *adapter) isStalled(in Input, was *v1.ResourceCondition) bool {
	if a.result == nil || a.result.ObservedGeneration != in.Generation || a.result.Status != metav1.ConditionFalse {
		return false
	}
	if !in.Deleted.IsZero() {
		if _, finalized := finalization(in, []adapter{*a}, a.name); finalized {
			return false
		}
	}
	if !a.restsOnReport(in) {
		return was != nil && was.ObservedGeneration == in.Generation && namesStalled(was.Message, a.name)
	}
	return a.said.Stalled == metav1.ConditionTrue
}

// stalledBecause returns the reason and message of a stalled adapter: the reason and
// message of its Stalled condition, or of its result if the Stalled condition has none.
func (a *adapter) stalledBecause(in Input) (reason, message string) {
	if !a.restsOnReport(in) {
		return a.result.Reason, a.result.Message
	}
	return cmp.Or(a.said.StalledReason, a.said.Reason), cmp.Or(a.said.StalledMessage, a.said.Message)
}

// said returns the distinct strings that are not empty, in their order.
func said(all []string) []string {
	var distinct []string
	for _, s := range all {
		if s != "" && !slices.Contains(distinct, s) {
			distinct = append(distinct, s)
		}
	}
	return distinct
}

// namesEnd separates the names of the stalled adapters from their messages. No name
// contains it.
const namesEnd = ": "

// namesStalled reports whether the message of Stalled names the adapter. If the names
// do not fit into the message, it names every adapter.
func namesStalled(message, adapter string) bool {
	names, _, complete := strings.Cut(message, namesEnd)
	return !complete || slices.Contains(strings.Split(names, ", "), adapter)
}
