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
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// read makes one read through one replica and checks the answer.
func (w *workload) read(random *rand.Rand, through *replica) {
	all := w.all()
	if len(all) == 0 {
		return
	}
	switch random.IntN(6) {
	case 0:
		w.readList(through, clustersPath, v1.ClusterKind)
	case 1:
		w.readList(through, nodePoolsPath, v1.NodePoolKind)
	case 2:
		w.readSearch(random, through)
	default:
		w.readOne(through, all[random.IntN(len(all))])
	}
}

// A floor is the oldest state of a resource that a reader may be shown.
type floor struct {
	exists bool
	view
}

// lag is how long after the acknowledgment of a write, by the API server or another
// replica, a replica may still show the state before it.
const lag = 15 * time.Second

// floor returns the oldest state that the replica may show from now on: writes
// that were acknowledged through it, writes that were acknowledged elsewhere some
// time ago, and what it has shown before.
func (r *resource) floor(through *replica) floor {
	late := time.Now().Add(-lag)
	expected := func(d *deed, via *replica, visible bool) bool {
		return d.verdict == done && (via == through && visible || d.end.Before(late))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.view(through)
	f := floor{view: view{generation: seen.generation, deleted: seen.deleted, gone: seen.gone, conditions: maps.Clone(seen.conditions)}}
	f.deleted = f.deleted || slices.ContainsFunc(r.deletes, func(d *deed) bool { return d.precedes(late) })
	f.exists = expected(&r.created, r.via, r.visible) || seen.generation > 0
	for _, report := range r.reports {
		if report.hasResult() && report.visible && expected(&report.deed, report.via, report.visible) {
			raise(f.conditions, report.adapter, report.at())
		}
	}
	return f
}

func raise(conditions map[string]at, adapter string, to at) {
	if to.compare(conditions[adapter]) > 0 {
		conditions[adapter] = to
	}
}

func (w *workload) readOne(through *replica, r *resource) *wire {
	id, _ := r.identity()
	if id == "" {
		return nil
	}
	path := clustersPath + "/" + id
	if r.kind == v1.NodePoolKind {
		path = nodePoolsPath + "/" + id
	}
	f := r.floor(through)
	a := through.call(http.MethodGet, path, "")
	what := "read of " + r.String()
	switch {
	case w.unavailable(through, a, what):
		w.count("reads unavailable")
	case a.status == http.StatusNotFound:
		w.count("reads of nothing")
		w.checkGone(through, r, f, a)
	case a.status == http.StatusOK:
		w.count("reads")
		if shown, ok := w.decode(through, a, what); ok {
			w.checkShown(through, r, f, shown, a.end)
			return &shown
		}
	default:
		w.wrong("%s through %s: %s", what, through.name, a)
	}
	return nil
}

// checkGone checks an answer that a resource does not exist.
func (w *workload) checkGone(through *replica, r *resource, f floor, a answer) {
	w.checkNotFound(through, r, a, fmt.Sprintf("read (it must exist: %t) of %s", f.exists, r))
	if f.exists {
		r.mu.Lock()
		r.view(through).gone = true
		r.mu.Unlock()
	}
}

// checkShown checks a resource that a replica shows.
func (w *workload) checkShown(through *replica, r *resource, f floor, shown wire, end time.Time) {
	id, _ := r.identity()
	if f.gone {
		w.wrong("%s exists again through %s", r, through.name)
	}
	if shown.ID != id || shown.Kind != r.kind || shown.Labels[markLabel] != r.mark {
		w.wrong("%s: %s shows another resource: %+v", r, through.name, shown)
	}
	if shown.Generation < f.generation {
		w.wrong("%s: %s shows generation %d after %d", r, through.name, shown.Generation, f.generation)
	}
	switch {
	case shown.DeletedTime == nil && f.deleted:
		w.wrong("%s: %s no longer shows its deletion", r, through.name)
	case shown.DeletedTime != nil && !r.mayGo(end):
		w.wrong("%s: %s shows a deletion that no client has requested", r, through.name)
	case shown.DeletedTime != nil:
		w.checkDeletedTime(through, r, shown)
	}
	for adapter, least := range f.conditions {
		if shows := shown.reportOf(adapter); shows.compare(least) < 0 && !r.wasAhead(adapter) && !r.mayLoseReports(shown.DeletedTime != nil, shown.Generation) {
			w.wrong("%s: %s shows the report of %s at %s, older than %s; at generation %d, with %s", r, through.name, adapter, shows, least,
				shown.Generation, r.history(adapter))
		}
	}
	if ready := shown.condition(v1.ReadyCondition); ready == nil {
		w.wrong("%s: %s shows no condition Ready", r, through.name)
	} else if ready.Status == "True" {
		w.checkReady(through, r, shown, end)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.view(through)
	seen.generation = max(seen.generation, shown.Generation)
	seen.deleted = seen.deleted || shown.DeletedTime != nil
	for _, adapter := range adaptersOf(r.kind) {
		raise(seen.conditions, adapter, shown.reportOf(adapter))
	}
}

// history describes all reports of an adapter, for a message.
func (r *resource) history(adapter string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var reports []string
	for _, one := range r.reports {
		if one.adapter == adapter {
			reports = append(reports, fmt.Sprintf("[%s %s %s direct:%t %s]", one.at(), one.available, one.verdict, one.via == nil, one.start.Format("05.000")))
		}
	}
	return strings.Join(reports, " ")
}

// wasAhead reports whether a report of the adapter can have been stored for a generation
// that the resource did not have. Until the resource has it, the adapter counts as not
// having reported. Only direct writes to the API server can store such a report.
func (r *resource) wasAhead(adapter string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.reports, func(one *report) bool {
		lowest, _ := r.generations(one.start, one.start)
		return one.adapter == adapter && one.via == nil && one.generation > lowest && one.verdict != discarded && one.verdict != refused
	})
}

// checkReady checks the evidence for Ready=True: each required adapter is shown as True
// at the generation that is shown, and has reported True before the answer ended.
func (w *workload) checkReady(through *replica, r *resource, shown wire, end time.Time) {
	if ready := shown.condition(v1.ReadyCondition); ready == nil || ready.ObservedGeneration != shown.Generation || shown.DeletedTime != nil {
		w.wrong("%s: %s shows Ready %+v at generation %d, deleted %v", r, through.name, ready, shown.Generation, shown.DeletedTime)
	}
	for _, adapter := range required[r.kind] {
		c := shown.condition(conditionOf(adapter))
		if c == nil || c.Status != "True" || c.ObservedGeneration != shown.Generation || !r.mayBeTrue(adapter, shown.Generation, end) {
			w.wrong("%s: %s shows Ready=True at generation %d, but for %s %+v, with %s", r, through.name, shown.Generation, adapter, c, r.history(adapter))
		}
	}
}

// mayBeTrue reports whether the adapter can have reported True at a generation before a
// moment.
func (r *resource) mayBeTrue(adapter string, generation int64, moment time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.reports, func(one *report) bool {
		return one.adapter == adapter && one.generation == generation && one.available == metav1.ConditionTrue &&
			one.verdict != discarded && one.mayPrecede(moment)
	})
}

