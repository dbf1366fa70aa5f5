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
	"sync/atomic"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	runLabel  = "run"  // label of everything that one test creates
	markLabel = "mark" // distinguishes resources of one name
)

// A slot is a name that Clusters have one after the other, and the names of their
// NodePools.
type slot struct {
	mu      sync.Mutex
	name    string
	current *resource // nil if none is known
	pools   map[string]*resource
}

// A workload is a set of clients that write and read at random, all with the same
// names.
type workload struct {
	*ledger
	stack *stack
	run   string
	slots []*slot
	marks atomic.Int64
	times atomic.Int64

	deletes bool // otherwise nothing is ever deleted
}

func newWorkload(s *stack, l *ledger, run string, names int) *workload {
	w := &workload{ledger: l, stack: s, run: run, deletes: true}
	for i := range names {
		w.slots = append(w.slots, &slot{name: fmt.Sprintf("%s-%02d", run, i), pools: map[string]*resource{}})
	}
	return w
}

// observedNow returns an observed time that no other report has.
func (w *workload) observedNow(ago time.Duration) time.Time {
	return time.Now().Add(-ago).Truncate(time.Microsecond).Add(time.Duration(w.times.Add(1)%1000) * time.Nanosecond).UTC()
}

func (w *workload) anyReplica(random *rand.Rand) *replica {
	return w.stack.replicas[random.IntN(len(w.stack.replicas))]
}

// write makes one random change.
func (w *workload) write(random *rand.Rand) {
	at := w.slots[random.IntN(len(w.slots))]
	at.mu.Lock()
	cluster := at.current
	var pools []*resource
	for _, name := range []string{"np1", "np2"} {
		if pool := at.pools[name]; pool != nil {
			pools = append(pools, pool)
		}
	}
	at.mu.Unlock()
	switch {
	case random.IntN(5) == 0, cluster == nil && random.IntN(2) == 0:
		w.finalizeAny(random)
		return
	case cluster == nil:
		w.createCluster(random, at)
		return
	}
	target := cluster
	if len(pools) > 0 && random.IntN(2) == 0 {
		target = pools[random.IntN(len(pools))]
	}
	switch n := random.IntN(100); {
	case n < 12 && len(pools) < 2:
		w.createNodePool(random, at, cluster)
	case n < 18:
		w.patch(target)
	case n < 24:
		w.patchOverREST(random, target)
	case n < 27 && w.deletes:
		w.deleteOneWay(random, at, target)
	case n < 40:
		w.apply(target, w.newReport(random, target))
	default:
		w.report(random, target, w.newReport(random, target))
	}
}

func (w *workload) newResource(kind, name string, parent *resource) *resource {
	r := &resource{kind: kind, name: name, parent: parent, mark: fmt.Sprintf("m%d", w.marks.Add(1))}
	r.created.start = time.Now()
	w.add(r)
	return r
}

func (w *workload) labels(r *resource) map[string]string {
	return map[string]string{runLabel: w.run, markLabel: r.mark}
}

func (w *workload) createCluster(random *rand.Rand, in *slot) {
	r := w.newResource(v1.ClusterKind, in.name, nil)
	if random.IntN(4) == 0 {
		w.createDirectly(r, in)
		return
	}
	body, _ := json.Marshal(map[string]any{"kind": "Cluster", "name": in.name, "spec": map[string]string{"n": r.mark}, "labels": w.labels(r)})
	w.post(w.anyReplica(random), clustersPath, string(body), r, in)
}

func (w *workload) createNodePool(random *rand.Rand, in *slot, cluster *resource) {
	name := "np1"
	in.mu.Lock()
	if in.pools[name] != nil {
		name = "np2"
	}
	in.mu.Unlock()
	r := w.newResource(v1.NodePoolKind, v1.NodePoolName(cluster.name, name), cluster)
	body, _ := json.Marshal(map[string]any{"kind": "NodePool", "name": name, "spec": map[string]string{"n": r.mark}, "labels": w.labels(r)})
	w.post(w.anyReplica(random), cluster.href()+"/nodepools", string(body), r, in)
}

// post creates a resource over REST.
func (w *workload) post(through *replica, path, body string, r *resource, in *slot) {
	what := "create of " + r.String()
	a := through.call(http.MethodPost, path, body)
	switch {
	case w.unavailable(through, a, what):
		w.settle(r, &r.created, unknown, "create")
	case a.status == http.StatusCreated:
		var made wire
		if err := json.Unmarshal(a.body, &made); err != nil {
			w.wrong("%s: %v: %s", what, err, a)
			return
		}
		uid, err := v1.UIDFromID(made.ID)
		if err != nil || made.Name == "" || made.Generation != 1 || made.Labels[markLabel] != r.mark {
			w.wrong("%s: %v: %s", what, err, a)
			return
		}
		w.checkPredecessors(r, a.end)
		r.identify(uid)
		r.mu.Lock()
		r.via, r.visible = through, isShown(through, a)
		r.mu.Unlock()
		w.settle(r, &r.created, done, "create")
		in.put(r)
	case a.status == http.StatusConflict:
		w.settle(r, &r.created, refused, "create")
		if !w.mayBeTaken(r) {
			w.wrong("%s: no resource of that name can exist: %s", what, a)
		}
		w.adopt(r, in)
	case a.status == http.StatusNotFound && r.parent != nil:
		w.settle(r, &r.created, refused, "create")
		if why := r.parent.whyNotGone(a.end); why != "" {
			w.wrong("%s through %s: of its cluster %s: %s", what, through.name, why, a)
		}
		in.drop(r.parent)
	default:
		w.wrong("%s through %s: %s", what, through.name, a)
	}
}

// isShown reports whether a write that succeeded must be visible to readers of the same
// replica. A replica waits for that, but not while its requests to the API server fail: it
// asks the API server what has become of a write that another one has replaced. The server
// contains its API server, so its outages count, too.
func isShown(through *replica, a answer) bool {
	return a.end.Sub(a.start) < writeVisibility-time.Second/2 && !through.outages.wasOut(a.start) && !through.unreachable.wasOut(a.start)
}

// checkPredecessors checks, when a resource was created, that each earlier resource of
// its name can have been removed.
func (w *workload) checkPredecessors(r *resource, moment time.Time) {
	for _, other := range w.all() {
		other.mu.Lock()
		before := other != r && other.kind == r.kind && other.name == r.name && other.created.precedes(r.created.start)
		other.mu.Unlock()
		if !before {
			continue
		}
		if why := other.whyNotGone(moment); why != "" {
			w.wrong("%s was created while %s is in its place: of that %s", r, other, why)
		}
	}
}

// mayBeTaken reports whether the name of r can belong to another resource, or to
// one under deletion.
func (w *workload) mayBeTaken(r *resource) bool {
	for _, other := range w.all() {
		if other == r || other.name != r.name {
			continue
		}
		other.mu.Lock()
		may := other.created.verdict != refused
		other.mu.Unlock()
		if may || other.parent != nil && other.parent.mayGo(time.Now()) {
			return true
		}
	}
	return r.parent != nil && r.parent.mayGo(time.Now())
}

func (in *slot) put(r *resource) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if r.kind == v1.ClusterKind {
		in.current, in.pools = r, map[string]*resource{}
	} else if in.current == r.parent {
		in.pools[v1.PoolName(r.name)] = r
	}
}

func (in *slot) drop(r *resource) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.current == r {
		in.current, in.pools = nil, map[string]*resource{}
	} else if name := v1.PoolName(r.name); in.pools[name] == r {
		delete(in.pools, name)
	}
}
