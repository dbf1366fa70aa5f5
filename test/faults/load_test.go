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
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Clients: writers use all replicas, each reader uses one.
const (
	writers           = 8
	readersPerReplica = 2
)

// start starts clients that write and read until the caller calls stop, which waits for
// them.
func (w *workload) start(t *testing.T) (stop func()) {
	t.Helper()
	return w.startWith(t, w.write)
}

// startWith starts the clients, with writers that call write.
func (w *workload) startWith(t *testing.T, write func(*rand.Rand)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for i := range writers {
		random := rand.New(rand.NewPCG(*seed, uint64(i)))
		clients.Go(func() {
			for ctx.Err() == nil {
				write(random)
				pause(random)
			}
		})
	}
	for i, through := range w.stack.replicas {
		for j := range readersPerReplica {
			random := rand.New(rand.NewPCG(*seed, uint64(1000+10*i+j)))
			clients.Go(func() {
				for ctx.Err() == nil {
					w.read(random, through)
					pause(random)
				}
			})
		}
		if !w.stack.open {
			random := rand.New(rand.NewPCG(*seed, uint64(2000+i)))
			clients.Go(func() {
				for ctx.Err() == nil {
					w.trespass(random, through)
					pause(random)
				}
			})
		}
	}
	for _, kind := range []string{v1.ClusterKind, v1.NodePoolKind} {
		clients.Go(func() { w.observe(ctx, kind) })
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			clients.Wait()
		}
	}
	t.Cleanup(stop)
	return stop
}

// pause leaves the machine to the system under test for some time.
func pause(random *rand.Rand) { time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond) }

// progress waits until n more writes have been acknowledged.
func (w *workload) progress(t *testing.T, n int) {
	t.Helper()
	from := w.acknowledged()
	eventually(t, "clients write", func() bool { return w.acknowledged() >= from+n }, w.summary)
}

func (w *workload) acknowledged() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts["create done"] + w.counts["report done"]
}
