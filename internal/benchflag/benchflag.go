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

// Package benchflag defines the test flag -fleets, the fleet sizes of benchmarks:
// go test -bench . -args -fleets=1000,1000000. Only tests import it.
package benchflag

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// smallest is the minimum fleet size. In a smaller fleet, a benchmark's search can
// match less than one page, which is not comparable with larger fleets.
const smallest = 1_000

var fleets = sizes{1_000, 10_000, 100_000}

func init() {
	flag.Var(&fleets, "fleets", "comma-separated fleet sizes of the benchmarks, in clusters")
}

// Fleets returns the fleet sizes in clusters, in the order of the flag. The flags must
// be parsed, as they are when a benchmark runs.
func Fleets() []int { return fleets }

type sizes []int

// String returns the sizes in the format of the flag.
func (s *sizes) String() string {
	parts := make([]string, len(*s))
	for i, size := range *s {
		parts[i] = strconv.Itoa(size)
	}
	return strings.Join(parts, ",")
}

// Set replaces the sizes. The error names the first part that is not a size.
func (s *sizes) Set(text string) error {
	var all sizes
	for part := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(part)
		if err != nil || size < smallest {
			return fmt.Errorf("%q is not a number of at least %d", part, smallest)
		}
		all = append(all, size)
	}
	*s = all
	return nil
}
