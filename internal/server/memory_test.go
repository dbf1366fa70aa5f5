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

package server

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// TestLimitMemory does not test the limit of a control group: TestMemoryLimit of the
// fault suite does.
func TestLimitMemory(t *testing.T) {
	t.Setenv("GOGC", "100")
	for _, variable := range []string{"GOMEMLIMIT", "AUTOMEMLIMIT"} { // which take precedence
		t.Setenv(variable, "") // restores it after the test
		if err := os.Unsetenv(variable); err != nil {
			t.Fatal(err)
		}
	}
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	available, err := availableMemory()
	if err != nil {
		t.Fatal(err)
	}
	if machine, err := memlimit.FromSystem(); err != nil || available == 0 || available > machine {
		t.Errorf("%d of %d bytes are available: %v", available, machine, err)
	}
	if _, err := LimitMemory(); err != nil {
		t.Fatal(err)
	}
	if limit := debug.SetMemoryLimit(-1); limit != int64(float64(available)*limitShare) {
		t.Errorf("the limit is %d bytes, %d are available", limit, available)
	}
	t.Setenv("GOMEMLIMIT", "4GiB")
	debug.SetMemoryLimit(4 << 30) // as the runtime does
	if _, err := LimitMemory(); err != nil {
		t.Fatal(err)
	}
	if limit := debug.SetMemoryLimit(-1); limit != 4<<30 {
		t.Errorf("the limit is %d bytes, GOMEMLIMIT says 4 GiB", limit)
	}
}

// adapting is the Memory of TestMemoryAdapts. It continues to adapt after the test, so a
// second run must not have another one.
var adapting Memory

// TestMemoryAdapts collects garbage.
func TestMemoryAdapts(t *testing.T) {
	before := debug.SetGCPercent(100)
	m := &adapting
	t.Cleanup(func() {
		m.percent.Store(int64(before))
		runtime.GC()
		debug.SetGCPercent(before)
	})
	m.percent.Store(loadingPercent)
	m.adapt()
	want := func(percent uint64) {
		t.Helper()
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		// The cleanup of an earlier collection may still set the earlier percentage, and
		// then waits for the next collection.
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			runtime.GC()
			if metrics.Read(sample); sample[0].Value.Uint64() == percent {
				return
			}
		}
		t.Errorf("the heap may grow by %d %%, want %d", sample[0].Value.Uint64(), percent)
	}
	want(loadingPercent)
	m.Relax()
	want(servingPercent)
	m.percent.Store(servingPercent + 1)
	want(servingPercent + 1)
}

func TestGrowthOfHeap(t *testing.T) {
	const mib = 1 << 20
	m := &Memory{minGrowth: 512 * mib}
	for name, test := range map[string]struct {
		base int64
		now  heap
		want int
	}{
		"at the start":          {loadingPercent, heap{}, 12800},
		"a small heap":          {loadingPercent, heap{live: 60 * mib, roots: 4 * mib}, 800},
		"a large heap, loading": {loadingPercent, heap{live: 2048 * mib}, loadingPercent},
		"a large heap, serving": {servingPercent, heap{live: 2048 * mib}, servingPercent},
		"a heap in between":     {servingPercent, heap{live: 128 * mib}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			m.percent.Store(test.base)
			if got := m.percentOf(test.now); got != test.want {
				t.Errorf("percentOf() = %d, want %d", got, test.want)
			}
		})
	}
}

func TestIsWorthTrimming(t *testing.T) {
	const mib = 1 << 20
	before := heap{allocated: 9000 * mib, live: 1000 * mib, mapped: 4000 * mib}
	for name, test := range map[string]struct {
		now  heap
		want bool
	}{
		"idle, and far more memory than in use": {heap{allocated: 9100 * mib, live: 1000 * mib, mapped: 4000 * mib}, true},
		"busy":                                  {heap{allocated: 10500 * mib, live: 1000 * mib, mapped: 4000 * mib}, false},
		"idle, and little to gain":              {heap{allocated: 9100 * mib, live: 1000 * mib, mapped: 1500 * mib}, false},
		"a small process":                       {heap{allocated: 9001 * mib, live: 50 * mib, mapped: 130 * mib}, false},
		"a small process that was busy before":  {heap{allocated: 9200 * mib, live: 50 * mib, mapped: 600 * mib}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.now.isWorthTrimming(before); got != test.want {
				t.Errorf("isWorthTrimming() = %v", got)
			}
		})
	}
}

// TestReadHeap allocates and keeps memory.
func TestReadHeap(t *testing.T) {
	before := readHeap()
	kept := make([]byte, 100<<20)
	debug.FreeOSMemory()
	after := readHeap()
	if after.allocated-before.allocated < 100<<20 || after.live < 100<<20 || after.mapped < after.live {
		t.Errorf("before %+v, after %+v", before, after)
	}
	runtime.KeepAlive(kept)
}
