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
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Awaited are the "finalizing adapters that have not reported Finalized=True at the
// current generation".
func Awaited(r Resource, reports []Report) []string {
	var awaited []string
	for _, name := range set(r.Finalizing) {
		if !slices.ContainsFunc(reports, func(report Report) bool {
			return !inDoubt(r, report) && report.Adapter == name && counts(r, report) && report.Generation == r.Generation && report.Finalized == metav1.ConditionTrue
		}) {
			awaited = append(awaited, name)
		}
	}
	return awaited
}

// finalizing returns why a resource that is being deleted still exists: it waits for its
// NodePools, then for its adapters, and for other finalizers.
func finalizing(r Resource, adapters []v1.ResourceCondition, reports []Report) (reason, message string) {
	awaited := Awaited(r, reports)
	switch {
	case len(r.Children) > 0:
		reason = "WaitingForNodePools"
	case len(awaited) == 0 && len(r.Finalizers) > 0:
		reason = "WaitingForFinalizers"
	default:
		reason = "Finalizing"
	}
	var faults [][2]string
	if len(r.Children) > 0 {
		faults = append(faults, [2]string{"NodePools: " + enumerate(r.Children)})
	}
	for _, name := range awaited {
		faults = append(faults, unfinalized(r, name, adapters, reports))
	}
	if len(r.Finalizers) > 0 {
		faults = append(faults, [2]string{"finalizers: " + enumerate(r.Finalizers)})
	}
	if len(faults) == 0 {
		return reason, "All finalizing adapters report Finalized=True, so the resource is about to go"
	}
	return reason, list(r, faults)
}

func unfinalized(r Resource, name string, adapters []v1.ResourceCondition, reports []Report) [2]string {
	bound, _, _ := limits(r)
	for _, report := range reports {
		switch {
		case report.Adapter != name || !counts(r, report):
			continue
		case report.Generation < r.Generation:
			return [2]string{fmt.Sprintf("%s: at generation %d", name, report.Generation)}
		case inDoubt(r, report):
			return [2]string{name + ": not confirmed"}
		case report.Finalized == "":
			return [2]string{name + ": no Finalized condition"}
		}
		return [2]string{fmt.Sprintf("%s: Finalized=%s", name, report.Finalized), cut(report.FinalizedReason, bound)}
	}
	// Without a report that counts, use the condition of a required or reporting adapter.
	reported := slices.ContainsFunc(reports, func(report Report) bool { return report.Adapter == name })
	if c, known := named(adapters, TypeOf(name)); known && c.ObservedGeneration < r.Generation && (reported || slices.Contains(r.Required, name)) {
		return [2]string{fmt.Sprintf("%s: at generation %d", name, c.ObservedGeneration)}
	}
	return [2]string{name + ": not reported"}
}

// inDoubt: the stored condition is based on a newer report, or on another report of the
// same time.
func inDoubt(r Resource, report Report) bool {
	before, had := named(r.Before, TypeOf(report.Adapter))
	if r.Confirmed || !had || before.ObservedGeneration > r.Generation {
		return false
	}
	if older(report, before) {
		return true
	}
	if !hasResult(report) {
		return report.Last != nil && counts(r, *report.Last) && isOfTime(before, *report.Last) && !isOf(before, *report.Last)
	}
	return isOfTime(before, report) && !isOf(before, report)
}

func isOfTime(c v1.ResourceCondition, report Report) bool {
	return c.ObservedGeneration == report.Generation && c.LastUpdatedTime.Time.Equal(report.Observed)
}

// isOf reports whether a condition shows a report, with its full or its cut strings.
func isOf(c v1.ResourceCondition, report Report) bool {
	full := c.Reason == cut(report.Reason, 256) && c.Message == cut(report.Message, 1024)
	less := c.Reason == cut(report.Reason, 64) && c.Message == cut(report.Message, 128)
	return isOfTime(c, report) && c.Status == report.Available && (full || less)
}

func enumerate(all []string) string {
	all = set(all)
	if len(all) > 10 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:10], ", "), len(all)-10)
	}
	return strings.Join(all, ", ")
}
