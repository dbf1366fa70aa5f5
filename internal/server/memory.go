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
	"runtime/debug"
	"strconv"
	"strings"
)

// gcPercent lets the heap grow further between two collections than Go's default of
// 100: with the default, collection is a sixth of the CPU. The memory limit keeps it
// from costing memory that the machine does not have.
const gcPercent = 200

// limitShare is the share of the available memory, in percent, above which Go collects
// more often. The rest is for memory that is no Go heap, such as etcd's file mapping.
const limitShare = 75

// LimitMemory fits the garbage collection to the machine, or to the limit of the
// container. The variables GOGC and GOMEMLIMIT take precedence.
func LimitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if available := availableMemory("/sys/fs/cgroup/memory.max", "/proc/meminfo"); os.Getenv("GOMEMLIMIT") == "" && available > 0 {
		debug.SetMemoryLimit(available / 100 * limitShare)
	}
}

// availableMemory returns the limit of the control group, else the machine's memory,
// in bytes. It is 0 if neither is known.
func availableMemory(limitFile, machineFile string) int64 {
	var bytes int64
	if content, err := os.ReadFile(machineFile); err == nil {
		for line := range strings.Lines(string(content)) {
			if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemTotal:" {
				if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
					bytes = kib << 10
				}
			}
		}
	}
	content, err := os.ReadFile(limitFile)
	if err != nil {
		return bytes
	}
	// The file says "max" where there is no limit.
	limit, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	if err != nil || bytes > 0 && limit > bytes {
		return bytes
	}
	return limit
}
