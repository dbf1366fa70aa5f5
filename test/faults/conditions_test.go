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

package faults

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/test/oracle"
)

// checkConditions checks that the stored conditions follow from the stored reports. It
// computes them with the aggregation and with the oracle.
func (r *resource) checkConditions(s stored) []string {
	o := s.resources[r.mark]
	status := o.GetStatus()
	var reports []oracle.Report
	var inputs []aggregate.Report
	for _, adapter := range adaptersOf(r.kind) {
		if is, ok := s.reports[reportKey{o.GetUID(), adapter}]; ok {
			inputs = append(inputs, aggregate.ReportOf(&is))
			reports = append(reports, oracleReport(is))
		}
	}
	now := time.Now()
	var deleted time.Time
	var awaited, children []string
	if at := o.GetDeletionTimestamp(); at != nil {
		deleted, awaited, children = at.Time, finalizing[r.kind], s.poolsOf(o.GetUID())
	}
	if status.FinalizedGeneration > 0 { // it waits at most for a NodePool that arrived late
		awaited = nil
	}
	kept := aggregate.Kept(o.GetAnnotations(), status.Conditions)
	afresh := aggregate.Conditions(aggregate.Input{
		Kind: r.kind, Generation: o.GetGeneration(), Created: o.GetCreationTimestamp().Time, Updated: v1.UpdatedTime(o),
		Deleted: deleted, Finalizing: awaited, Children: children,
		Required: required[r.kind], Reports: inputs, Kept: kept, Confirmed: true, Previous: status.Conditions, Now: now,
	})
	judged := oracle.Conditions(oracle.Resource{
		Kind: r.kind, Generation: o.GetGeneration(), Created: o.GetCreationTimestamp().Time, Updated: v1.UpdatedTime(o),
		Deleted: deleted, Finalizing: awaited, Children: children,
		Required: required[r.kind], Kept: kept, Confirmed: true, Before: status.Conditions, Now: now,
	}, reports)
	var faults []string
	if diff := compare(afresh, status.Conditions); diff != "" {
		faults = append(faults, fmt.Sprintf("%s: conditions differ from a fresh aggregation (-want +got):\n%s", r, diff))
	}
	if diff := compare(judged, status.Conditions); diff != "" {
		faults = append(faults, fmt.Sprintf("%s: conditions differ from the oracle (-want +got):\n%s", r, diff))
	}
	if status.ObservedGeneration != o.GetGeneration() || status.ID != v1.ID(o.GetUID()) {
		faults = append(faults, fmt.Sprintf("%s: status is of generation %d and id %s", r, status.ObservedGeneration, status.ID))
	}
	return append(faults, r.checkHistory(status.Conditions)...)
}

func oracleReport(s v1.AdapterStatus) oracle.Report {
	report := oracle.Report{Adapter: s.Spec.Adapter, Generation: s.Spec.ObservedGeneration, Observed: s.Spec.ObservedTime.Time}
	for _, c := range s.Spec.Conditions {
		switch c.Type {
		case "Available":
			report.Available, report.Reason, report.Message, report.Changed = c.Status, c.Reason, c.Message, c.LastTransitionTime.Time
		case "Stalled":
			report.Stalled, report.StalledReason, report.StalledMessage = c.Status, c.Reason, c.Message
		case "Finalized":
			report.Finalized, report.FinalizedReason = c.Status, c.Reason
		}
	}
	return report
}

// poolsOf returns the names of the NodePools of a Cluster.
func (s stored) poolsOf(cluster types.UID) (names []string) {
	for _, o := range s.resources {
		if pool, ok := o.(*v1.NodePool); ok && pool.ClusterUID() == cluster {
			names = append(names, pool.PoolName())
		}
	}
	return names
}

func compare(want, got []v1.ResourceCondition) string {
	byType := func(a, b v1.ResourceCondition) int { return strings.Compare(a.Type, b.Type) }
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortFunc(want, byType)
	slices.SortFunc(got, byType)
	return cmp.Diff(want, got)
}

