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
	"bytes"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// longAway is longer than any timeout for filling the caches of a manager.
const longAway = 150 * time.Second

// TestOutageAtStart kills the API server when one manager has just become ready, and
// another one still reads the fleet. However long the API server is away, both wait for
// it, and serve and write again after it has returned.
func TestOutageAtStart(t *testing.T) {
	onlyLong(t)
	s := newOpenStack(t) // no manager ends because it cannot renew a lease
	size := s.fillFleet(t)
	fast, slow := s.replicas[0], s.replicas[1]
	s.startSlowly(t, slow, size, 2*time.Minute)
	fast.kill(t)
	fast.release()
	eventually(t, "the manager starts again", fast.isUp)
	fast.waitReady(t)
	s.kill(t, s.plane.APIServer())
	if slow.logged(t, "Replaced all rows") == 3 {
		t.Fatal("the slow manager has read the fleet: the test shows nothing")
	}
	processes := map[*replica]*process.Process{fast: fast.current(), slow: slow.current()}
	time.Sleep(longAway)
	slow.proxy.setRate(0)
	s.startAPIServer(t)
	for r, was := range processes {
		r.waitReady(t)
		if r.current() != was {
			t.Errorf("%s has ended while the API server was away", r.name)
		}
	}
	w := newWorkload(s, newLedger(t), "after", 8)
	w.work(t)
}

// TestSlowLoading starts a manager that takes long to read the fleet. It becomes ready
// without a restart, however long that takes, and reads the fleet once.
func TestSlowLoading(t *testing.T) {
	onlyLong(t)
	const loading = 12 * time.Second // watches once ended after 5 seconds
	s := newOpenStack(t)
	size := s.fillFleet(t)
	slow := s.replicas[1]
	began := time.Now()
	s.startSlowly(t, slow, size, loading)
	slow.waitReady(t)
	took := time.Since(began)
	t.Logf("%s is ready after %s", slow.name, took.Round(100*time.Millisecond))
	if took < loading {
		t.Errorf("%s was ready after %s: the network was not slow", slow.name, took)
	}
	if n := slow.logged(t, "Replaced all rows"); n != 3 {
		t.Errorf("%s has read %d collections, want each of the 3 once", slow.name, n)
	}
}

// fillFleet creates clusters, and returns their size in bytes.
func (s *stack) fillFleet(t *testing.T) int {
	t.Helper()
	const clusters, specSize = 200, 50 << 10
	spec := fmt.Appendf(nil, `{"text":%q}`, bytes.Repeat([]byte("x"), specSize))
	many(t, clusters, func(i int) error {
		cluster := burstCluster(i)
		cluster.Spec = runtime.RawExtension{Raw: spec}
		return s.admin.Create(t.Context(), cluster)
	})
	s.waitTotals(t, map[string]int{"": clusters})
	return clusters * specSize
}

// startSlowly restarts a replica so that it takes at least the time loading to read a
// fleet of the given size.
func (s *stack) startSlowly(t *testing.T, r *replica, size int, loading time.Duration) {
	t.Helper()
	r.kill(t)
	r.proxy.setRate(size / int(loading/time.Second))
	r.release()
	eventually(t, r.name+" starts again", r.isUp)
}
