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
	"sync"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const forceDeletePath = "/force-delete"

// beginPatch records a change of the spec that is about to be sent. No two changes of a
// resource have the same value: the second change would not make a new generation.
func (r *resource) beginPatch() *patch {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &patch{value: fmt.Sprintf("%s-%d", r.mark, len(r.patches)+1)}
	p.start = time.Now()
	r.patches = append(r.patches, p)
	return p
}

// beginDelete records a deletion that is about to be requested.
func (r *resource) beginDelete() *deed {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := &deed{start: time.Now()}
	r.deletes = append(r.deletes, d)
	return d
}

// patchOverREST changes the spec with one of the formats of a PATCH.
func (w *workload) patchOverREST(random *rand.Rand, on *resource) {
	through := w.anyReplica(random)
	p := on.beginPatch()
	mediaType, body := "application/json", fmt.Sprintf(`{"spec":{"n":%q}}`, p.value)
	switch random.IntN(3) {
	case 0:
		mediaType = "application/merge-patch+json"
	case 1:
		mediaType, body = "application/json-patch+json", fmt.Sprintf(`[{"op":"replace","path":"/spec/n","value":%q}]`, p.value)
	}
	what := "PATCH of " + on.String()
	a := through.send(request{caller: editor, method: http.MethodPatch, path: on.href(), mediaType: mediaType, body: body})
	switch {
	case w.unavailable(through, a, what):
		w.settle(on, &p.deed, unknown, "PATCH")
	case a.status == http.StatusOK:
		w.settle(on, &p.deed, done, "PATCH")
		if shown, ok := w.decode(through, a, what); ok {
			w.checkChanged(through, on, shown, a, p.value)
		}
	case a.status == http.StatusNotFound:
		w.settle(on, &p.deed, refused, "PATCH")
		w.checkNotFound(through, on, a, what)
	case a.status == http.StatusConflict:
		w.settle(on, &p.deed, refused, "PATCH")
		if !on.mayGo(a.end) {
			w.wrong("%s through %s: no client has deleted it: %s", what, through.name, a)
		}
	default:
		w.wrong("%s through %s: %s", what, through.name, a)
	}
}

// checkChanged checks the answer to a change of the spec: it has the new spec, and no
// adapter has reported on its generation yet.
func (w *workload) checkChanged(through *replica, r *resource, shown wire, a answer, value string) {
	var spec struct {
		N string `json:"n"`
	}
	if err := json.Unmarshal(shown.Spec, &spec); err != nil || spec.N != value || shown.DeletedTime != nil {
		w.wrong("PATCH of %s through %s answers with another spec than %q: %v: %s", r, through.name, value, err, a)
	}
	if ready := shown.condition(v1.ReadyCondition); ready == nil || ready.Status == "True" {
		w.checkReady(through, r, shown, a.end)
	}
	if isShown(through, a) {
		r.mu.Lock()
		defer r.mu.Unlock()
		seen := r.view(through)
		seen.generation = max(seen.generation, shown.Generation)
	}
}

// deleteOneWay deletes a resource in one of the possible ways. Meanwhile, some clients
// change it, and some force its deletion without its adapters' consent.
func (w *workload) deleteOneWay(random *rand.Rand, in *slot, r *resource) {
	var rivals sync.WaitGroup
	if random.IntN(2) == 0 {
		rival := rand.New(rand.NewPCG(random.Uint64(), 0))
		rivals.Go(func() { w.patchOverREST(rival, r) })
	}
	if random.IntN(2) == 0 {
		w.delete(in, r)
	} else {
		w.deleteOverREST(random, in, r)
	}
	rivals.Wait()
	if random.IntN(4) == 0 {
		w.forceDelete(w.anyReplica(random), r)
	}
}

// deleteOverREST deletes the resource, sometimes with two concurrent requests.
func (w *workload) deleteOverREST(random *rand.Rand, in *slot, r *resource) {
	in.drop(r)
	var requests sync.WaitGroup
	for range 1 + random.IntN(2) {
		through := w.anyReplica(random)
		requests.Go(func() { w.requestDeletion(through, r) })
	}
	requests.Wait()
}

