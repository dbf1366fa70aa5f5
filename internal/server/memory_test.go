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
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestAvailableMemory(t *testing.T) {
	const machine = "MemFree:  1 kB\nMemTotal:       2048 kB\n"
	for name, test := range map[string]struct {
		limit, machine string
		want           int64
	}{
		"no control group":         {"", machine, 2 << 20},
		"no limit":                 {"max\n", machine, 2 << 20},
		"limit":                    {"1048576\n", machine, 1 << 20},
		"limit beyond the machine": {"999999999999\n", machine, 2 << 20},
		"only a limit":             {"1048576\n", "", 1 << 20},
		"nothing known":            {"", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := func(name, content string) string {
				path := filepath.Join(t.TempDir(), name)
				if content != "" {
					if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				return path
			}
			if got := availableMemory(file("limit", test.limit), file("machine", test.machine)); got != test.want {
				t.Errorf("availableMemory() = %d, want %d", got, test.want)
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
