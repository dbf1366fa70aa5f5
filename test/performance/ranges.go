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
	"maps"
	"os"
	"regexp"
	"slices"

	"sigs.k8s.io/yaml"
)

// ranges are the expected figures. Most are ratios within one run, because
// durations depend on the machine more than on the program.
type ranges struct {
	Ratios  []ratioRange  `json:"ratios"`
	Counts  []countRange  `json:"counts"`
	Figures []figureRange `json:"figures"`
	Peer    []peerRange   `json:"peer"`
	Flat    []flatRange   `json:"flat"`
}

// ratioRange bounds the throughput of one scenario divided by that of another.
type ratioRange struct {
	Of      string  `json:"of"`
	To      string  `json:"to"`
	AtLeast float64 `json:"atLeast"`
}

// countRange bounds one of a run's counts.
type countRange struct {
	Of     string `json:"of"`
	AtMost int    `json:"atMost"`
}

// figureRange bounds one of the figures of a run with at least Clusters clusters.
type figureRange struct {
	Of       string  `json:"of"`
	AtMost   float64 `json:"atMost"`
	Clusters int     `json:"clusters"`
}

// peerRange bounds the throughput of one scenario by those of two peers.
type peerRange struct {
	Of      string  `json:"of"`
	AtLeast float64 `json:"atLeast"`
	Peers
}

// Peers are the throughputs of two releases of another API with the same contract, in
// requests per second. JulyShare is the ratio to the GETs of a bare handler in the same
// run.
type Peers struct {
	March     float64 `json:"march"`
	July      float64 `json:"july"`
	JulyShare float64 `json:"julyShare"`
}

// flatRange bounds the cost of the Go benchmarks whose names match, at a fleet of
// one size divided by that at another.
type flatRange struct {
	Benchmarks string  `json:"benchmarks"`
	Of         int     `json:"of"`
	To         int     `json:"to"`
	AtMost     float64 `json:"atMost"`
}

// Finding is one range next to the measured value.
type Finding struct {
	Name     string  `json:"name"`
	Expected string  `json:"expected"`
	Figure   *Spread `json:"figure,omitempty"` // the median of the runs
	Count    *int    `json:"count,omitempty"`  // the worst run's
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
	return &r, r.check()
}

func (r *ranges) check() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	isScenario := func(name string) bool { return slices.Contains(scenarioNames(), name) }
	for i, expected := range r.Ratios {
		check(isScenario(expected.Of), "ratios[%d]: there is no scenario %q", i, expected.Of)
		check(isScenario(expected.To), "ratios[%d]: there is no scenario %q", i, expected.To)
		check(expected.AtLeast > 0, "ratios[%d]: atLeast must be above 0", i)
	}
	for i, expected := range r.Counts {
		check(slices.Contains(countNames(), expected.Of), "counts[%d]: there is no count %q", i, expected.Of)
		check(expected.AtMost >= 0, "counts[%d]: atMost must not be below 0", i)
	}
	for i, expected := range r.Figures {
		check(figures[expected.Of] != nil, "figures[%d]: there is no figure %q, but %q", i, expected.Of, slices.Sorted(maps.Keys(figures)))
		check(expected.AtMost > 0, "figures[%d]: atMost must be above 0", i)
	}
	for i, expected := range r.Peer {
		check(isScenario(expected.Of), "peer[%d]: there is no scenario %q", i, expected.Of)
		check(expected.AtLeast > 0, "peer[%d]: atLeast must be above 0", i)
	}
	for i, expected := range r.Flat {
		_, err := regexp.Compile(expected.Benchmarks)
		check(err == nil, "flat[%d]: benchmarks: %v", i, err)
		check(expected.AtMost > 0, "flat[%d]: atMost must be above 0", i)
	}
	return errors.Join(faults...)
}