func (w *workload) requestDeletion(through *replica, r *resource) {
	d := r.beginDelete()
	what := "DELETE of " + r.String()
	a := through.call(http.MethodDelete, r.href(), "")
	switch {
	case w.unavailable(through, a, what):
		w.settle(r, d, unknown, "DELETE")
	case a.status == http.StatusAccepted:
		w.settle(r, d, done, "DELETE")
		if shown, ok := w.decode(through, a, what); ok {
			w.checkDeleted(through, r, shown, a)
		}
	case a.status == http.StatusNotFound:
		w.settle(r, d, refused, "DELETE")
		w.checkNotFound(through, r, a, what)
	default:
		w.wrong("%s through %s: %s", what, through.name, a)
	}
}

// checkDeleted checks the answer to a DELETE: the resource is being deleted, since the
// time that every answer states, and is not ready.
func (w *workload) checkDeleted(through *replica, r *resource, shown wire, a answer) {
	if shown.DeletedTime == nil {
		w.wrong("DELETE of %s through %s answers without deleted_time: %s", r, through.name, a)
		return
	}
	// If the resource is gone before the replica reads it again, the answer states the
	// replica's own time.
	if r.whyNotGone(a.end) != "" {
		w.checkDeletedTime(through, r, shown)
	}
	if ready := shown.condition(v1.ReadyCondition); ready == nil || ready.Status != "False" {
		w.wrong("DELETE of %s through %s answers with Ready %+v", r, through.name, ready)
	}
	if isShown(through, a) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.view(through).deleted = true
	}
}

// checkDeletedTime checks that every replica shows the same time of a deletion. If the
// deletion was requested while the server's clock was ahead, Kubernetes replaces the time
// when the resource is deleted again.
func (w *workload) checkDeletedTime(through *replica, r *resource, shown wire) {
	r.mu.Lock()
	if r.deletedTime.IsZero() || isFuture(r.deletedTime.Time) {
		r.deletedTime = *shown.DeletedTime
	}
	first := r.deletedTime
	r.mu.Unlock()
	if !shown.DeletedTime.Equal(first) && !isFuture(shown.DeletedTime.Time) {
		w.wrong("%s: %s shows deleted_time %s after %s", r, through.name, shown.DeletedTime, first)
	}
}

// isFuture reports whether a time is from a clock that was ahead.
func isFuture(moment time.Time) bool { return moment.After(time.Now().Add(time.Second)) }

// forceDelete forces the deletion of a resource without its adapters' consent.
func (w *workload) forceDelete(through *replica, r *resource) {
	d := &deed{start: time.Now()}
	r.mu.Lock()
	r.forced = append(r.forced, d)
	r.mu.Unlock()
	what := "force-delete of " + r.String()
	a := through.call(http.MethodPost, r.href()+forceDeletePath, `{"reason":"the suite decides so"}`)
	switch {
	case w.unavailable(through, a, what):
		w.settle(r, d, unknown, "force-delete")
	case a.status == http.StatusNoContent:
		w.settle(r, d, done, "force-delete")
		r.mu.Lock()
		r.ended, r.view(through).gone = true, true
		r.mu.Unlock()
	case a.status == http.StatusNotFound:
		w.settle(r, d, refused, "force-delete")
		w.checkNotFound(through, r, a, what)
	case a.status == http.StatusConflict: // it is not being deleted
		w.settle(r, d, refused, "force-delete")
		if r.isDeletedBy(d.start) {
			w.wrong("%s through %s: its deletion was acknowledged: %s", what, through.name, a)
		}
	default:
		w.wrong("%s through %s: %s", what, through.name, a)
	}
}

func (w *workload) decode(through *replica, a answer, what string) (shown wire, ok bool) {
	if err := json.Unmarshal(a.body, &shown); err != nil {
		w.wrong("%s through %s: %v: %s", what, through.name, err, a)
		return shown, false
	}
	return shown, true
}
