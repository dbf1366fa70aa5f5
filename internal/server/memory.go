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
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// loadingPercent and servingPercent are how far the heap may grow between two
	// collections, as a percentage of the live heap. Go's default is 100. While the
	// server loads a fleet, everything that it allocates early stays, and a large heap
	// would be several times the fleet. Later, a collection costs less if it is rarer:
	// with the default, it takes a sixth of the CPU time.
	loadingPercent = 50
	servingPercent = 200
	// minGrowthShare is the share of the available memory by which the heap may grow in
	// any case, up to maxMinGrowth bytes: while the live heap is small, collections
	// would be frequent and save little memory.
	minGrowthShare = 1. / 32
	maxMinGrowth   = 512 << 20
)

// limitShare is the share of the available memory above which Go collects more often. The
// rest is for memory outside of the Go heap, such as etcd's file mapping.
const limitShare = 0.75

// A Memory adapts garbage collection to the memory of the machine or of the process's
// control group, and to the live heap.
type Memory struct {
	minGrowth float64 // in bytes
	percent   atomic.Int64
}

// LimitMemory starts to adapt garbage collection. The variables GOGC and GOMEMLIMIT take
// precedence.
func LimitMemory() (*Memory, error) {
	m := &Memory{}
	m.percent.Store(loadingPercent)
	available, err := availableMemory()
	m.minGrowth = min(float64(available)*minGrowthShare, maxMinGrowth) // 0 after an error
	if os.Getenv("GOGC") == "" {
		m.adapt()
	}
	if err != nil {
		return m, err
	}
	_, err = memlimit.Set(memlimit.WithProvider(availableMemory), memlimit.WithRatio(limitShare))
	return m, err
}

// Relax lets the heap grow further from the next collection on, because the fleet is
// loaded.
func (m *Memory) Relax() { m.percent.Store(servingPercent) }

// adapt sets the growth of the heap now and after each collection.
func (m *Memory) adapt() {
	debug.SetGCPercent(m.percentOf(readHeap()))
	// Nothing refers to the object, so the next collection calls adapt.
	runtime.AddCleanup(new([64]byte), (*Memory).adapt, m)
}

// minHeap is the size below which Go collects no garbage with GOGC=100. It is proportional
// to GOGC.
const minHeap = 4 << 20

// percentOf returns the growth of a heap as Go defines it: as a percentage of what a
// collection starts from, the live heap and the roots.
func (m *Memory) percentOf(h heap) int {
	return int(max(float64(m.percent.Load()), 100*m.minGrowth/float64(max(h.live+h.roots, minHeap))))
}

// availableMemory returns the memory of the machine, in bytes, or the limit of the process's
// control group if that is lower.
func availableMemory() (uint64, error) {
	machine, err := memlimit.FromSystem()
	group, groupErr := memlimit.FromCgroup() // also an error if there is no limit
	if groupErr == nil && (err != nil || group < machine) {
		return group, nil
	}
	return machine, err
}

// trimInterval is the time between two checks of the heap.
const trimInterval = time.Minute

// TrimMemory returns memory to the operating system while the process is idle, until the
// context ends. Loading a large fleet leaves several times the memory of its live
// objects, which Go would keep for the next load.
func TrimMemory(ctx context.Context) {
	ticker := time.NewTicker(trimInterval)
	defer ticker.Stop()
	for before := readHeap(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := readHeap()
		if now.isWorthTrimming(before) {
			debug.FreeOSMemory()
		}
		before = now
	}
}

// A heap is the state of the heap, in bytes.
type heap struct {
	allocated uint64 // since the start of the process
	live      uint64 // after the last collection
	roots     uint64 // stacks and global variables
	mapped    uint64 // what the operating system provides of the memory that Go manages
}

func readHeap() heap {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	return heap{allocated: value(0), live: value(1), mapped: value(2) - value(3), roots: value(4) + value(5)}
}

// idleAllocation is how many bytes a process with a small live heap may allocate between
// two checks and still be idle: it renews leases, and answers probes and scrapes of its
// metrics.
const idleAllocation = 256 << 20

// isWorthTrimming reports whether the process has been idle since an earlier state of the
// heap and has far more memory than it uses. Trimming costs one garbage collection, and
// later allocations must fault in their pages again.
func (h heap) isWorthTrimming(before heap) bool {
	idle := h.allocated-before.allocated < max(h.live, idleAllocation)
	return idle && h.mapped > h.live+h.live/2+64<<20
}
