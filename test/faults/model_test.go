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
	"math/rand/v2"
	"testing"
	"time"
)

// TestModel causes faults at random moments while clients create, change, delete and
// report on the same few resources. It compares every resource with the ledger, which is
// the model.
func TestModel(t *testing.T) {
	if *long {
		inBothShapes(t, func(t *testing.T, s *stack) { model(t, s, *modelFor) })
		return
	}
	model(t, newStack(t, besideAPIServer), 15*time.Second)
}

func model(t *testing.T, s *stack, length time.Duration) {
	t.Logf("seed %d: run it again with -args -seed %d", *seed, *seed)
	w := newWorkload(s, newLedger(t), "model", 16)
	stop := w.start(t)
	random := rand.New(rand.NewPCG(*seed, 1<<32))
	struck := map[string]int{}
	count := 0
	for began := time.Now(); time.Since(began) < length; count++ {
		time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
		all := faults[s.shape]
		f := all[random.IntN(len(all))]
		for !f.model {
			f = all[random.IntN(len(all))]
		}
		f.strike(t, s, w)
		struck[f.name]++
		if random.IntN(2) == 0 { // otherwise the next fault would strike a system that has not recovered
			s.waitReady(t)
		}
	}
	s.waitReady(t)
	w.progress(t, 100)
	w.cover(t)
	stop()
	w.settled(t)
	t.Logf("%d faults (%v) and %d requests; each resource is as the model says: %s", count, struck, w.operations(), w.summary())
}

// cover waits until the clients have made every kind of request of the model, and a create
// has conflicted with a deleted resource that still had the name. What they draw depends
// on the seed, and how much they draw on the machine.
func (w *workload) cover(t *testing.T) {
	t.Helper()
	if !*long {
		return
	}
	for _, what := range []string{"create", "PATCH", "patch", "DELETE", "delete", "force-delete", "report", "direct report", "lost report"} {
		eventually(t, "some client makes a "+what, func() bool {
			return w.counted(what+" "+done.String())+w.counted(what+" "+unknown.String()) > 0
		}, w.summary)
	}
	eventually(t, "some name is taken", func() bool { return w.counted("create "+refused.String()) > 0 }, w.summary)
}
