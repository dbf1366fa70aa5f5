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
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// stored is the content of the API server.
type stored struct {
	resources map[string]object // by mark
	reports   map[reportKey]v1.AdapterStatus
	strangers []string // objects that must not exist
}

type reportKey struct {
	resource types.UID
	adapter  string
}

// An object is a Cluster or NodePool.
type object interface {
	client.Object
	GetStatus() *v1.ResourceStatus
}

// settled waits, after the clients have stopped, until the system agrees with the ledger:
// first while deletions wait for their adapters, and then after the adapters have
// finalized.
func (w *workload) settled(t *testing.T) {
	t.Helper()
	w.converge(t, "settled", func(s stored) []string { return w.faults(s) })
	random := rand.New(rand.NewPCG(*seed, 3000))
	w.converge(t, "all deletions ended", func(s stored) []string {
		w.finish(random, s)
		return append(w.faults(s), w.checkEnded(s)...)
	})
}

// converge waits until a check of the stored objects finds no faults.
func (w *workload) converge(t *testing.T, what string, check func(stored) []string) {
	t.Helper()
	began := time.Now()
	for deadline := began.Add(limit); ; time.Sleep(200 * time.Millisecond) {
		s, err := w.stored(t)
		faults := []string{fmt.Sprint(err)}
		if err == nil {
			faults = check(s)
		}
		if len(faults) == 0 {
			break
		}
		if time.Now().After(deadline) {
			for _, fault := range faults[:min(len(faults), maxWrongs)] {
				t.Error(fault)
			}
			t.Fatalf("after %s without a client at work, %d errors are left: not %s", limit, len(faults), what)
		}
	}
	t.Logf("%s after %s: %s", what, time.Since(began).Round(100*time.Millisecond), w.summary())
}

func (w *workload) summary() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(w.counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", w.counts[what], what))
	}
	return fmt.Sprintf("%d resources; %s", len(w.resources), strings.Join(parts, ", "))
}

// operations returns the number of the clients' requests.
func (w *workload) operations() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, count := range w.counts {
		n += count
	}
	return n
}

func (w *workload) faults(s stored) []string {
	faults := slices.Clone(s.strangers)
	for _, r := range w.all() {
		o, exists := s.resources[r.mark]
		faults = append(faults, r.checkExists(o)...)
		if !exists {
			continue
		}
		r.identify(o.GetUID())
		faults = append(faults, r.checkSpec(o)...)
		if o.GetStatus().FinalizedGeneration == 0 { // otherwise the reports may be gone before it
			faults = append(faults, r.checkReports(s)...)
		}
		faults = append(faults, r.checkConditions(s)...)
	}
	for _, through := range w.stack.replicas {
		faults = append(faults, w.checkREST(through, s)...)
	}
	return faults
}

// stored reads every object of this run from the API server.
func (w *workload) stored(t *testing.T) (stored, error) {
	s := stored{resources: map[string]object{}, reports: map[reportKey]v1.AdapterStatus{}}
	ctx, cancel := withTimeout(t)
	defer cancel()
	of := client.MatchingLabels{runLabel: w.run}
	clusters, pools, reports := &v1.ClusterList{}, &v1.NodePoolList{}, &v1.AdapterStatusList{}
	if err := w.stack.admin.List(ctx, clusters, of); err != nil {
		return s, err
	}
	if err := w.stack.admin.List(ctx, pools, of); err != nil {
		return s, err
	}
	if err := w.stack.admin.List(ctx, reports); err != nil {
		return s, err
	}
	exist := map[types.UID]bool{}
	add := func(o object) {
		mark := o.GetLabels()[markLabel]
		exist[o.GetUID()] = true
		if w.marked(mark) == nil || s.resources[mark] != nil {
			s.strangers = append(s.strangers, fmt.Sprintf("%s has mark %s, which is not its own", o.GetName(), mark))
		}
		s.resources[mark] = o
	}
	for i := range clusters.Items {
		add(&clusters.Items[i])
	}
	for i := range pools.Items {
		add(&pools.Items[i])
	}
	for _, report := range reports.Items {
		ref := report.Spec.ResourceRef
		if !strings.HasPrefix(ref.Name, w.run+"-") {
			continue
		}
		if !exist[ref.UID] {
			s.strangers = append(s.strangers, fmt.Sprintf("report %s is about %s, which does not exist", report.Name, ref.UID))
		}
		s.reports[reportKey{ref.UID, report.Spec.Adapter}] = report
	}
	return s, nil
}

