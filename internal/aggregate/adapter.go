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
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// adapter is the known state of one adapter.
type adapter struct {
	name string

	// report is the adapter's report, nil if there is none.
	report *Report

	// counts reports whether the report is plausible.
	counts bool

	// said is the last report with a result: the report itself, or the earlier report whose
	// result it keeps. It is nil if there is none or if it is implausible.
	said *Report

	// known is the adapter's stored condition, nil if there is none.
	known *v1.ResourceCondition

	// kept reports whether the known condition stays until a newer report has a result.
	kept bool

	// result is the adapter's condition, nil if it has no result.
	result *v1.ResourceCondition
}

// adaptersOf returns the adapters that reported, in the order in which their reports were
// created. The required adapters and the adapters with kept results that did not report
// follow. Each adapter has its condition. unnamed are the stored conditions of all other
// adapters. These adapters have no report here, and their names do not follow from the
// types of their conditions.
func adaptersOf(in Input) (all []adapter, unnamed []v1.ResourceCondition) {
	reports := onePerAdapter(in)
	for i := range reports {
		r := &reports[i]
		_, implausible := Implausible(*r, in.Generation, in.Now)
		a := adapter{name: r.Adapter, report: r, counts: !implausible}
		if said, ok := r.result(); ok {
			if _, implausible := Implausible(said, in.Generation, in.Now); !implausible {
				a.said = &said
			}
		}
		all = append(all, a)
	}
	reported := len(all)
	for _, name := range sortedSet(slices.Concat(in.Required, in.Kept)) {
		if !slices.ContainsFunc(reports, func(r Report) bool { return r.Adapter == name }) {
			all = append(all, adapter{name: name})
		}
	}
	for i := range all {
		all[i].kept = slices.Contains(in.Kept, all[i].name)
	}
	claimed := claim(all, in.Previous)
	for _, c := range in.Previous {
		if isAdapterType(c.Type) && !claimed[c.Type] && isReached(&c, in.Generation) {
			unnamed = append(unnamed, c)
		}
	}

	taken := map[string]bool{}
	if in.Confirmed {
		unnamed = nil
	}
	for _, c := range unnamed {
		taken[c.Type] = true
	}
	for i := range all[reported:] {
		if a := &all[reported+i]; (a.kept || !in.Confirmed) && isReached(a.known, in.Generation) {
			a.result = a.known
			taken[a.known.Type] = true
		}
	}
	for i := range all[:reported] {
		a := &all[i]
		// A report without a result reserves its type too, so that the types of two
		// adapters do not depend on which adapter has the first result.
		name := conditionType(a.name)
		if taken[name] {
			name = qualifiedType(name, a.name)
		}
		taken[name] = true
		a.decide(in, name)
	}
	return all, unnamed
}

// decide sets the result of an adapter that reported. A report replaces the known result
// only if it has a result and does not leave a newer result in doubt.
func (a *adapter) decide(in Input, conditionType string) {
	switch {
	case a.restsOnReport(in):
		c := adapterCondition(conditionType, *a.said, a.known, in.Now)
		a.result = &c
	case isReached(a.known, in.Generation):
		c := *a.known
		c.Type = conditionType
		a.result = &c
	}
}

// restsOnReport reports whether the adapter's result comes from its report, which has it
// or keeps it from an earlier report. Otherwise the result is the stored one.
func (a *adapter) restsOnReport(in Input) bool {
	switch {
	case a.said == nil,
		a.kept && a.known != nil && isOlder(*a.said, a.known, in.Now),
		!a.report.hasResult() && isReached(a.known, in.Generation) && (isOlder(*a.said, a.known, in.Now) || shows(a.known, *a.said)):
		return false
	}
	return in.Confirmed || !a.inDoubt(in.Generation)
}

