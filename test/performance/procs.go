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

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// generatorName is the name of this process in the figures.
const generatorName = "generator"

// ticksPerSecond is the unit of /proc/<pid>/stat on every architecture that Go
// runs on.
const ticksPerSecond = 100

// Usage is what a process used during a scenario.
type Usage struct {
	CPUSeconds float64 `json:"cpuSeconds"`
	// RSSBytes is the resident memory at the end.
	RSSBytes int64 `json:"rssBytes"`
}

// usages are usages by name of the process. CPU time counts from the start of the
// process.
type usages map[string]Usage

func readUsages(pids map[string]int) usages {
	all := usages{}
	for name, pid := range pids {
		if u, err := readUsage(pid); err == nil { // otherwise it has ended, which is detected elsewhere
			all[name] = u
		}
	}
	return all
}

// since returns the usage after an earlier measurement.
func (u usages) since(before usages) usages {
	taken := usages{}
	for name, now := range u {
		now.CPUSeconds -= before[name].CPUSeconds
		taken[name] = now
	}
	return taken
}

// add adds a later usage.
func (u usages) add(later usages) {
	for name, l := range later {
		l.CPUSeconds += u[name].CPUSeconds
		u[name] = l
	}
}

func (u usages) cpuSeconds(names ...string) float64 {
	var sum float64
	for _, name := range names {
		sum += u[name].CPUSeconds
	}
	return sum
}

func readUsage(pid int) (Usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, err
	}
	ticks, err := parseStat(stat)
	if err != nil {
		return Usage{}, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Usage{}, err
	}
	kilobytes, err := parseKilobytes(status, "VmRSS:")
	if err != nil {
		return Usage{}, err
	}
	return Usage{CPUSeconds: float64(ticks) / ticksPerSecond, RSSBytes: kilobytes << 10}, nil
}

// parseStat returns the ticks of CPU time, in user and kernel mode, from a
// /proc/<pid>/stat. The process's name, in parentheses, may contain any
// character.
func parseStat(stat []byte) (int64, error) {
	const user, system = 11, 12 // counted after the name
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= system {
		return 0, fmt.Errorf("stat %q: too few fields", stat)
	}
	var ticks int64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("stat: %w", err)
		}
		ticks += n
	}
	return ticks, nil
}

// parseKilobytes returns the value of a line such as "VmRSS:   123 kB".
func parseKilobytes(text []byte, name string) (int64, error) {
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		}
	}
	return 0, fmt.Errorf("there is no line %s", name)
}
