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
		"no such figure":      {"figures: [{of: speed, atMost: 1}]", `figures[0]: there is no figure "speed", but ["heapPerJSON"`},
		"a figure, no bound":  {"figures: [{of: startUpSeconds}]", "figures[0]: atMost must be above 0"},
		"no scenario of peer": {"peer: [{of: post, atLeast: 1}]", `peer[0]: there is no scenario "post"`},
		"not an expression":   {"flat: [{benchmarks: '(', of: 2, to: 1, atMost: 1}]", "flat[0]: benchmarks: "},
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

func TestFind(t *testing.T) {
	run := func(get, bare float64, lost int) *Run {
		return &Run{
			Scenarios: []Scenario{{Name: "get", Throughput: get}, {Name: "get-bare", Throughput: bare}},
			Counts:    map[string]int{lostUpdatesCount: lost},
			StartUp:   StartUp{Seconds: 2},
		}
	}
	ratios := func(atLeast float64) *ranges {
		return &ranges{Ratios: []ratioRange{{Of: "get", To: "get-bare", AtLeast: atLeast}}}
	}
	counts := func(atMost int) *ranges {
		return &ranges{Counts: []countRange{{Of: lostUpdatesCount, AtMost: atMost}}}
	}
	figure := func(clusters int) *ranges {
		return &ranges{Figures: []figureRange{{Of: "startUpSeconds", AtMost: 15, Clusters: clusters}}}
	}
	three := []*Run{run(60, 100, 0), run(90, 100, 2), run(50, 100, 1)}
	cases := map[string]struct {
		ranges *ranges
		runs   []*Run
		want   Finding
	}{
		"a ratio that is met": {ratios(0.6), three,
			Finding{Name: "get / get-bare", Expected: "≥ 0.60", Figure: &Spread{0.6, 0.5, 0.9}, Met: true}},
		"a ratio that is missed": {ratios(0.61), three,
			Finding{Name: "get / get-bare", Expected: "≥ 0.61", Figure: &Spread{0.6, 0.5, 0.9}}},
		"nothing to compare with": {ratios(0.6), []*Run{run(60, 0, 0)},
			Finding{Name: "get / get-bare", Expected: "≥ 0.60"}},
		"a scenario that is missing": {ratios(0.6), []*Run{{}},
			Finding{Name: "get / get-bare", Expected: "≥ 0.60"}},
		"a figure that is met": {figure(0), three,
			Finding{Name: "startUpSeconds", Expected: "≤ 15.00", Figure: &Spread{2, 2, 2}, Met: true}},
		"a count that is met": {counts(2), three,
			Finding{Name: lostUpdatesCount, Expected: "≤ 2", Count: new(2), Met: true}},
		"a count that one run misses": {counts(1), three,
			Finding{Name: lostUpdatesCount, Expected: "≤ 1", Count: new(2)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]Finding{c.want}, c.ranges.find(c.runs, 1000)); diff != "" {
				t.Errorf("find (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFindOfLargeFleets checks that a range for large fleets does not apply to a
// small one.
func TestFindOfLargeFleets(t *testing.T) {
	expected := &ranges{Figures: []figureRange{{Of: "startUpSeconds", AtMost: 15, Clusters: 10_000}}}
	runs := []*Run{{StartUp: StartUp{Seconds: 20}}}
	if got := expected.find(runs, 1000); len(got) > 0 {
		t.Errorf("find() of a small fleet = %v, want nothing", got)
	}
	if got := expected.find(runs, 10_000); len(got) != 1 || got[0].Met {
		t.Errorf("find() of a large fleet = %v, want one that is missed", got)
	}
}

func TestFindPeer(t *testing.T) {
	peers := Peers{March: 364, July: 627, JulyShare: 0.0163}
	expected := &ranges{Peer: []peerRange{{Of: "report", AtLeast: 281, Peers: peers}}}
	run := func(reports, gets float64) *Run {
		return &Run{Scenarios: []Scenario{{Name: "report", Throughput: reports}, {Name: "get-bare", Throughput: gets}}}
	}
	runs := []*Run{run(300, 30_000), run(260, 20_000)}
	want := []PeerFinding{{
		Finding: Finding{Name: "report", Expected: "≥ 281.00", Figure: &Spread{280, 260, 300}},
		Share:   &Spread{0.0115, 0.01, 0.013},
		Peers:   peers,
	}}
	if diff := cmp.Diff(want, expected.findPeer(runs)); diff != "" {
		t.Errorf("findPeer (-want +got):\n%s", diff)
	}
}