// adapterCondition returns the condition of an adapter that reports True or False, with
// the whole reason and message. A transition time from the future is ignored.
func adapterCondition(conditionType string, r Report, known *v1.ResourceCondition, now time.Time) v1.ResourceCondition {
	c := v1.ResourceCondition{
		Type:               conditionType,
		Status:             r.Available,
		Reason:             r.Reason,
		Message:            r.Message,
		ObservedGeneration: r.Generation,
		CreatedTime:        v1.NewTimestamp(r.Observed),
		LastUpdatedTime:    v1.NewTimestamp(r.Observed),
		LastTransitionTime: v1.NewTimestamp(r.Transition),
	}
	if r.Transition.IsZero() || v1.IsFuture(r.Transition, now) {
		c.LastTransitionTime = c.LastUpdatedTime
	}
	if known != nil {
		c.CreatedTime = known.CreatedTime
		// A report for a newer generation may have an earlier time.
		before := known.LastTransitionTime
		if known.Status == c.Status || c.LastTransitionTime.Before(before.Time) && !v1.IsFuture(before.Time, now) {
			c.LastTransitionTime = before
		}
	}
	return c
}

// claim finds the stored condition of each adapter and returns the types that have
// an adapter. A qualified type names its adapter. If several adapters share a plain type,
// the condition belongs to the adapter whose report it shows, otherwise to the first of
// these adapters.
func claim(all []adapter, previous []v1.ResourceCondition) (claimed map[string]bool) {
	claimed = make(map[string]bool, len(all))
	owner := make(map[string]*adapter, len(all))
	for i := range all {
		a := &all[i]
		plain := conditionType(a.name)
		if c := v1.FindCondition(previous, qualifiedType(plain, a.name)); c != nil {
			a.known, claimed[c.Type] = c, true
			continue
		}
		c := v1.FindCondition(previous, plain)
		if c == nil {
			continue
		}
		if other := owner[plain]; other != nil {
			if a.said == nil || !shows(c, *a.said) {
				continue
			}
			other.known = nil
		}
		owner[plain] = a
		a.known, claimed[plain] = c, true
	}
	return claimed
}

// shows reports whether c was computed from exactly this report.
func shows(c *v1.ResourceCondition, r Report) bool {
	return compareToReport(c, r) == 0 && c.Status == r.Available && hasTextOf(c, r)
}

// isReached reports whether c exists and is about a generation that the parent has.
func isReached(c *v1.ResourceCondition, generation int64) bool {
	return c != nil && c.ObservedGeneration <= generation
}

// hasResult reports whether Available is True or False in the report.
func (r Report) hasResult() bool {
	return r.Available == metav1.ConditionTrue || r.Available == metav1.ConditionFalse
}

// conditionType returns the type of an adapter's condition: the adapter
// gcp-provisioner has GcpProvisionerSuccessful.
func conditionType(adapter string) string {
	var b strings.Builder
	b.Grow(len(adapter) + len(v1.AdapterConditionSuffix))
	for word := range strings.SplitSeq(adapter, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]))
			b.WriteString(word[1:])
		}
	}
	b.WriteString(v1.AdapterConditionSuffix)
	return b.String()
}

// qualifiedType returns the type for an adapter whose plain type another adapter
// has: dns2 and dns-2 both map to Dns2Successful. A plain type has no underscore.
func qualifiedType(plain, adapter string) string { return plain + "_" + adapter }

// isAdapterType reports whether conditions of that type belong to an adapter.
func isAdapterType(conditionType string) bool {
	plain, _, _ := strings.Cut(conditionType, "_")
	return strings.HasSuffix(plain, v1.AdapterConditionSuffix)
}

// findOf returns the condition of an adapter, or nil. A condition with the plain
// type may be another adapter's.
func findOf(conditions []v1.ResourceCondition, adapter string) *v1.ResourceCondition {
	plain := conditionType(adapter)
	if c := v1.FindCondition(conditions, qualifiedType(plain, adapter)); c != nil {
		return c
	}
	return v1.FindCondition(conditions, plain)
}
