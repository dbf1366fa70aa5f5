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

// Package oracle computes the conditions of a Cluster or NodePool a second time, from the
// documentation alone: docs/clusters.md and the contract of the REST API. It shares no
// code with internal/aggregate, whose results tests compare with it. It is written for
// comparison with the documentation, not for speed.
package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Resource contains everything that the conditions depend on, except the reports.
type Resource struct {
	Kind             string
	Generation       int64
	Created, Updated time.Time
	Required         []string
	// Deleted is zero for a resource that is not being deleted. The removal may wait for
	// the adapters in Finalizing, the NodePools in Children and the finalizers of others
	// in Finalizers.
	Deleted                          time.Time
	Finalizing, Children, Finalizers []string
	// MissingCluster is the name of a NodePool's Cluster if it does not exist.
	MissingCluster string
	// ConditionNames is "first", "newer" or "both".
	ConditionNames string
	// Minimal is true if the API server has refused a larger status.
	Minimal bool
	// Kept are the adapters whose results stay known without a report.
	Kept []string
	// Confirmed is true if no other reports exist: a condition without a report is
	// removed.
	Confirmed bool
	// Foreign is true if Before may come from another process, which had newer reports.
	Foreign bool
	// Mapped contains the results of the rules for mapped conditions, nil without rules.
	Mapped []Rule
	// Before are the conditions before this computation.
	Before []v1.ResourceCondition
	// Now is the time of a change of Ready or Available.
	Now time.Time
}

// Report is the report of one adapter. Each adapter has at most one.
type Report struct {
	Adapter    string
	Generation int64
	Observed   time.Time
	// Available is empty if the report has no such condition.
	Available       metav1.ConditionStatus
	Reason, Message string
	Changed         time.Time // when Available last changed
	// Finalized is empty if the report has no such condition.
	Finalized       metav1.ConditionStatus
	FinalizedReason string
	// Stalled is empty if the report has no such condition.
	Stalled                       metav1.ConditionStatus
	StalledReason, StalledMessage string
	// Last is the last result before a report without a result, nil if there was none.
	Last *Report
}

// Conditions returns the expected conditions, in no particular order. The names of
// the adapters must map to different condition types.
func Conditions(r Resource, reports []Report) []v1.ResourceCondition {
	var adapters []v1.ResourceCondition
	for _, report := range reports {
		if c, ok := adapterCondition(r, report); ok {
			adapters = append(adapters, c)
		}
	}
	for _, before := range r.Before {
		_, reported := named(adapters, before.Type)
		if strings.HasSuffix(before.Type, "Successful") && !reported && (!r.Confirmed || isKept(r, before.Type)) && before.ObservedGeneration <= r.Generation {
			adapters = append(adapters, before)
		}
	}
	isReady := lastWordStays(r, ready(r, adapters, reports), adapters)
	isAvailable := lastWordStays(r, available(r, adapters, reports), adapters)
	result := append([]v1.ResourceCondition{isReady, isAvailable}, adapters...)
	for i := range result[:2] {
		dateChange(r, &result[i])
	}
	reason, message, _ := limits(r)
	for i := range result[2:] {
		c := &result[2+i]
		c.Reason, c.Message = cut(c.Reason, reason), cut(c.Message, message)
	}
	result = append(result, mapped(r, reports)...)
	if c, ok := stalled(r, adapters, reports); ok {
		result = append(result, c)
	}
	if c, ok := truncated(r); ok {
		result = append(result, c)
	}
	newer := []v1.ResourceCondition{withNewerName(r, result[0], adapters), withNewerName(r, result[1], adapters)}
	switch r.ConditionNames {
	case "first":
		return result
	case "newer":
		return append(newer, result[2:]...)
	default:
		return append(newer, result...)
	}
}

