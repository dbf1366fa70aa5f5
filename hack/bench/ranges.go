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
	"fmt"
	"math"
	"os"
	"slices"

	"sigs.k8s.io/yaml"
)

// ranges are what is expected of the figures. They are ratios within one run,
// since seconds say more about the machine than about the program.
type ranges struct {
	Ratios []ratioRange `json:"ratios"`
	Counts []countRange `json:"counts"`
}

// ratioRange is about the throughput of one scenario divided by that of another.
type ratioRange struct {
	Of      string  `json:"of"`
	To      string  `json:"to"`
	AtLeast float64 `json:"atLeast"`
}

// countRange is about one of the counts of a run.
type countRange struct {
	Of     string `json:"of"`
	AtMost int    `json:"atMost"`
}

// Finding is one range beside what was measured.
type Finding struct {
	Name     string  `json:"name"`
	Expected string  `json:"expected"`
	Ratio    *Spread `json:"ratio,omitempty"` // the median counts
	Count    *int    `json:"count,omitempty"` // the worst run's
	Met      bool    `json:"met"`
}

func readRanges(file string) (*ranges, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r, err := parseRanges(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func parseRanges(text []byte) (*ranges, error) {
	var r ranges
	if err := yaml.UnmarshalStrict(text, &r); err != nil {
		return nil, err
	}
	var faults []error
	for i, expected := range r.Ratios {
		for _, name := range []string{expected.Of, expected.To} {
			if !slices.Contains(scenarioNames(), name) {
				faults = append(faults, fmt.Errorf("ratios[%d]: there is no scenario %q", i, name))
			}
		}
		if expected.AtLeast <= 0 {
			faults = append(faults, fmt.Errorf("ratios[%d]: atLeast must be above 0", i))
		}
	}
	for i, expected := range r.Counts {
		if !slices.Contains(countNames(), expected.Of) {
			faults = append(faults, fmt.Errorf("counts[%d]: there is no count %q", i, expected.Of))
		}
		if expected.AtMost < 0 {
			faults = append(faults, fmt.Errorf("counts[%d]: atMost must not be below 0", i))
		}
	}
	return &r, errors.Join(faults...)
}

// check holds the runs against what is expected, in the order of the file.
func (r *ranges) check(runs []*Run) []Finding {
	var findings []Finding
	for _, expected := range r.Ratios {
		var ratios []float64
		for _, run := range runs {
			ratios = append(ratios, run.ratio(expected.Of, expected.To))
		}
		measured := spread(ratios)
		f := Finding{
			Name:     expected.Of + " / " + expected.To,
			Expected: fmt.Sprintf("≥ %.2f", expected.AtLeast),
			Met:      measured.Median >= expected.AtLeast, // not so for NaN
		}
		if !math.IsNaN(measured.Median) { // which JSON does not have
			f.Ratio = &measured
		}
		findings = append(findings, f)
	}
	for _, expected := range r.Counts {
		worst := 0
		for _, run := range runs {
			worst = max(worst, run.Counts[expected.Of])
		}
		findings = append(findings, Finding{
			Name:     expected.Of,
			Expected: fmt.Sprintf("≤ %d", expected.AtMost),
			Count:    &worst,
			Met:      worst <= expected.AtMost,
		})
	}
	return findings
}

func (r *Run) ratio(of, to string) float64 {
	a, b := r.scenario(of), r.scenario(to)
	if a == nil || b == nil {
		return math.NaN()
	}
	return ratio(a.Throughput, b.Throughput)
}
