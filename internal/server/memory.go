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
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// gcPercent lets the heap grow further between two collections than Go's default of 100:
// with the default, garbage collection takes a sixth of the CPU time. The memory limit
// keeps the larger heap within the memory of the machine.
const gcPercent = 200

// limitShare is the share of the available memory above which Go collects more often. The
// rest is for memory outside of the Go heap, such as etcd's file mapping.
const limitShare = 0.75

// LimitMemory adapts garbage collection to the memory of the machine or of the process's
// control group. The variables GOGC and GOMEMLIMIT take precedence.
func LimitMemory() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	_, err := memlimit.Set(memlimit.WithProvider(availableMemory), memlimit.WithRatio(limitShare))
	return err
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
	mapped    uint64 // what the operating system provides of the memory that Go manages
}

func readHeap() heap {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	return heap{allocated: value(0), live: value(1), mapped: value(2) - value(3)}
}

// isWorthTrimming reports whether the process has been idle since an earlier state of the
// heap and has far more memory than it uses. Trimming costs one garbage collection, and
// later allocations must fault in their pages again.
func (h heap) isWorthTrimming(before heap) bool {
	idle := h.allocated-before.allocated < h.live
	return idle && h.mapped > h.live+h.live/2+64<<20
}
