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
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var statuses = []metav1.ConditionStatus{
	metav1.ConditionTrue, metav1.ConditionTrue, metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown,
}

// newReport returns a report on the latest known generation, or on an older or future
// one, and sometimes an out-of-date report.
func (w *workload) newReport(random *rand.Rand, on *resource) *report {
	names := adaptersOf(on.kind)
	on.mu.Lock()
	generation, _ := on.generations(time.Now(), time.Now())
	on.mu.Unlock()
	var ago time.Duration
	switch random.IntN(12) {
	case 0:
		generation++
	case 1:
		generation = max(1, generation-1)
	case 2:
		ago = time.Duration(random.IntN(20000)) * time.Millisecond
	}
	return w.begin(on, &report{
		adapter:    names[random.IntN(len(names))],
		generation: generation,
		observed:   w.observedNow(ago),
		available:  statuses[random.IntN(len(statuses))],
	})
}

// begin records a report that is about to be sent.
func (w *workload) begin(on *resource, r *report) *report {
	on.mu.Lock()
	defer on.mu.Unlock()
	r.start = time.Now()
	on.reports = append(on.reports, r)
	return r
}

// reason distinguishes reports in answers that show only conditions.
func (r *report) reason() string { return fmt.Sprintf("R%d", r.observed.UnixNano()) }

// conditions returns the conditions of a report, for both doors.
func (r *report) conditions() []map[string]any {
	conditions := []map[string]any{
		{"type": "Available", "status": r.available, "reason": r.reason(), "message": "reported by an adapter"},
		{"type": "Applied", "status": "True"},
	}
	if r.finalized != "" {
		conditions = append(conditions, map[string]any{"type": v1.FinalizedCondition, "status": r.finalized, "reason": r.reason()})
	}
	return conditions
}

// body returns the report as REST clients send it.
func (r *report) body() string {
	body, _ := json.Marshal(map[string]any{
		"adapter": r.adapter, "observed_generation": r.generation, "observed_time": r.observed,
		"conditions": r.conditions(), "data": map[string]string{"reason": r.reason()},
	})
	return string(body)
}

// object returns the AdapterStatus of a report.
func (r *report) object(on *resource, uid types.UID) map[string]any {
	return map[string]any{
		"apiVersion": v1.GroupVersion.String(), "kind": "AdapterStatus",
		"metadata": map[string]any{"name": v1.AdapterStatusName(on.name, r.adapter), "namespace": metav1.NamespaceDefault},
		"spec": map[string]any{
			"resourceRef": map[string]any{"kind": on.kind, "name": on.name, "uid": uid},
			"adapter":     r.adapter, "observedGeneration": r.generation, "observedTime": r.observed.Format(time.RFC3339Nano),
			"conditions": r.conditions(),
		},
	}
}

// report sends a report over REST, in one of the dialects.
func (w *workload) report(random *rand.Rand, on *resource, r *report) {
	method := []string{http.MethodPost, http.MethodPut}[random.IntN(2)]
	through := w.anyReplica(random)
	what := fmt.Sprintf("report of %s (%s) on %s", r.adapter, r.at(), on)
	a := through.call(method, on.href()+"/statuses", r.body())
	switch {
	case w.unavailable(through, a, what):
		w.settle(on, &r.deed, unknown, "report")
	case a.status == http.StatusCreated:
		on.mu.Lock()
		r.via, r.visible = through, isShown(through, a)
		on.mu.Unlock()
		w.settle(on, &r.deed, done, "report")
	case a.status == http.StatusNoContent:
		w.settle(on, &r.deed, discarded, "report")
	case a.status == http.StatusNotFound:
		w.settle(on, &r.deed, refused, "report")
		w.checkNotFound(through, on, a, what)
	case a.status == http.StatusConflict:
		w.settle(on, &r.deed, refused, "report")
		w.count("report conflicts")
	default:
		w.wrong("%s through %s: %s", what, through.name, a)
	}
}

// checkNotFound checks an answer that a resource does not exist, and records its end.
func (w *workload) checkNotFound(through *replica, r *resource, a answer, what string) {
	if why := r.whyNotGone(a.end); why != "" {
		w.wrong("%s through %s: %s: %s", what, through.name, why, a)
		return
	}
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
}

// apply reports like an adapter that writes AdapterStatus objects.
func (w *workload) apply(on *resource, r *report) {
	ctx, cancel := direct()
	defer cancel()
	_, uid := on.identity()
	body, _ := json.Marshal(r.object(on, uid))
	object := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: v1.AdapterStatusName(on.name, r.adapter), Namespace: metav1.NamespaceDefault}}
	err := w.stack.admin.Patch(ctx, object, client.RawPatch(types.ApplyPatchType, body), client.FieldOwner(r.adapter), client.ForceOwnership)
	switch {
	case err == nil:
		w.settle(on, &r.deed, done, "direct report")
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), "immutable"):
		// A report on a predecessor still exists. If that report has a higher generation or a
		// later time, the error also says that this one is stale.
		w.settle(on, &r.deed, refused, "direct report")
	case apierrors.IsInvalid(err) && strings.Contains(err.Error(), v1.StaleReportMessage):
		w.settle(on, &r.deed, discarded, "direct report")
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		w.wrong("direct report of %s on %s: %v", r.adapter, on, err)
	default:
		w.settle(on, &r.deed, unknown, "direct report")
	}
}
