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

package controllers

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// fleets are the sizes of the fleets that the benchmarks of memory run at.
var fleets = []int{1_000, 10_000, 100_000}

// init lets the caller of the benchmarks choose their sizes:
// go test -bench . -args -fleets=1000,1000000.
func init() {
	flag.Func("fleets", "sizes of the fleets that the benchmarks run at, separated by commas", func(text string) error {
		var sizes []int
		for part := range strings.SplitSeq(text, ",") {
			size, err := strconv.Atoi(part)
			if err != nil || size < 1000 {
				return fmt.Errorf("%q is not a number of at least 1000", part)
			}
			sizes = append(sizes, size)
		}
		fleets = sizes
		return nil
	})
}