func adaptersOf(kind string) []string { return append([]string{"extra"}, required[kind]...) }

// conditionOf returns the condition type of an adapter whose name is one word.
func conditionOf(adapter string) string {
	return strings.ToUpper(adapter[:1]) + adapter[1:] + v1.AdapterConditionSuffix
}

// reportOf returns the time of the report that an adapter's condition shows.
func (w wire) reportOf(adapter string) at {
	if c := w.condition(conditionOf(adapter)); c != nil {
		return at{c.ObservedGeneration, c.LastUpdatedTime.Time}
	}
	return at{}
}

func (w *workload) readList(through *replica, path, kind string) {
	floors := map[string]floor{}
	byMark := map[string]*resource{}
	for _, r := range w.all() {
		if r.kind == kind {
			floors[r.mark], byMark[r.mark] = r.floor(through), r
		}
	}
	list, ok := w.list(through, path, fmt.Sprintf("labels.%s='%s'", runLabel, w.run))
	if !ok {
		return
	}
	for _, shown := range list.Items {
		mark := shown.Labels[markLabel]
		f, known := floors[mark]
		if !known {
			if w.marked(mark) == nil {
				w.wrong("%s lists %s, which no client has created", through.name, mark)
			}
			continue
		}
		if id, _ := byMark[mark].identity(); id != "" {
			w.checkShown(through, byMark[mark], f, shown, time.Now())
		}
		delete(floors, mark)
	}
	for mark, f := range floors { // resources that are not in the list
		if r := byMark[mark]; f.exists && !f.gone && r.whyNotGone(time.Now()) != "" {
			w.wrong("%s is missing from the list of %s, which has %d", r, through.name, list.Total)
		}
	}
}

// readSearch searches for a status, and checks that every result has it.
func (w *workload) readSearch(random *rand.Rand, through *replica) {
	condition := []string{v1.ReadyCondition, v1.AvailableCondition, conditionOf("validator")}[random.IntN(3)]
	want := []string{"True", "False"}[random.IntN(2)]
	search := fmt.Sprintf("labels.%s='%s' and status.conditions.%s='%s'", runLabel, w.run, condition, want)
	list, ok := w.list(through, []string{clustersPath, nodePoolsPath}[random.IntN(2)], search)
	if !ok {
		return
	}
	for _, shown := range list.Items {
		if c := shown.condition(condition); c == nil || c.Status != want {
			w.wrong("%s finds by %s: %+v", through.name, search, shown)
		}
		if r := w.marked(shown.Labels[markLabel]); r != nil && condition == v1.ReadyCondition && want == "True" {
			w.checkReady(through, r, shown, time.Now())
		}
	}
}

// list reads a whole list, and checks that it is consistent.
func (w *workload) list(through *replica, path, search string) (wireList, bool) {
	a := through.call(http.MethodGet, path+"?pageSize=1000&search="+url.QueryEscape(search), "")
	var list wireList
	switch {
	case w.unavailable(through, a, "list"):
		w.count("reads unavailable")
		return list, false
	case a.status != http.StatusOK:
		w.wrong("list through %s: %s", through.name, a)
		return list, false
	}
	w.count("lists")
	if err := json.Unmarshal(a.body, &list); err != nil || list.Total != len(list.Items) || list.Size != len(list.Items) {
		w.wrong("list through %s: %v: total %d, size %d, %d items", through.name, err, list.Total, list.Size, len(list.Items))
		return list, false
	}
	return list, true
}