// checkExists compares the existence of the resource with the answers to clients.
func (r *resource) checkExists(o object) []string {
	exists := o != nil
	switch {
	case exists && r.mustGo() && o.GetDeletionTimestamp().IsZero():
		return []string{fmt.Sprintf("%s is not being deleted, but its deletion was acknowledged", r)}
	case exists && !r.mayGo(time.Now()) && !o.GetDeletionTimestamp().IsZero():
		return []string{fmt.Sprintf("%s is being deleted, but no client has asked for that", r)}
	case exists && r.created.verdict == refused:
		return []string{fmt.Sprintf("%s exists, but its creation was refused", r)}
	case !exists && r.created.verdict == done:
		if why := r.whyNotGone(time.Now()); why != "" {
			return []string{fmt.Sprintf("%s is lost: its creation was acknowledged, and %s", r, why)}
		}
	}
	return nil
}

// checkEnded checks that no deletion is left once all adapters have finalized.
func (w *workload) checkEnded(s stored) []string {
	faults := w.checkOrder()
	for mark, o := range s.resources {
		if o.GetDeletionTimestamp().IsZero() {
			continue
		}
		faults = append(faults, fmt.Sprintf("%s (%s) is still being deleted, with finalizers %q: %+v", o.GetName(), mark, o.GetFinalizers(),
			find(o.GetStatus().Conditions, v1.ReadyCondition)))
	}
	return faults
}

// checkSpec checks that the spec is one of those that can have been written last.
func (r *resource) checkSpec(o object) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var spec struct {
		N string `json:"n"`
	}
	if err := json.Unmarshal(freeForm(o), &spec); err != nil {
		return []string{fmt.Sprintf("%s: spec: %v", r, err)}
	}
	lowest, highest := r.generations(time.Now(), time.Now())
	if !o.GetDeletionTimestamp().IsZero() {
		lowest, highest = lowest+1, highest+1
	}
	var faults []string
	if g := o.GetGeneration(); g < lowest || g > highest {
		faults = append(faults, fmt.Sprintf("%s is at generation %d, want %d to %d", r, g, lowest, highest))
	}
	if !slices.Contains(r.lastSpecs(), spec.N) {
		faults = append(faults, fmt.Sprintf("%s has spec %q, want one of %q", r, spec.N, r.lastSpecs()))
	}
	return faults
}

// lastSpecs returns the values that can have been written last: no acknowledged
// patch followed them. The caller holds r.mu.
func (r *resource) lastSpecs() []string {
	var last []string
	followed := func(d *deed) bool {
		return d.verdict == done && slices.ContainsFunc(r.patches, func(p *patch) bool {
			return p.verdict == done && p.start.After(d.end)
		})
	}
	acknowledged := false
	for _, p := range r.patches {
		acknowledged = acknowledged || p.verdict == done
		if p.verdict != refused && !followed(&p.deed) {
			last = append(last, p.value)
		}
	}
	if !acknowledged {
		last = append(last, r.mark)
	}
	return last
}

func freeForm(o object) []byte {
	if cluster, ok := o.(*v1.Cluster); ok {
		return cluster.Spec.Raw
	}
	return o.(*v1.NodePool).Spec.Fields.Raw
}

