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
	"fmt"
	"math"
	"strconv"
)

// scale is a list of units, from the smallest one.
type scale []struct {
	size float64
	name string
}

var (
	seconds = scale{{1e-6, " µs"}, {1e-3, " ms"}, {1, " s"}, {60, " min"}, {3600, " h"}}
	sizes   = scale{{1, " B"}, {1 << 10, " KiB"}, {1 << 20, " MiB"}, {1 << 30, " GiB"}}
	rates   = scale{{1, " B/s"}, {1e3, " kB/s"}, {1e6, " MB/s"}, {1e9, " GB/s"}}
	counts  = scale{{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}}
)

// scales are the units that a value is shown in, by Grafana's name.
var scales = map[string]scale{"s": seconds, "bytes": sizes, "Bps": rates, "percentunit": {{1e-2, " %"}}, "reqps": counts, "ops": counts}

// suffixes follow a value and its unit.
var suffixes = map[string]string{"reqps": " req/s", "ops": " ops/s"}

// format returns a value as Grafana shows it in a unit.
func format(unit string, value float64) string {
	if value == 0 && unit == "s" {
		return "0 s"
	}
	divisor, name := scaleOf(unit).fit(value)
	return number(value/divisor) + name + suffixes[unit]
}

func scaleOf(unit string) scale {
	if s := scales[unit]; s != nil {
		return s
	}
	return counts
}

// fit returns the largest unit in which a value is not below one.
func (s scale) fit(value float64) (size float64, name string) {
	fitting := s[0]
	for _, larger := range s {
		if math.Abs(value) >= larger.size {
			fitting = larger
		}
	}
	return fitting.size, fitting.name
}

// roundUp returns a round number in a unit that is not below a value, and the number of
// round steps from zero to it.
func roundUp(unit string, value float64) (top float64, steps int) {
	if value == 0 {
		return 1, 1
	}
	size, _ := scaleOf(unit).fit(value)
	magnitude := size * math.Pow(10, math.Floor(math.Log10(value/size/3)))
	for _, factor := range []float64{1, 2, 2.5, 5, 10} {
		step := factor * magnitude
		if unit == "short" && value >= 1 && step < 1 {
			continue // a count has no halves
		}
		if steps := int(math.Ceil(value/step - 1e-9)); steps <= 4 {
			return step * float64(steps), steps
		}
	}
	return value, 1
}

// number returns a value with up to three significant digits.
func number(value float64) string {
	rounded, err := strconv.ParseFloat(fmt.Sprintf("%.3g", value), 64)
	if err != nil {
		return fmt.Sprint(value)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
