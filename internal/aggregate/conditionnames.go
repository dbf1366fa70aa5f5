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

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// ConditionNames selects the names under which a parent shows its aggregated conditions.
// Each condition is computed once: under two names it differs only in the reason.
type ConditionNames string

const (
	// BothNames shows all four names. The zero value means the same, because a client would
	// wait forever for a missing name.
	BothNames ConditionNames = "both"

	// FirstNames shows Ready and Available.
	FirstNames ConditionNames = "first"

	// NewerNames shows Reconciled and LastKnownReconciled.
	NewerNames ConditionNames = "newer"
)

// String implements flag.Value.
func (n *ConditionNames) String() string {
	if n == nil || *n == "" {
		return string(BothNames)
	}
	return string(*n)
}

// Set implements flag.Value.
func (n *ConditionNames) Set(value string) error {
	switch ConditionNames(value) {
	case BothNames, FirstNames, NewerNames:
		*n = ConditionNames(value)
		return nil
	}
	return fmt.Errorf("%q is none of %s, %s, %s", value, FirstNames, NewerNames, BothNames)
}

// newerNames are the newer names of conditions.
var newerNames = map[string]string{
	v1.ReadyCondition:     v1.ReconciledCondition,
	v1.AvailableCondition: v1.LastKnownReconciledCondition,
}

// newerReasons maps the reasons of Ready and Available to the reasons of the newer names.
// A reason that is not in the map is used under both names.
var newerReasons = map[string]map[string]string{
	v1.ReadyCondition: {
		v1.ResourceReadyReason:       v1.ReconciledAllReason,
		v1.AwaitingAdaptersReason:    v1.ReconciledMissingAdaptersReason,
		v1.AdaptersNotReadyReason:    v1.ReconciledMissingAdaptersReason,
		v1.FinalizingReason:          v1.ReconciledMissingAdaptersReason,
		v1.WaitingForNodePoolsReason: v1.ReconciledWaitingForChildrenReason,
	},
	v1.AvailableCondition: {
		v1.ResourceAvailableReason:   v1.AllAdaptersReconciledReason,
		v1.AdaptersUnavailableReason: v1.AdapterReportedNotAvailableReason,
		v1.AwaitingAdaptersReason:    v1.AdaptersMissingReportsReason,
	},
}

// show returns Available and Ready under the selected names. The first two conditions
// decide status.available and status.ready.
func (n ConditionNames) show(available, ready v1.ResourceCondition, required []adapter) []v1.ResourceCondition {
	newerAvailable := newer(available)
	if available.Reason == v1.AwaitingAdaptersReason && allHaveResults(required) {
		newerAvailable.Reason = v1.AdaptersNotAtSameGenerationReason
	}
	switch n {
	case FirstNames:
		return []v1.ResourceCondition{available, ready}
	case NewerNames:
		return []v1.ResourceCondition{newerAvailable, newer(ready)}
	default:
		return []v1.ResourceCondition{available, ready, newerAvailable, newer(ready)}
	}
}

// newer returns the condition under its newer name.
func newer(c v1.ResourceCondition) v1.ResourceCondition {
	if reason, ok := newerReasons[c.Type][c.Reason]; ok {
		c.Reason = reason
	}
	c.Type = newerNames[c.Type]
	return c
}

func allHaveResults(required []adapter) bool {
	return !slices.ContainsFunc(required, func(a adapter) bool { return a.result == nil })
}

// ReadyOf returns the condition Ready, under the name with which it is stored, or nil.
func ReadyOf(conditions []v1.ResourceCondition) *v1.ResourceCondition {
	return findAny(conditions, v1.ReadyCondition)
}

// AvailableOf returns the condition Available, under the name with which it is stored, or
// nil.
func AvailableOf(conditions []v1.ResourceCondition) *v1.ResourceCondition {
	return findAny(conditions, v1.AvailableCondition)
}

func findAny(conditions []v1.ResourceCondition, conditionType string) *v1.ResourceCondition {
	if c := v1.FindCondition(conditions, conditionType); c != nil {
		return c
	}
	return v1.FindCondition(conditions, newerNames[conditionType])
}