// TypeOf returns the type of an adapter's condition: "PascalCase of the adapter's name
// + Successful".
func TypeOf(adapter string) string {
	var name []string
	for _, word := range strings.Split(adapter, "-") {
		if len(word) > 0 {
			name = append(name, strings.ToUpper(string(word[0]))+word[1:])
		}
	}
	return strings.Join(name, "") + "Successful"
}

// adapterCondition is "one more condition per adapter that reported: status of its
// Available, its generation and times".
func adapterCondition(r Resource, report Report) (c v1.ResourceCondition, ok bool) {
	before, had := named(r.Before, TypeOf(report.Adapter))
	known := had && before.ObservedGeneration <= r.Generation
	// "A stored condition may not be replaced by one that rests on an older report of
	// that adapter"; of two reports of one time, the stored one counts. The report that
	// the stored condition shows computes it again: the condition may keep longer strings
	// than before.
	if known && (inDoubt(r, report) || isOvertaken(r, report)) {
		return before, true
	}
	// "A report that says Available=Unknown does not undo what is known", nor does one
	// without Available, "for a generation that the parent does not have", or from
	// "more than five minutes" in the future.
	report, ok = lastSaid(r, report)
	if !ok {
		return before, known
	}
	c = v1.ResourceCondition{
		Type: TypeOf(report.Adapter), Status: report.Available, Reason: report.Reason, Message: report.Message,
		ObservedGeneration: report.Generation, CreatedTime: v1.NewTimestamp(report.Observed),
		LastUpdatedTime: v1.NewTimestamp(report.Observed), LastTransitionTime: v1.NewTimestamp(report.Changed),
	}
	if report.Changed.IsZero() || isAhead(r, report.Changed) { // "was set by a wrong clock"
		c.LastTransitionTime = c.LastUpdatedTime
	}
	if had { // "created_time never moves", "last_transition_time moves only when status does"
		c.CreatedTime = before.CreatedTime
		c.LastTransitionTime = whenChanged(r, before, c.Status, c.LastTransitionTime.Time)
	}
	return c, true
}

// isOvertaken: "a kept result stays until the adapter reports something newer".
func isOvertaken(r Resource, report Report) bool {
	before, had := named(r.Before, TypeOf(report.Adapter))
	return had && isKept(r, before.Type) && isNewer(r, before, report)
}

// isNewer: "a condition that is more than five minutes ahead is newer than no report of its
// generation".
func isNewer(r Resource, before v1.ResourceCondition, report Report) bool {
	if before.ObservedGeneration == report.Generation && isAhead(r, before.LastUpdatedTime.Time) {
		return false
	}
	return older(report, before)
}

// isAhead: "more than five minutes ahead of the current time".
func isAhead(r Resource, t time.Time) bool { return t.Sub(r.Now) > 5*time.Minute }

func isKept(r Resource, conditionType string) bool {
	return slices.ContainsFunc(r.Kept, func(adapter string) bool { return TypeOf(adapter) == conditionType })
}

// older reports whether a report is older than the one that a condition shows.
func older(report Report, c v1.ResourceCondition) bool {
	if c.ObservedGeneration != report.Generation {
		return c.ObservedGeneration > report.Generation
	}
	return c.LastUpdatedTime.After(report.Observed)
}

func counts(r Resource, report Report) bool {
	return report.Generation <= r.Generation && !isAhead(r, report.Observed)
}

