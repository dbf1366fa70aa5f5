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
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	awaitingMessage   = "Waiting for adapters to report status"
	readyMessage      = "All adapters report ready at current generation"
	finalizedMessage  = "All finalizing adapters report Finalized=True, so the resource is about to go"
	noAdaptersMessage = "No adapters are required for this kind, so nothing can report a result"
)

// Input holds everything that the conditions of a Cluster or NodePool, the parent,
// depend on.
type Input struct {
	// Kind of the parent: v1.ClusterKind or v1.NodePoolKind.
	Kind string

	// Generation is the parent's metadata.generation.
	Generation int64

	// Created is the parent's creationTimestamp, Updated its v1.UpdatedTime.
	Created, Updated time.Time

	// Deleted is the parent's deletionTimestamp, zero if it is not being deleted.
	Deleted time.Time

	// Required are the names of the required adapters, in any order.
	Required []string

	// Finalizing are the required adapters that must report Finalized=True before a deleted
	// parent is removed. Children are the names of the NodePools that a deleted Cluster
	// still has. Finalizers are the finalizers of other programs on a deleted parent.
	Finalizing, Children, Finalizers []string

	// MissingCluster is the name of a NodePool's Cluster if that Cluster does not
	// exist, else empty.
	MissingCluster string

	// Reports are the reports on the parent, in any order.
	Reports []Report

	// Kept are the adapters whose stored results stay known although Reports lacks them,
	// see the function Kept.
	Kept []string

	// Confirmed is true if the API server had exactly these Reports after it had the
	// Previous conditions. If it is false, Conditions keeps every condition that Unconfirmed
	// returns.
	Confirmed bool

	// Foreign is true if another process may have computed Previous from reports that are
	// newer than Reports.
	Foreign bool

	// Mapped are the results of the configuration's rules for the parent, nil if there are
	// no rules.
	Mapped []Mapped

	// ConditionNames selects the names of the aggregated conditions.
	ConditionNames ConditionNames

	// Minimal requests shorter conditions, after the API server has refused the status
	// because of its size. The condition Truncated keeps the request in force until the
	// generation changes.
	Minimal bool

	// Previous are the parent's current conditions.
	Previous []v1.ResourceCondition

	// Now is the current time. Reports that are too far in its future do not count. Now
	// becomes the lastTransitionTime of Ready and Available, in whole microseconds, if their
	// status changes.
	Now time.Time
}

// Conditions returns the parent's conditions. Available and Ready come first, under the
// first of their names. The other conditions follow, sorted by type: Available and Ready
// under their other names, one condition per adapter with a result, the mapped
// conditions, Stalled if a required adapter is stalled, and Truncated if anything is left
// out. A parent without conditions counts as neither available nor ready since its
// creation, so that the conditions before the first report do not depend on Now.
func Conditions(in Input) []v1.ResourceCondition {
	adapters, unnamed := adaptersOf(in)
	required := requiredOf(in, adapters)
	ofAdapters, leftOut := adapterConditions(in, adapters, unnamed)
	isAvailable := in.keepText(available(in, required), required)
	isReady := in.keepText(ready(in, required, adapters), required)
	conditions := in.ConditionNames.show(isAvailable, isReady, required)
	if c := stalled(in, required); c != nil {
		conditions = append(conditions, *c)
	}
	if c := truncated(in, leftOut); c != nil {
		conditions = append(conditions, *c)
	}
	conditions = append(conditions, ofAdapters...)
	conditions = append(conditions, mapped(in)...)
	slices.SortFunc(conditions[2:], func(a, b v1.ResourceCondition) int { return cmp.Compare(a.Type, b.Type) })
	return conditions
}

// requiredOf returns the required adapters, sorted by name.
func requiredOf(in Input, all []adapter) []adapter {
	var required []adapter
	for _, name := range sortedSet(in.Required) {
		i := slices.IndexFunc(all, func(a adapter) bool { return a.name == name })
		required = append(required, all[i]) // adaptersOf has each
	}
	return required
}

