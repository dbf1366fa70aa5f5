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
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestFinalizing deletes many clusters, some of them with a NodePool, some by force and
// some while others change them, and kills the leader, or the server, while their adapters
// finalize.
func TestFinalizing(t *testing.T) {
	onlyLong(t)
	inBothShapes(t, manyFinalize)
}

func manyFinalize(t *testing.T, s *stack) {
	const clusters, attempts = 500, 50
	t.Logf("seed %d", *seed)
	w := newWorkload(s, newLedger(t), "many", clusters)
	many(t, clusters, func(i int) error {
		random := rand.New(rand.NewPCG(*seed, uint64(i)))
		// A single process refuses some of so many concurrent requests.
		for range attempts {
			if w.slots[i].current == nil {
				w.createCluster(random, w.slots[i])
			}
		}
		if w.slots[i].current == nil {
			return errors.New("it is not created")
		}
		if i%3 == 0 {
			w.createNodePool(random, w.slots[i], w.slots[i].current)
		}
		return nil
	})
	stop := w.startWith(t, w.finalizeAny)
	many(t, clusters, func(i int) error {
		random := rand.New(rand.NewPCG(*seed, uint64(clusters+i)))
		r := w.slots[i].current
		for range attempts {
			if !r.mustGo() && !r.hasEnded() {
				w.deleteOneWay(random, w.slots[i], r)
			}
		}
		if !r.mustGo() && !r.hasEnded() {
			return errors.New("it is not deleted")
		}
		return nil
	})
	half := func() bool { return len(w.leaving()) <= len(w.all())/2 }
	eventually(t, "half of the resources are gone", half, w.summary)
	leader := s.leader(t)
	leader.kill(t)
	t.Logf("%s is killed while %d of %d resources finalize", leader.name, len(w.leaving()), len(w.all()))
	if s.shape == besideAPIServer {
		s.leader(t)
	}
	leader.release()
	eventually(t, "all resources are gone", func() bool { return len(w.leaving()) == 0 }, w.summary)
	s.waitReady(t)
	stop()
	w.settled(t)
}

// hasEnded reports whether an answer to a client confirmed that the resource no longer
// exists.
func (r *resource) hasEnded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// leaving returns the resources that clients have deleted and whose end no client has
// seen.
func (w *workload) leaving() []*resource {
	return slices.DeleteFunc(w.all(), func(r *resource) bool {
		r.mu.Lock()
		settled := r.ended || r.id == ""
		r.mu.Unlock()
		return settled || !r.mayGo(time.Now())
	})
}

// finalizeAny makes one step of the finalization of one deleted resource.
func (w *workload) finalizeAny(random *rand.Rand) {
	if leaving := w.leaving(); len(leaving) > 0 {
		w.finalize(random, leaving[random.IntN(len(leaving))])
	}
}

// finalize makes one step of the finalization of a deleted resource: one of its adapters
// reads the resource, and reports on the generation that it reads. Sometimes the adapter
// has not finished yet, sometimes it repeats its report, and sometimes its report or the
// answer is lost, so that a later report repeats it.
func (w *workload) finalize(random *rand.Rand, on *resource) {
	shown := w.readOne(w.anyReplica(random), on)
	if shown == nil || shown.DeletedTime == nil {
		return
	}
	adapters := finalizing[on.kind]
	r := w.begin(on, &report{
		adapter:    adapters[random.IntN(len(adapters))],
		generation: shown.Generation,
		observed:   w.observedNow(0),
		available:  metav1.ConditionFalse,
		finalized:  metav1.ConditionTrue,
	})
	switch random.IntN(10) {
	case 0, 1: // not finished
		on.mu.Lock()
		r.finalized = metav1.ConditionFalse
		on.mu.Unlock()
		w.report(random, on, r)
	case 2: // lost on its way, or its answer on the way back
		w.anyReplica(random).lose(random, on.href()+"/statuses", r.body())
		w.settle(on, &r.deed, unknown, "lost report")
	case 3: // reported twice
		w.report(random, on, r)
		again := *r
		w.begin(on, &again)
		w.report(random, on, &again)
	case 4, 5:
		w.apply(on, r)
	default:
		w.report(random, on, r)
	}
}

// finish ends the deletions once the other clients have stopped: each of the suite's
// adapters that has not finalized at the stored generation does so now.
func (w *workload) finish(random *rand.Rand, s stored) {
	for _, on := range w.all() {
		o, exists := s.resources[on.mark]
		if !exists || o.GetDeletionTimestamp().IsZero() {
			continue
		}
		on.identify(o.GetUID())
		for _, adapter := range finalizing[on.kind] {
			if is, ok := s.reports[reportKey{o.GetUID(), adapter}]; ok && isFinalized(is, o.GetGeneration()) {
				continue
			}
			w.report(random, on, w.begin(on, &report{
				adapter: adapter, generation: o.GetGeneration(), observed: w.observedNow(0),
				available: metav1.ConditionFalse, finalized: metav1.ConditionTrue,
			}))
		}
	}
}

func isFinalized(report v1.AdapterStatus, generation int64) bool {
	return report.Spec.ObservedGeneration == generation && slices.ContainsFunc(report.Spec.Conditions, func(c v1.AdapterCondition) bool {
		return c.Type == v1.FinalizedCondition && c.Status == metav1.ConditionTrue
	})
}
