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
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// flatCommand, as the first argument, makes this program compare the costs of the
// Go benchmarks between fleets of several sizes.
const flatCommand = "flat"

const timeUnit = "ns/op"

// reportFlat reads the output of Go benchmarks and writes a table to a file and
// to out.
func reportFlat(args []string, out io.Writer) error {
	flags := flag.NewFlagSet(flatCommand, flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: hyperfleet-bench flat [flags] <file of go test -bench>...")
		flags.PrintDefaults()
	}
	rangesFile := flags.String("ranges", "test/performance/ranges.yaml", "the file of expected ratios")
	into := flags.String("out", "bin/bench/inprocess.md", "where to write the table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	expected, err := readRanges(*rangesFile)
	if err != nil {
		return err
	}
	costs, err := readCosts(flags.Args())
	if err != nil {
		return err
	}
	table := costs.markdown(expected.Flat)
	fmt.Fprint(out, table)
	if err := os.MkdirAll(filepath.Dir(*into), 0o755); err != nil {
		return err
	}
	return os.WriteFile(*into, []byte(table), 0o644)
}

// costs are the costs of benchmarks by size of the fleet, in the order of the
// files.
type costs []*cost

// cost is one figure of one benchmark. Each run adds one value per size.
type cost struct {
	benchmark, unit string
	bySize          map[int][]float64
}

// readCosts reads the benchmarks whose name ends with the size of a fleet: the
// time per operation, and the figures that a benchmark reports per cluster.
func readCosts(files []string) (costs, error) {
	var all costs
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if err := all.add(strings.Fields(line)); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", file, strings.TrimSpace(line), err)
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the files hold no benchmark whose name ends with the size of its fleet")
	}
	return all, nil
}

// sized is the name of a benchmark of a fleet: its own name, the size, and the
// number of processors if it is not 1.
var sized = regexp.MustCompile(`^Benchmark(.+)/(\d+)(-\d+)?$`)

// add parses the fields of a line in the format of go test -bench: name,
// iterations, and pairs of a value and its unit.
func (all *costs) add(fields []string) error {
	if len(fields) < 4 {
		return nil
	}
	name := sized.FindStringSubmatch(fields[0])
	if name == nil {
		return nil
	}
	size, err := strconv.Atoi(name[2])
	if err != nil {
		return err
	}
	for pair := range slices.Chunk(fields[2:], 2) {
		if len(pair) < 2 || pair[1] != timeUnit && !strings.HasSuffix(pair[1], "/cluster") {
			continue
		}
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil {
			return err
		}
		one := all.find(name[1], pair[1])
		one.bySize[size] = append(one.bySize[size], value)
	}
	return nil
}

func (all *costs) find(benchmark, unit string) *cost {
	for _, one := range *all {
		if one.benchmark == benchmark && one.unit == unit {
			return one
		}
	}
	one := &cost{benchmark: benchmark, unit: unit, bySize: map[int][]float64{}}
	*all = append(*all, one)
	return one
}

func (all costs) sizes() []int {
	var sizes []int
	for _, one := range all {
		for size := range one.bySize {
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

// markdown shows the median of each cost at each size, and the expected ratios.
func (all costs) markdown(expected []flatRange) string {
	var b strings.Builder
	head := []string{"Benchmark, µs or bytes"}
	for _, size := range all.sizes() {
		head = append(head, fmt.Sprint(size))
	}
	for _, e := range expected {
		head = append(head, fmt.Sprintf("%d / %d ≤ %.1f", e.Of, e.To, e.AtMost))
	}
	row(&b, head...)
	row(&b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(head)-1)...)...)
	missed := 0
	for _, one := range all {
		cells := []string{one.benchmark}
		if one.unit != timeUnit {
			cells[0] += ", " + one.unit
		}
		for _, size := range all.sizes() {
			cells = append(cells, one.show(size))
		}
		for _, e := range expected {
			cell, ok := one.flatness(e)
			if !ok {
				missed++
			}
			cells = append(cells, cell)
		}
		row(&b, cells...)
	}
	fmt.Fprintf(&b, "\nMissed: %d.\n", missed)
	return b.String()
}

func (c *cost) show(size int) string {
	median := spread(c.bySize[size]).Median
	switch {
	case math.IsNaN(median):
		return ""
	case c.unit == timeUnit:
		return fmt.Sprintf("%.3g", median/1e3)
	}
	return fmt.Sprintf("%.0f", median)
}

// flatness returns the ratio if one is expected and was measured. ok is false if
// it is too large.
func (c *cost) flatness(expected flatRange) (cell string, ok bool) {
	measured := ratio(spread(c.bySize[expected.Of]).Median, spread(c.bySize[expected.To]).Median)
	if math.IsNaN(measured) || c.unit != timeUnit {
		return "", true
	}
	cell = fmt.Sprintf("%.2f", measured)
	if !regexp.MustCompile(expected.Benchmarks).MatchString(c.benchmark) {
		return cell, true
	}
	ok = measured <= expected.AtMost
	return cell + " " + verdict(ok), ok
}