// ready: "True where every required adapter reports Available=True at the parent's
// current generation, False otherwise, never unchanged".
func ready(r Resource, adapters []v1.ResourceCondition, reports []Report) v1.ResourceCondition {
	c := start(r, v1.ReadyCondition)
	c.Status = metav1.ConditionFalse
	var faults [][2]string
	bound, _, _ := limits(r)
	var oldest *time.Time
	// "observedGeneration is the generation that the condition was computed for"
	c.ObservedGeneration = r.Generation
	var heard bool
	for _, adapter := range names(r) {
		a, reported := named(adapters, TypeOf(adapter))
		word, why := lastWord(r, adapter, reports)
		heard = heard || reported || word != ""
		current := a.ObservedGeneration == r.Generation
		if reported && current && (oldest == nil || a.LastUpdatedTime.Before(*oldest)) {
			oldest = &a.LastUpdatedTime.Time
		}
		switch {
		case !reported && word != "":
			faults = append(faults, [2]string{adapter + ": " + word, why})
		case !reported:
			faults = append(faults, [2]string{adapter + ": not reported"})
		case a.Status == metav1.ConditionTrue && current:
		case a.Status == metav1.ConditionTrue:
			faults = append(faults, [2]string{fmt.Sprintf("%s: at generation %d", adapter, a.ObservedGeneration)})
		case current:
			faults = append(faults, [2]string{adapter + ": Available=False", cut(a.Reason, bound)})
		default:
			faults = append(faults, [2]string{fmt.Sprintf("%s: at generation %d, Available=False", adapter, a.ObservedGeneration), cut(a.Reason, bound)})
		}
	}
	// "the oldest report among the required adapters' reports at the parent's current
	// generation, where there is none the parent's updated_time"
	c.LastUpdatedTime = v1.NewTimestamp(r.Updated)
	if oldest != nil {
		c.LastUpdatedTime = v1.NewTimestamp(*oldest)
	}
	if r.Deleted.After(r.Updated) && oldest == nil {
		c.LastUpdatedTime = v1.NewTimestamp(r.Deleted)
	}
	switch {
	case !r.Deleted.IsZero():
		c.Reason, c.Message = finalizing(r, adapters, reports)
	case r.MissingCluster != "":
		c.Reason, c.Message = "ClusterNotFound", fmt.Sprintf("Cluster %q does not exist", r.MissingCluster)
	case len(r.Required) == 0:
		c.Reason, c.Message = "NoRequiredAdapters", noAdapters
	case !heard:
		c.Reason, c.Message = "AwaitingAdapters", awaiting
	case len(faults) > 0:
		c.Reason, c.Message = "AdaptersNotReady", list(r, faults)
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, "ResourceReady", "All adapters report ready at current generation"
	}
	return c
}

// ReportedGeneration is the observed_generation of Ready in REST: "the newest generation,
// not beyond the resource's, that a required adapter has reported on, 0 before the
// first".
func ReportedGeneration(r Resource, conditions []v1.ResourceCondition) int64 {
	var newest int64
	for _, adapter := range names(r) {
		if a, reported := named(conditions, TypeOf(adapter)); reported && a.ObservedGeneration <= r.Generation {
			newest = max(newest, a.ObservedGeneration)
		}
	}
	return newest
}

// available: "True where every required adapter Available=True, all at one
// generation; False where all at one generation and at least one False; unchanged
// where reports are missing, or at mixed generations".
func available(r Resource, adapters []v1.ResourceCondition, reports []Report) v1.ResourceCondition {
	c := start(r, v1.AvailableCondition)
	generations := map[int64]bool{}
	var faults, missing, mixed [][2]string
	heard := false
	bound, _, _ := limits(r)
	for _, adapter := range names(r) {
		a, reported := named(adapters, TypeOf(adapter))
		word, why := lastWord(r, adapter, reports)
		heard = heard || reported || word != ""
		switch {
		case reported:
			mixed = append(mixed, [2]string{fmt.Sprintf("%s: at generation %d", adapter, a.ObservedGeneration)})
		case word != "":
			missing = append(missing, [2]string{adapter + ": " + word, why})
		default:
			missing = append(missing, [2]string{adapter + ": not reported"})
		}
		if !reported {
			a.ObservedGeneration = -1
		}
		generations[a.ObservedGeneration] = true
		if reported && a.Status == metav1.ConditionFalse {
			faults = append(faults, [2]string{fmt.Sprintf("%s: Available=False at generation %d", adapter, a.ObservedGeneration), cut(a.Reason, bound)})
		}
	}
	switch {
	case len(r.Required) == 0:
		c.Status, c.Reason, c.Message, c.ObservedGeneration = metav1.ConditionFalse, "NoRequiredAdapters", noAdapters, 0
	case len(generations) == 1 && !generations[-1]:
		for only := range generations {
			c.ObservedGeneration = only
		}
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, "ResourceAvailable", r.Kind+" is accessible"
		if len(faults) > 0 {
			c.Status, c.Reason, c.Message = metav1.ConditionFalse, "AdaptersUnavailable", list(r, faults)
		}
	case c.ObservedGeneration == 0: // "when some have reported, the message names who is awaited"
		c.Reason, c.Message = "AwaitingAdapters", awaiting
		if heard && len(missing) > 0 {
			c.Message = list(r, missing)
		} else if heard {
			c.Message = list(r, mixed)
		}
	}
	// "for Available the oldest at its observed_generation"
	first := true
	for _, adapter := range names(r) {
		a, reported := named(adapters, TypeOf(adapter))
		if reported && a.ObservedGeneration == c.ObservedGeneration && (first || a.LastUpdatedTime.Before(c.LastUpdatedTime.Time)) {
			c.LastUpdatedTime, first = a.LastUpdatedTime, false
		}
	}
	return c
}

