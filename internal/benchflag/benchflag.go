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

// Package benchflag holds the test flag that says at which sizes of the fleet
// benchmarks run: go test -bench . -args -fleets=1000,1000000. Tests alone import
// it.
package benchflag

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// smallest is the smallest fleet: below it, searches of a benchmark may have fewer
// matches than a page holds, and are then not what they are in larger fleets.
const smallest = 1_000

var fleets = sizes{1_000, 10_000, 100_000}

func init() {
	flag.Var(&fleets, "fleets", "numbers of clusters that the benchmarks run at, separated by commas")
}

// Fleets returns the sizes, in clusters, in the order in which they were given. The
// flags must have been parsed, as they are when a benchmark runs.
func Fleets() []int { return fleets }

type sizes []int

// String returns the sizes as the flag takes them.
func (s *sizes) String() string {
	texts := make([]string, len(*s))
	for i, size := range *s {
		texts[i] = strconv.Itoa(size)
	}
	return strings.Join(texts, ",")
}

// Set replaces the sizes. The error says which of them is none.
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
