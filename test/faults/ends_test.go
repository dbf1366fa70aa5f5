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
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// mayGo reports whether the resource can have been under deletion, or removed, at a
// moment. The caller does not hold r.mu.
func (r *resource) mayGo(moment time.Time) bool {
	r.mu.Lock()
	may := slices.ContainsFunc(r.deletes, func(d *deed) bool { return d.mayPrecede(moment) })
	r.mu.Unlock()
	return may || r.parent != nil && r.parent.mayGo(moment)
}

// mustGo reports whether an answer to a client confirmed that the resource is deleted.
func (r *resource) mustGo() bool {
	r.mu.Lock()
	must := slices.ContainsFunc(r.deletes, func(d *deed) bool { return d.verdict == done })
	r.mu.Unlock()
	return must || r.parent != nil && r.parent.mustGo()
}

// isDeletedBy reports whether an answer to a client confirmed before a moment that the
// resource itself is deleted. The NodePools of a deleted Cluster are deleted after it.
func (r *resource) isDeletedBy(moment time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.deletes, func(d *deed) bool { return d.precedes(moment) })
}

// mayBeForced reports whether a client may have forced the deletion, without the
// adapters' consent, before a moment.
func (r *resource) mayBeForced(moment time.Time) bool {
	r.mu.Lock()
	may := slices.ContainsFunc(r.forced, func(d *deed) bool { return d.mayPrecede(moment) })
	r.mu.Unlock()
	return may || r.parent != nil && r.parent.mayBeForced(moment)
}

// mayLoseReports reports whether the reports on the resource may be gone before it at a
// generation: once its adapters have consented to its deletion, or a client has forced it,
// the reports are deleted first. A manager can still write the conditions that follow from
// the reports that are left, because its copy of another resource is older: of the Cluster
// whose force applies to a NodePool, or of a removed NodePool that a Cluster waited for.
func (r *resource) mayLoseReports(deleted bool, generation int64) bool {
	const atDeletion = 2 // at least: deletion raises the generation
	return deleted && r.whyNotRemoved(atDeletion, generation) == ""
}

// whyNotGone returns why the resource cannot have been removed by a moment, "" if it can.
func (r *resource) whyNotGone(moment time.Time) string {
	if !r.mayGo(moment) {
		return "no client has deleted it"
	}
	return r.unfinished(moment, r.consents(moment))
}

// whyNotRemoved returns why the resource cannot have been removed between two moments of
// its life: at one generation from its deletion on, every finalizing adapter must have
// consented. It is "" if the resource can have been removed.
func (r *resource) whyNotRemoved(atDeletion, atRemoval int64) string {
	now := time.Now()
	if !r.mayGo(now) {
		return "no client has deleted it"
	}
	all := r.consents(now)
	var why []string
	for generation := atDeletion; generation <= atRemoval; generation++ {
		missing := r.unfinished(now, slices.DeleteFunc(slices.Clone(all), func(one *report) bool { return one.generation != generation }))
		if missing == "" {
			return ""
		}
		why = append(why, fmt.Sprintf("at generation %d %s", generation, missing))
	}
	return strings.Join(why, ", ")
}

// consents returns the reports with Finalized=True that can have been stored at a moment.
func (r *resource) consents(moment time.Time) []*report {
	r.mu.Lock()
	defer r.mu.Unlock()
	var consents []*report
	for _, one := range r.reports {
		if one.finalized == metav1.ConditionTrue && one.verdict != discarded && one.mayPrecede(moment) {
			consents = append(consents, one)
		}
	}
	return consents
}

// unfinished names the finalizing adapters that are not among the consents.
func (r *resource) unfinished(moment time.Time, consents []*report) string {
	if r.mayBeForced(moment) {
		return ""
	}
	var missing []string
	for _, adapter := range finalizing[r.kind] {
		if !slices.ContainsFunc(consents, func(one *report) bool { return one.adapter == adapter }) {
			missing = append(missing, adapter)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return strings.Join(missing, " and ") + " has not finalized"
}

// checkOrder checks that NodePools were removed before their Cluster. A NodePool that was
// created during its Cluster's deletion may be removed last, and force-deletes keep no
// order.
func (w *workload) checkOrder() []string {
	var faults []string
	for _, pool := range w.all() {
		if pool.parent == nil || pool.mayBeForced(time.Now()) || pool.arrivedLate() {
			continue
		}
		if first, last := pool.removal(), pool.parent.removal(); first > last && last > 0 {
			faults = append(faults, fmt.Sprintf("%s was removed at %d, after its cluster at %d", pool, first, last))
		}
	}
	return faults
}

// removal returns the resourceVersion at which the resource was removed, 0 if unknown.
func (r *resource) removal() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.removedAt
}

// arrivedLate reports whether a client may have deleted the NodePool's Cluster before the
// NodePool was created.
func (r *resource) arrivedLate() bool {
	r.mu.Lock()
	created := r.created
	r.mu.Unlock()
	return created.verdict != done || r.parent.mayGo(created.end)
}
