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
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

const (
	repository = "../../.."
	committed  = repository + "/config/prometheus/dashboard.json"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit  string
		value float64
		want  string
	}{
		{"short", 0, "0"}, {"short", 117, "117"}, {"short", 1234, "1.23k"}, {"", 0.5, "0.5"},
		{"s", 0, "0 s"}, {"s", 0.000004, "4 µs"}, {"s", 0.0125, "12.5 ms"}, {"s", 42, "42 s"}, {"s", 90, "1.5 min"}, {"s", 7200, "2 h"},
		{"bytes", 512, "512 B"}, {"bytes", 3 << 20, "3 MiB"}, {"Bps", 1500, "1.5 kB/s"},
		{"percentunit", 0.015, "1.5 %"}, {"reqps", 2.5, "2.5 req/s"}, {"reqps", 2500, "2.5k req/s"}, {"ops", 0, "0 ops/s"},
	} {
		if got := format(c.unit, c.value); got != c.want {
			t.Errorf("format(%q, %v) = %q, want %q", c.unit, c.value, got, c.want)
		}
	}
}

func TestRoundUp(t *testing.T) {
	for _, c := range []struct {
		unit  string
		value float64
		top   float64
		steps int
	}{
		{"short", 0, 1, 1}, {"short", 1, 1, 1}, {"short", 2, 2, 2}, {"short", 59, 60, 3}, {"short", 117, 150, 3}, {"short", 0.3, 0.3, 3},
		{"s", 0.27, 0.3, 3}, {"s", 61, 90, 3}, {"bytes", 430 << 20, 600 << 20, 3}, {"reqps", 18, 20, 4},
	} {
		top, steps := roundUp(c.unit, c.value)
		if math.Abs(top-c.top) > 1e-9 || steps != c.steps {
			t.Errorf("roundUp(%q, %v) = %v, %d, want %v, %d", c.unit, c.value, top, steps, c.top, c.steps)
		}
	}
}

func TestLegend(t *testing.T) {
	labels := map[string]string{"kind": "Cluster", "result": "stored"}
	for format, want := range map[string]string{"": "", "p50": "p50", "{{kind}}: {{ result }}": "Cluster: stored", "{{none}} {{kind}}": "Cluster"} {
		if got := legend(format, labels); got != want {
			t.Errorf("legend(%q) = %q, want %q", format, got, want)
		}
	}
}

func TestFillRefusesUnknownVariable(t *testing.T) {
	if filled, err := fill(`up{namespace="$namespace",cluster="$cluster"}`, map[string]string{"namespace": "x"}); err == nil {
		t.Errorf("fill = %s", filled)
	}
}

// newEvaluator returns an evaluator with samples at three times. The first series has no
// sample at the last time.
func newEvaluator(t *testing.T) *evaluator {
	t.Helper()
	samples := promqltest.LoadedStorage(t, "load 5s\n a{x=\"1\"} 1 2 stale\n a{x=\"2\"} 3 4 5\n")
	t.Cleanup(func() { _ = samples.Close() })
	start := time.Unix(0, 0)
	return &evaluator{
		engine:  promql.NewEngine(promql.EngineOpts{MaxSamples: 1000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})}),
		samples: samples, variables: map[string]string{"x": "2"}, from: start, to: start.Add(2 * interval),
	}
}

func TestEvaluate(t *testing.T) {
	got, err := newEvaluator(t).panel(t.Context(), panel{Type: "timeseries", Title: "All of $x", Targets: []target{{"none", "none"}, {"a", "x={{x}}"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []series{{"x=1", []float64{1, 2, math.NaN()}}, {"x=2", []float64{3, 4, 5}}}
	if diff := cmp.Diff(want, got.series, cmp.AllowUnexported(series{}), cmpopts.EquateNaNs()); diff != "" || got.Title != "All of 2" || len(got.times) != 3 {
		t.Errorf("%q at %v (-want +got):\n%s", got.Title, got.times, diff)
	}
	stat, err := newEvaluator(t).panel(t.Context(), panel{Type: "stat", Targets: []target{{`a{x="$x"}`, ""}}})
	if err != nil || stat.value != 5 {
		t.Errorf("the stat is %v (%v), want 5", stat, err)
	}
}

func TestEvaluateRefusesEmptyPanel(t *testing.T) {
	for name, p := range map[string]panel{
		"no series":       {Type: "timeseries", Targets: []target{{"none", ""}, {"a > 9", ""}}},
		"no value":        {Type: "stat", Targets: []target{{"none", ""}}},
		"two values":      {Type: "stat", Targets: []target{{"a offset 5s", ""}}},
		"no query":        {Type: "timeseries", Targets: []target{{"a b", ""}}},
		"a variable more": {Type: "timeseries", Targets: []target{{`a{x="$y"}`, ""}}},
	} {
		if got, err := newEvaluator(t).panel(t.Context(), p); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestDraw draws the committed dashboard with made-up values, and checks that the picture
// is complete.
func TestDraw(t *testing.T) {
	board, err := readDashboard(committed)
	if err != nil {
		t.Fatal(err)
	}
	var results []result
	for _, p := range board.Panels {
		r := result{panel: p, value: 1, times: []time.Time{time.Unix(0, 0), time.Unix(60, 0)}}
		r.series = []series{{"first", []float64{1, math.NaN()}}, {"second & last", []float64{0, 0}}}
		results = append(results, r)
	}
	picture, err := draw(results)
	if err != nil {
		t.Fatal(err)
	}
	texts := textsOf(t, picture)
	if texts["second & last"] == 0 {
		t.Errorf("the picture lacks a legend: %v", texts)
	}
	checkTitles(t, board, texts)
}

// TestPicture fails if the dashboard has changed and docs/dashboard.svg has not: run make
// dashboard then.
func TestPicture(t *testing.T) {
	board, err := readDashboard(committed)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(repository + "/docs/dashboard.svg")
	if err != nil {
		t.Fatal(err)
	}
	if len(picture) > 200_000 {
		t.Errorf("the picture has %d bytes", len(picture))
	}
	checkTitles(t, board, textsOf(t, picture))
}

func checkTitles(t *testing.T, board *dashboard, texts map[string]int) {
	t.Helper()
	for _, p := range board.Panels {
		title := strings.ReplaceAll(p.Title, "$adapter", "dns")
		if texts[title] == 0 && texts[p.Title] == 0 {
			t.Errorf("the picture lacks %q", title)
		}
	}
}

// textsOf counts the strings of a picture.
func textsOf(t *testing.T, picture []byte) map[string]int {
	t.Helper()
	texts := map[string]int{}
	decoder := xml.NewDecoder(strings.NewReader(string(picture)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		if content, ok := token.(xml.CharData); ok {
			texts[string(content)]++
		}
	}
}
