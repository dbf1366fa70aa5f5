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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRanges(t *testing.T) {
	cases := map[string]struct {
		text, wantErr string
	}{
		"fits":                {"ratios: [{of: get, to: get-bare, atLeast: 0.6}]\ncounts: [{of: lostUpdates, atMost: 0}]", ""},
		"empty":               {"", ""},
		"no such scenario":    {"ratios: [{of: got, to: get-bare, atLeast: 0.6}]", `ratios[0]: there is no scenario "got"`},
		"nothing to compare":  {"ratios: [{of: get, atLeast: 0.6}]", `there is no scenario ""`},
		"no bound":            {"ratios: [{of: get, to: get-bare}]", "atLeast must be above 0"},
		"no such count":       {"counts: [{of: lost, atMost: 0}]", `counts[0]: there is no count "lost"`},
		"a negative count":    {"counts: [{of: errors, atMost: -1}]", "atMost must not be below 0"},
		"a misspelt field":    {"ratios: [{of: get, to: get-bare, least: 0.6}]", "least"},
		"not YAML of a range": {"ratios: 3", "cannot unmarshal"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := parseRanges([]byte(c.text))
			if c.wantErr == "" && err != nil || c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)) {
				t.Errorf("parseRanges() = %v, want %q", err, c.wantErr)
			}
		})
	}
}

func TestRangesOfThisProject(t *testing.T) {
	if _, err := readRanges("ranges.yaml"); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	run := func(get, bare float64, lost int) *Run {
		return &Run{
			Scenarios: []Scenario{{Name: "get", Throughput: get}, {Name: "get-bare", Throughput: bare}},
			Counts:    map[string]int{lostUpdatesCount: lost},
		}
	}
	ratios := func(atLeast float64) *ranges {
		return &ranges{Ratios: []ratioRange{{Of: "get", To: "get-bare", AtLeast: atLeast}}}
	}
	counts := func(atMost int) *ranges {
		return &ranges{Counts: []countRange{{Of: lostUpdatesCount, AtMost: atMost}}}
	}
	three := []*Run{run(60, 100, 0), run(90, 100, 2), run(50, 100, 1)}
	cases := map[string]struct {
		ranges *ranges
		runs   []*Run
		want   Finding
	}{
		"a ratio that is met": {ratios(0.6), three,
			Finding{Name: "get / get-bare", Expected: "≥ 0.60", Ratio: &Spread{0.6, 0.5, 0.9}, Met: true}},
		"a ratio that is missed": {ratios(0.61), three,
			Finding{Name: "get / get-bare", Expected: "≥ 0.61", Ratio: &Spread{0.6, 0.5, 0.9}}},
		"nothing to compare with": {ratios(0.6), []*Run{run(60, 0, 0)},
			Finding{Name: "get / get-bare", Expected: "≥ 0.60"}},
		"a scenario that is missing": {ratios(0.6), []*Run{{}},
			Finding{Name: "get / get-bare", Expected: "≥ 0.60"}},
		"a count that is met": {counts(2), three,
			Finding{Name: lostUpdatesCount, Expected: "≤ 2", Count: new(2), Met: true}},
		"a count that one run misses": {counts(1), three,
			Finding{Name: lostUpdatesCount, Expected: "≤ 1", Count: new(2)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]Finding{c.want}, c.ranges.check(c.runs)); diff != "" {
				t.Errorf("check (-want +got):\n%s", diff)
			}
		})
	}
}