// checkReports checks that the stored report of each adapter may be the newest,
// and that no report was discarded without a reason.
func (r *resource) checkReports(s stored) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var faults []string
	for _, adapter := range adaptersOf(r.kind) {
		var newest *report
		for _, one := range r.reports {
			if one.adapter == adapter && one.verdict == done && !r.mayBeAhead(one) && (newest == nil || one.at().compare(newest.at()) > 0) {
				newest = one
			}
		}
		is, exists := s.reports[reportKey{r.uid, adapter}]
		removed := newest != nil && r.mayBeRemoved(newest)
		if removed {
			faults = append(faults, r.checkKnown(adapter, s.resources[r.mark])...)
		}
		if !exists {
			if newest != nil && !removed {
				faults = append(faults, fmt.Sprintf("%s: the report of %s at %s is lost", r, adapter, newest.at()))
			}
			continue
		}
		found := at{is.Spec.ObservedGeneration, is.Spec.ObservedTime.Time}
		if newest != nil && !removed && found.compare(newest.at()) < 0 {
			faults = append(faults, fmt.Sprintf("%s: the report of %s has the time %s, older than the acknowledged one at %s", r, adapter, found, newest.at()))
		}
		if !slices.ContainsFunc(r.reports, func(one *report) bool {
			return one.adapter == adapter && one.at().compare(found) == 0 && (one.verdict == done || one.verdict == unknown) &&
				oracleReport(is).Reason == one.reason()
		}) {
			faults = append(faults, fmt.Sprintf("%s: the report of %s at %s was never accepted", r, adapter, found))
		}
	}
	for _, one := range r.reports {
		if one.verdict == discarded && !r.mayBeDiscarded(one) {
			faults = append(faults, fmt.Sprintf("%s: the report of %s at %s (%s) was discarded without a reason", r, one.adapter, one.at(), one.available))
		}
		if _, highest := r.generations(one.start, one.end); one.verdict == done && one.via != nil && one.generation > highest+r.deletions() {
			faults = append(faults, fmt.Sprintf("%s: the report of %s at %s was accepted, but the generation is %d", r, one.adapter, one.at(), highest))
		}
	}
	return faults
}

// mayBeRemoved reports whether a stored report may no longer exist: a report ahead of the
// resource may have replaced it, and HyperFleet removes such a report. The caller holds
// r.mu.
func (r *resource) mayBeRemoved(stored *report) bool {
	return slices.ContainsFunc(r.reports, func(one *report) bool {
		return one.adapter == stored.adapter && (one.verdict == done || one.verdict == unknown) && r.mayBeAhead(one) && one.at().compare(stored.at()) > 0
	})
}

// checkKnown checks that a result that was shown as known stays known, although its
// report may no longer exist. The caller holds r.mu.
func (r *resource) checkKnown(adapter string, o object) []string {
	if o == nil {
		return nil
	}
	var newest *report
	for _, one := range r.reports {
		if one.adapter == adapter && one.verdict == done && one.visible && one.hasResult() && (newest == nil || one.at().compare(newest.at()) > 0) {
			newest = one
		}
	}
	if newest == nil {
		return nil
	}
	c := find(o.GetStatus().Conditions, conditionOf(adapter))
	if c == nil || atOf(*c).compare(newest.at()) < 0 {
		return []string{fmt.Sprintf("%s: what %s reported at %s was known, and its condition is %+v", r, adapter, newest.at(), c)}
	}
	return nil
}

// mayBeAhead reports whether a report that an adapter wrote as an object may have been
// about a generation that the resource did not have. HyperFleet removes such a report
// unless the resource reaches that generation soon. The caller holds r.mu.
func (r *resource) mayBeAhead(one *report) bool {
	lowest, _ := r.generations(one.start, one.start)
	return one.via == nil && one.generation > lowest
}

// deletions returns by how much deletion can have raised the generation. The caller
// holds r.mu.
func (r *resource) deletions() int64 {
	if len(r.deletes) > 0 || r.parent != nil && r.parent.mayGo(time.Now()) {
		return 1
	}
	return 0
}

// mayBeDiscarded reports whether the report changes nothing: it is out of date, for a
// future generation, or about work in progress although a result is known. The caller
// holds r.mu.
func (r *resource) mayBeDiscarded(one *report) bool {
	if lowest, _ := r.generations(one.start, one.end); one.generation > lowest {
		return true
	}
	return slices.ContainsFunc(r.reports, func(other *report) bool {
		if other == one || other.adapter != one.adapter || other.verdict == discarded || !other.mayPrecede(one.end) {
			return false
		}
		return other.at().compare(one.at()) > 0 ||
			one.available == metav1.ConditionUnknown && one.finalized == "" && other.hasResult() && other.generation == one.generation
	})
}
