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
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	cases := map[string]struct {
		sorted []time.Duration
		p      int
		want   time.Duration
	}{
		"of nothing":           {nil, 99, 0},
		"of one":               {[]time.Duration{7}, 50, 7},
		"the least":            {hundred, 0, 1},
		"the middle":           {hundred, 50, 50},
		"99 of 100":            {hundred, 99, 99},
		"the most":             {hundred, 100, 100},
		"between two: upwards": {[]time.Duration{1, 2, 3}, 50, 2},
		"99 of few: the most":  {[]time.Duration{1, 2, 3}, 99, 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := percentile(c.sorted, c.p); got != c.want {
				t.Errorf("percentile(%d) = %d, want %d", c.p, got, c.want)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	nan := math.NaN()
	cases := map[string]struct {
		values []float64
		want   Spread
	}{
		"one":                {[]float64{3}, Spread{3, 3, 3}},
		"odd":                {[]float64{3, 1, 2}, Spread{2, 1, 3}},
		"even":               {[]float64{4, 1, 2, 3}, Spread{2.5, 1, 4}},
		"some are no figure": {[]float64{nan, 1, 3}, Spread{2, 1, 3}},
		"none is a figure":   {[]float64{nan}, Spread{nan, nan, nan}},
		"nothing":            {nil, Spread{nan, nan, nan}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, spread(c.values), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("spread (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSummarize(t *testing.T) {
	run := func(throughput float64, errors int, cpu float64) *Run {
		return &Run{Scenarios: []Scenario{{
			Name: "get", Requests: 10, Errors: errors, Throughput: throughput,
			Latencies: Latencies{P50: 1 / throughput},
			Processes: usages{"manager": {CPUSeconds: cpu, RSSBytes: 100}},
		}}}
	}
	want := []ScenarioSummary{{
		Name: "get", Requests: 10, Errors: 3, Throughput: Spread{2, 1, 4},
		Latencies: Latencies{P50: 0.5},
		Processes: usages{"manager": {CPUSeconds: 5, RSSBytes: 100}},
	}}
	got := summarize([]*Run{run(4, 1, 5), run(1, 2, 6), run(2, 0, 1)})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summarize (-want +got):\n%s", diff)
	}
}
