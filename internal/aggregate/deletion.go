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
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Awaited returns the finalizing adapters, sorted by name, that have not reported
// Finalized=True at the parent's current generation. Deletion raises the generation, so
// no report from before the deletion counts. A report that leaves its adapter's condition
// in doubt does not count either, because the adapter may have reported something else
// since.
func Awaited(in Input) []string {
	all, _ := adaptersOf(in)
	var awaited []string
	for _, name := range sortedSet(in.Finalizing) {
		if _, finalized := finalization(in, all, name); !finalized {
			awaited = append(awaited, name)
		}
	}
	return awaited
}

// finalization reports whether the adapter has finalized. If not, lacks names the fault.
func finalization(in Input, all []adapter, name string) (lacks fault, finalized bool) {
	lacks = fault{text: name + ": not reported"}
	i := slices.IndexFunc(all, func(a adapter) bool { return a.name == name })
	if i < 0 {
		return lacks, false
	}
	switch a := all[i]; {
	case a.counts && a.report.Generation != in.Generation:
		return fault{text: fmt.Sprintf("%s: at generation %d", name, a.report.Generation)}, false
	case a.counts && !in.Confirmed && a.inDoubt(in.Generation):
		return fault{text: name + ": not confirmed"}, false
	case a.counts && a.report.Finalized == "":
		return fault{text: name + ": no Finalized condition"}, false
	case a.counts:
		reason := cut(a.report.FinalizedReason, limitsOf(in).reason)
		return fault{fmt.Sprintf("%s: Finalized=%s", name, a.report.Finalized), reason}, a.report.Finalized == metav1.ConditionTrue
	case a.result != nil && a.result.ObservedGeneration != in.Generation:
		return atGeneration(a), false
	}
	return lacks, false
}

// finalizing returns the reason and message of Ready while the parent is being deleted.
// The message lists what the removal waits for, in the expected order.
func finalizing(in Input, all []adapter) (reason, message string) {
	var faults []fault
	reason = v1.FinalizingReason
	if len(in.Finalizers) > 0 {
		reason = v1.WaitingForFinalizersReason
	}
	if len(in.Children) > 0 {
		faults = append(faults, fault{text: "NodePools: " + some(in.Children)})
	}
	for _, name := range sortedSet(in.Finalizing) {
		if lacks, finalized := finalization(in, all, name); !finalized {
			faults = append(faults, lacks)
			reason = v1.FinalizingReason
		}
	}
	if len(in.Finalizers) > 0 {
		faults = append(faults, fault{text: "finalizers: " + some(in.Finalizers)})
	}
	if len(in.Children) > 0 {
		reason = v1.WaitingForNodePoolsReason
	}
	if len(faults) == 0 {
		return reason, finalizedMessage
	}
	return reason, limitsOf(in).join(faults)
}

// some lists at most ten names and then the number of the remaining ones, so that the
// adapters that follow in the message fit, too.
func some(names []string) string {
	names = sortedSet(names)
	if len(names) <= 10 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:10], ", "), len(names)-10)
}

// changed returns the time when the parent reached its generation.
func (in Input) changed() time.Time {
	if in.Deleted.After(in.Updated) {
		return in.Deleted
	}
	return in.Updated
}
