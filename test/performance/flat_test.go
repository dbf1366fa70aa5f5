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
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const benchmarks = `goos: linux
BenchmarkList/FirstPage/1000-2    	  500	 1000 ns/op	 64 B/op	 1 allocs/op
BenchmarkList/FirstPage/1000-2    	  500	 3000 ns/op	 64 B/op	 1 allocs/op
BenchmarkList/FirstPage/100000-2  	  500	 2400 ns/op	 64 B/op	 1 allocs/op
BenchmarkList/Name/1000           	  500	 1000 ns/op
BenchmarkList/Name/100000         	  500	 5000 ns/op
BenchmarkUpsert/Report/1000-2     	  500	 1000 ns/op
BenchmarkUpsert/Report/100000-2   	  500	 9000 ns/op
BenchmarkHeap/1000-2              	    1	 9 ns/op	 5123 heap-B/cluster
BenchmarkParse/and-2              	  500	 1000 ns/op
PASS
`

func TestFlat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fleet.txt")
	if err := os.WriteFile(file, []byte(benchmarks), 0o600); err != nil {
		t.Fatal(err)
	}
	costs, err := readCosts([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	got := costs.markdown([]flatRange{{Benchmarks: "^List", Of: 100_000, To: 1000, AtMost: 1.3}, {Benchmarks: "^List", Of: 1_000_000, To: 1000, AtMost: 2}})
	want := strings.TrimLeft(`
| Benchmark, µs or bytes | 1000 | 100000 | 100000 / 1000 ≤ 1.3 | 1000000 / 1000 ≤ 2.0 |
| --- | ---: | ---: | ---: | ---: |
| List/FirstPage | 2 | 2.4 | 1.20 met |  |
| List/Name | 1 | 5 | 5.00 missed |  |
| Upsert/Report | 1 | 9 | 9.00 |  |
| Heap | 0.009 |  |  |  |
| Heap, heap-B/cluster | 5123 |  |  |  |

Missed: 1.
`, "\n")
	if got != want {
		t.Errorf("markdown() =\n%s\nwant\n%s", got, want)
	}
}

func TestFlatOfNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tsl.txt")
	if err := os.WriteFile(file, []byte("BenchmarkParse/and-2 500 1000 ns/op\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readCosts([]string{file}); err == nil {
		t.Error("readCosts() of benchmarks without a size has no error")
	}
}