// checkHistory checks the parts of conditions that follow from earlier reports instead of
// the stored reports: there must have been such reports.
func (r *resource) checkHistory(conditions []v1.ResourceCondition) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var faults []string
	for _, c := range conditions {
		switch c.Type {
		case v1.ReadyCondition, v1.ReconciledCondition, v1.LastKnownReconciledCondition:
		case v1.AvailableCondition:
			if !r.mayHaveBeenAvailable(c) {
				faults = append(faults, fmt.Sprintf("%s: no accepted reports can have led to %+v", r, c))
			}
		default:
			if !slices.ContainsFunc(r.reports, func(one *report) bool {
				return conditionOf(one.adapter) == c.Type && (one.verdict == done || one.verdict == unknown) && one.available == c.Status &&
					one.at().compare(at{c.ObservedGeneration, c.LastUpdatedTime.Time}) == 0
			}) {
				faults = append(faults, fmt.Sprintf("%s: no accepted report can have led to %+v", r, c))
			}
		}
	}
	return faults
}

// mayHaveBeenAvailable reports whether accepted reports give Available this
// status at this generation. The caller holds r.mu.
func (r *resource) mayHaveBeenAvailable(c v1.ResourceCondition) bool {
	if c.ObservedGeneration == 0 {
		return c.Status == metav1.ConditionFalse
	}
	fitting := false
	for _, adapter := range required[r.kind] {
		reported, fits := false, false
		for _, one := range r.reports {
			if one.adapter == adapter && one.generation == c.ObservedGeneration && one.hasResult() && (one.verdict == done || one.verdict == unknown) {
				reported = true
				fits = fits || one.available == c.Status
			}
		}
		if !reported || c.Status == metav1.ConditionTrue && !fits {
			return false
		}
		fitting = fitting || fits
	}
	return fitting
}

// checkREST checks that a replica shows exactly the stored resource.
func (w *workload) checkREST(through *replica, s stored) []string {
	var faults []string
	shown := map[string]wire{}
	for _, path := range []string{clustersPath, nodePoolsPath} {
		list, ok := w.list(through, path, fmt.Sprintf("labels.%s='%s'", runLabel, w.run))
		if !ok {
			return []string{through.name + " does not list " + path}
		}
		for _, item := range list.Items {
			shown[item.Labels[markLabel]] = item
		}
	}
	for mark, item := range shown {
		if s.resources[mark] == nil {
			faults = append(faults, fmt.Sprintf("%s shows %s (%s), which does not exist", through.name, item.Name, mark))
		}
	}
	for mark, o := range s.resources {
		item, ok := shown[mark]
		if !ok {
			faults = append(faults, fmt.Sprintf("%s does not show %s (%s)", through.name, o.GetName(), mark))
			continue
		}
		if diff := cmp.Diff(wireOf(o), normal(item)); diff != "" {
			faults = append(faults, fmt.Sprintf("%s does not show %s (%s) as it is stored (-want +got):\n%s", through.name, o.GetName(), mark, diff))
		}
	}
	return faults
}

// wireOf returns the stored object as REST should show it.
func wireOf(o object) wire {
	name := o.GetName()
	w := wire{Kind: v1.ClusterKind, ID: v1.ID(o.GetUID()), Name: name, Generation: o.GetGeneration(), Labels: map[string]string{}, Spec: freeForm(o)}
	if pool, ok := o.(*v1.NodePool); ok {
		w.Kind, w.Name, w.Owner.ID = v1.NodePoolKind, pool.PoolName(), v1.ID(pool.ClusterUID())
	}
	if at := o.GetDeletionTimestamp(); at != nil {
		w.DeletedTime = new(v1.NewTimestamp(at.Time))
	}
	for key, value := range o.GetLabels() {
		if !strings.HasPrefix(key, v1.OwnPrefix) {
			w.Labels[key] = value
		}
	}
	for _, c := range o.GetStatus().Conditions {
		if c.Type == v1.ReadyCondition {
			c.ObservedGeneration = aggregate.ReportedGeneration(o.GetStatus().Conditions, required[w.Kind])
		}
		w.Status.Conditions = append(w.Status.Conditions, wireCondition{
			Type: c.Type, Status: string(c.Status), Reason: c.Reason, Message: c.Message, ObservedGeneration: c.ObservedGeneration,
			CreatedTime: c.CreatedTime, LastUpdatedTime: c.LastUpdatedTime, LastTransitionTime: c.LastTransitionTime,
		})
	}
	return normal(w)
}

// normal converts equivalent forms into one.
func normal(w wire) wire {
	var spec any
	if json.Unmarshal(w.Spec, &spec) == nil {
		w.Spec, _ = json.Marshal(spec)
	}
	slices.SortFunc(w.Status.Conditions, func(a, b wireCondition) int { return strings.Compare(a.Type, b.Type) })
	return w
}