// lastWord returns the state that an adapter without a result reports, and its reason. It
// is empty if there is none.
func lastWord(r Resource, adapter string, reports []Report) (word, why string) {
	bound, _, _ := limits(r)
	for _, report := range reports {
		if report.Adapter != adapter || !counts(r, report) {
			continue
		}
		if report.Generation != r.Generation {
			word = fmt.Sprintf("at generation %d, ", report.Generation)
		}
		if report.Available == "" {
			word += "no Available condition"
		} else {
			word, why = word+"Available="+string(report.Available), cut(report.Reason, bound)
		}
	}
	return word, why
}

const (
	awaiting   = "Waiting for adapters to report status"
	noAdapters = "No adapters are required for this kind, so nothing can report a result"
)

// start returns the condition before this computation: "before any report both are False, reason
// AwaitingAdapters", since the resource was created.
func start(r Resource, name string) v1.ResourceCondition {
	if c, ok := named(r.Before, name); ok {
		return c
	}
	// "Each aggregated condition is computed once and shown under configured names."
	if c, ok := named(r.Before, map[string]string{"Ready": "Reconciled", "Available": "LastKnownReconciled"}[name]); ok {
		c.Type = name
		switch {
		case name == "Ready" || c.ObservedGeneration == 0: // computed again
		case c.Status == metav1.ConditionTrue:
			c.Reason = "ResourceAvailable"
		default:
			c.Reason = "AdaptersUnavailable"
		}
		return c
	}
	created := v1.NewTimestamp(r.Created)
	return v1.ResourceCondition{Type: name, Status: metav1.ConditionFalse, Reason: "AwaitingAdapters", Message: awaiting,
		CreatedTime: created, LastUpdatedTime: created, LastTransitionTime: created}
}

// dateChange: a change of Ready or Available has the current time.
func dateChange(r Resource, c *v1.ResourceCondition) {
	c.LastTransitionTime = whenChanged(r, start(r, c.Type), c.Status, r.Now.Truncate(time.Microsecond))
}

// whenChanged: "when status last changed. It never runs backwards". After "a time more than
// five minutes ahead", "the next change of status has its own time again".
func whenChanged(r Resource, was v1.ResourceCondition, status metav1.ConditionStatus, changed time.Time) v1.Timestamp {
	switch last := was.LastTransitionTime; {
	case was.Status == status:
		return last
	case isAhead(r, last.Time), changed.After(last.Time):
		return v1.NewTimestamp(changed)
	default:
		return last
	}
}

func names(r Resource) []string { return set(r.Required) }

func set(names []string) []string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func named(conditions []v1.ResourceCondition, name string) (c v1.ResourceCondition, ok bool) {
	for _, c := range conditions {
		if c.Type == name {
			return c, true
		}
	}
	return c, false
}