func sortedSet(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// available returns the Available condition. It changes only while all required
// adapters have a result for one common generation.
func available(in Input, required []adapter) v1.ResourceCondition {
	c := before(in, v1.AvailableCondition)
	status := c.Status
	generation, common := commonGeneration(required)
	switch {
	case len(required) == 0:
		status, c.Reason, c.Message = metav1.ConditionFalse, v1.NoRequiredAdaptersReason, noAdaptersMessage
		c.ObservedGeneration = 0
	case common:
		c.ObservedGeneration = generation
		if faults := unavailable(in, required); faults == "" {
			status, c.Reason, c.Message = metav1.ConditionTrue, v1.ResourceAvailableReason, in.Kind+" is accessible"
		} else {
			status, c.Reason, c.Message = metav1.ConditionFalse, v1.AdaptersUnavailableReason, faults
		}
	case c.ObservedGeneration == 0:
		// The required adapters have had no common result so far, or the last common
		// result was of other required adapters.
		c.Reason, c.Message = v1.AwaitingAdaptersReason, awaitingMessage
		if reported(required) {
			c.Message = awaited(in, required)
		}
	// Otherwise the last result stays. Its reason is reset, because a condition that is
	// stored under a newer name has another reason.
	case status == metav1.ConditionTrue:
		c.Reason = v1.ResourceAvailableReason
	default:
		c.Reason = v1.AdaptersUnavailableReason
	}
	if oldest, ok := oldestAt(required, c.ObservedGeneration); ok {
		c.LastUpdatedTime = oldest
	}
	return transition(c, status, in.Now)
}

// ready returns the Ready condition: True if every required adapter reports True at the
// current generation, else False. A parent that is being deleted is not ready. The
// observedGeneration of Ready is the generation that Ready is computed for, because
// kubectl wait and kstatus ignore a condition of an older generation. REST shows
// ReportedGeneration instead.
func ready(in Input, required, all []adapter) v1.ResourceCondition {
	c := before(in, v1.ReadyCondition)
	status := metav1.ConditionFalse
	c.ObservedGeneration = in.Generation
	faults := notReady(in, required)
	switch {
	case !in.Deleted.IsZero():
		c.Reason, c.Message = finalizing(in, all)
	case in.MissingCluster != "":
		c.Reason, c.Message = v1.ClusterNotFoundReason, fmt.Sprintf("Cluster %q does not exist", in.MissingCluster)
	case len(required) == 0:
		c.Reason, c.Message = v1.NoRequiredAdaptersReason, noAdaptersMessage
	case !reported(required):
		c.Reason, c.Message = v1.AwaitingAdaptersReason, awaitingMessage
	case faults != "":
		c.Reason, c.Message = v1.AdaptersNotReadyReason, faults
	default:
		status, c.Reason, c.Message = metav1.ConditionTrue, v1.ResourceReadyReason, readyMessage
	}
	c.LastUpdatedTime = v1.NewTimestamp(in.changed())
	if oldest, ok := oldestAt(required, in.Generation); ok {
		c.LastUpdatedTime = oldest
	}
	return transition(c, status, in.Now)
}

// before returns the condition as it is in Previous. A condition that does not exist yet
// counts as False since the parent's creation.
func before(in Input, name string) v1.ResourceCondition {
	if written(in) {
		if c := findAny(in.Previous, name); c != nil {
			was := *c
			was.Type = name
			return was
		}
	}
	created := v1.NewTimestamp(in.Created)
	return v1.ResourceCondition{
		Type:               name,
		Status:             metav1.ConditionFalse,
		Reason:             v1.AwaitingAdaptersReason,
		Message:            awaitingMessage,
		CreatedTime:        created,
		LastUpdatedTime:    created,
		LastTransitionTime: created,
	}
}

// written reports whether Previous are computed conditions, not defaults of the CRD.
func written(in Input) bool {
	status := v1.ResourceStatus{Conditions: in.Previous}
	return status.Computed()
}

// transition sets the status, and lastTransitionTime if the status changes.
// lastTransitionTime does not go back, even if the clock does, with one exception: if it
// is from the future, the clock was wrong then, and no transition would be dated until
// that time has come.
func transition(c v1.ResourceCondition, status metav1.ConditionStatus, now time.Time) v1.ResourceCondition {
	if c.Status != status {
		c.Status = status
		now = now.Truncate(time.Microsecond)
		if before := c.LastTransitionTime.Time; now.After(before) || v1.IsFuture(before, now) {
			c.LastTransitionTime = v1.NewTimestamp(now)
		}
	}
	return c
}

// commonGeneration returns the generation that all required adapters report on.
func commonGeneration(required []adapter) (generation int64, ok bool) {
	for i, a := range required {
		if a.result == nil || i > 0 && a.result.ObservedGeneration != generation {
			return 0, false
		}
		generation = a.result.ObservedGeneration
	}
	return generation, len(required) > 0
}

// reported reports whether any required adapter has a result or a plausible report.
func reported(required []adapter) bool {
	return slices.ContainsFunc(required, func(a adapter) bool { return a.result != nil || a.counts })
}

// oldestAt returns the time of the oldest report of a required adapter on that
// generation.
func oldestAt(required []adapter, generation int64) (oldest v1.Timestamp, ok bool) {
	for _, a := range required {
		if a.result == nil || a.result.ObservedGeneration != generation {
			continue
		}
		if !ok || a.result.LastUpdatedTime.Before(oldest.Time) {
			oldest, ok = a.result.LastUpdatedTime, true
		}
	}
	return oldest, ok
}
