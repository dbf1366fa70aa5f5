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

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Doubt is a condition whose stored content the given reports do not explain.
type Doubt struct {
	// Type is the type of the condition.
	Type string

	// Adapter is the name of its adapter. It is empty if neither a report nor a requirement
	// names the adapter, because the name does not follow from the type. It is also empty if
	// the condition is not an adapter's.
	Adapter string
}

// Unconfirmed returns the conditions of in.Previous that rest on a newer report than
// their adapter's report in in.Reports, or on a report that in.Reports does not contain.
// Either the reader of the reports is behind the writer of the conditions, or a report
// was deleted or replaced. Only a read of the API server shows which. Conditions keeps
// such a condition until in.Confirmed is true.
//
// Two reports of one generation and time that differ in their result have no order, so a
// condition that shows the result of the other report is in doubt, too.
//
// A report without a result leaves no time in a condition. So if in.Foreign is true,
// every mapped condition that would change is in doubt. Ready and Available are in doubt
// if their message about an adapter without a result would change.
func Unconfirmed(in Input) []Doubt {
	if in.Confirmed {
		return nil
	}
	all, unnamed := adaptersOf(in)
	var doubts []Doubt
	for i := range all {
		if a := &all[i]; a.inDoubt(in.Generation) {
			doubts = append(doubts, Doubt{Type: a.known.Type, Adapter: a.name})
		}
	}
	for i := range unnamed {
		doubts = append(doubts, Doubt{Type: unnamed[i].Type})
	}
	if !in.mayBeBehind() {
		return doubts
	}
	required := requiredOf(in, all)
	for _, c := range []v1.ResourceCondition{available(in, required), ready(in, required, all)} {
		if in.isTextInDoubt(c, required) {
			doubts = append(doubts, Doubt{Type: c.Type})
		}
	}
	for _, conditionType := range mappedInDoubt(in) {
		doubts = append(doubts, Doubt{Type: conditionType})
	}
	return doubts
}

// mayBeBehind reports whether Previous may rest on newer reports than Reports.
func (in Input) mayBeBehind() bool { return in.Foreign && !in.Confirmed && written(in) }

// isTextInDoubt reports whether the message of c, Ready or Available, differs from the
// stored message and may rest on older reports. The part of the message about results
// never rests on older reports, because the conditions of the adapters date the results.
// The message of Ready of a deleted parent also depends on Finalized in all reports at
// its generation.
func (in Input) isTextInDoubt(c v1.ResourceCondition, required []adapter) bool {
	if !in.mayBeBehind() {
		return false
	}
	was := before(in, c.Type)
	if was.Status != c.Status || was.Message == c.Message || was.Message == awaitingMessage || !saysOfReports(was) || !saysOfReports(c) {
		return false
	}
	if c.Type == v1.ReadyCondition && !in.Deleted.IsZero() {
		return was.ObservedGeneration == c.ObservedGeneration
	}
	return !allHaveResults(required)
}

// saysOfReports reports whether the message of Ready or Available depends on reports.
func saysOfReports(c v1.ResourceCondition) bool {
	return c.Reason != v1.ClusterNotFoundReason && c.Reason != v1.NoRequiredAdaptersReason
}

// keepText returns c, Ready or Available, with the stored message if its own message is
// in doubt. The stored message implies that some adapter has reported.
func (in Input) keepText(c v1.ResourceCondition, required []adapter) v1.ResourceCondition {
	if !in.isTextInDoubt(c, required) {
		return c
	}
	c.Message = before(in, c.Type).Message
	if c.Type == v1.ReadyCondition && c.Reason == v1.AwaitingAdaptersReason {
		c.Reason = v1.AdaptersNotReadyReason
	}
	return c
}

// inDoubt reports whether the adapter's stored condition rests on a report that is
// neither the adapter's report nor an earlier one.
func (a *adapter) inDoubt(generation int64) bool {
	switch {
	case !isReached(a.known, generation):
		return false
	case a.report == nil:
		return !a.kept
	}
	return compareToReport(a.known, *a.report) > 0 ||
		a.said != nil && compareToReport(a.known, *a.said) == 0 && !shows(a.known, *a.said)
}

// compareToReport compares the report that c rests on with r: negative if r is the
// newer one.
func compareToReport(c *v1.ResourceCondition, r Report) int {
	return cmp.Or(cmp.Compare(c.ObservedGeneration, r.Generation), c.LastUpdatedTime.Compare(r.Observed))
}
