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

// longAway is longer than anything waits for the caches of a manager to fill.
const longAway = 150 * time.Second

// TestOutageAfterStart kills the API server as soon as a manager that has just started is
// ready. However long it is away, the manager waits for it, and serves and writes again
// when it is back.
func TestOutageAfterStart(t *testing.T) {
	if !*long {
		t.Skip("takes long: run it with -long, as make test-faults does")
	}
	s := newOpenStack(t) // no manager ends because it cannot renew a lease
	fresh := s.replicas[0]
	fresh.kill(t)
	fresh.release()
	eventually(t, "the manager starts again", fresh.isUp)
	fresh.waitReady(t)
	s.kill(t, s.plane.APIServer())
	processes := map[*replica]*process.Process{}
	for _, r := range s.replicas {
		processes[r] = r.current()
	}
	time.Sleep(longAway)
	s.startAPIServer(t)
	for _, r := range s.replicas {
		r.waitReady(t)
		if r.current() != processes[r] {
			t.Errorf("%s has ended while the API server was away", r.name)
		}
	}
	w := newWorkload(s, newLedger(t), "after", 8)
	w.work(t)
}

// TestSlowLoading starts a manager that needs long to read the fleet. It becomes ready by
// itself, however long that takes, and reads the fleet once.
func TestSlowLoading(t *testing.T) {
	if !*long {
		t.Skip("takes long: run it with -long, as make test-faults does")
	}
	const clusters, specSize, loading = 200, 50 << 10, 12 * time.Second
	s := newOpenStack(t)
	spec := fmt.Appendf(nil, `{"text":%q}`, bytes.Repeat([]byte("x"), specSize))
	many(t, clusters, func(i int) error {
		cluster := burstCluster(i)
		cluster.Spec = runtime.RawExtension{Raw: spec}
		return s.admin.Create(t.Context(), cluster)
	})
	s.waitTotals(t, map[string]int{"": clusters})

	slow := s.replicas[1]
	slow.kill(t)
	slow.proxy.setRate(clusters * specSize / int(loading/time.Second))
	began := time.Now()
	slow.release()
	eventually(t, "the manager starts again", slow.isUp)
	slow.waitReady(t)
	took := time.Since(began)
	t.Logf("%s is ready after %s", slow.name, took.Round(100*time.Millisecond))
	if took < loading {
		t.Errorf("%s was ready after %s: the network was not slow", slow.name, took)
	}
	if n := slow.logged(t, "Replaced all rows"); n != 3 {
		t.Errorf("%s has read %d collections, want each of the 3 once", slow.name, n)
	}
	s.waitTotals(t, map[string]int{"": clusters})
}
