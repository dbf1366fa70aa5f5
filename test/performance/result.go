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
	"encoding/json"
	"os"
	"slices"
	"sync/atomic"
)

// Result is written as JSON.
type Result struct {
	Machine  Machine           `json:"machine"`
	Settings Settings          `json:"settings"`
	Findings []Finding         `json:"findings"`
	Peer     []PeerFinding     `json:"peer"`
	Summary  []ScenarioSummary `json:"summary"`
	Runs     []*Run            `json:"runs"`
}

// Settings are the options that determine the figures.
type Settings struct {
	Shape       string   `json:"shape"`
	Clusters    int      `json:"clusters"`
	Batch       int      `json:"batch"` // clusters that a scenario creates
	Concurrency int      `json:"concurrency"`
	Duration    string   `json:"duration"`
	ProgramArgs []string `json:"programArgs,omitempty"`
}

// Run is the measured round of one run.
type Run struct {
	Scenarios []Scenario `json:"scenarios"`
	StartUp   StartUp    `json:"startUp"`
	Stale     Stale      `json:"stale"`
	// Counts are counts of errors. All of them should be 0.
	Counts map[string]int `json:"counts"`

	invisible atomic.Int64
}

// StartUp describes a manager that loads the whole fleet from a warm API server: the
// time until it was ready, and its memory once it was idle.
type StartUp struct {
	Seconds float64 `json:"seconds"`
	// Cold is the start of etcd, the API server and the manager together.
	Cold          ColdStart `json:"cold"`
	ResidentBytes int64     `json:"residentBytes"`
	// HeapBytes is the size of the live heap after a garbage collection.
	HeapBytes int64 `json:"heapBytes"`
	// JSONBytes is the size of all clusters and reports as REST shows them.
	JSONBytes int64 `json:"jsonBytes"`
}

// ColdStart is the time from the start of etcd until the API server was ready, and
// until the manager was ready.
type ColdStart struct {
	APIServerSeconds float64 `json:"apiServerSeconds"`
	Seconds          float64 `json:"seconds"`
}

// Keys of Run.Counts.
const (
	lostUpdatesCount = "lostUpdates"      // reports that their cluster does not reflect
	lostParentsCount = "lostParents"      // clusters with such reports
	invisibleCount   = "invisibleReports" // checked reports that a GET right after the answer did not show
	unseenCount      = "unseenByWatch"    // reports that the watching client never saw
	errorsCount      = "errors"           // failed requests
)

func countNames() []string {
	return []string{lostUpdatesCount, lostParentsCount, invisibleCount, unseenCount, errorsCount}
}

// scenarioNames are the scenarios of a run.
func scenarioNames() []string {
	names := []string{"create", "create-direct", "create-unwatched", "report", "report-direct", heartbeatScenario, "heartbeat-direct",
		"mix", "mix-reads", "mix-writes", "stale-parents", "stale-parents-calm"}
	for _, name := range []string{"get", "list-first", "list-middle", "list-last", "search-label", "search-logic", "search-condition", "search-mixed"} {
		names = append(names, name, name+"-bare")
	}
	return names
}

// figures returns the figures of a run that have ranges, besides counts and
// throughputs: NaN if there is none.
var figures = map[string]func(*Run) float64{
	"startUpSeconds":  func(r *Run) float64 { return r.StartUp.Seconds },
	"residentPerJSON": func(r *Run) float64 { return ratio(float64(r.StartUp.ResidentBytes), float64(r.StartUp.JSONBytes)) },
	"heapPerJSON":     func(r *Run) float64 { return ratio(float64(r.StartUp.HeapBytes), float64(r.StartUp.JSONBytes)) },
	// waiting returns the maximum of objects that waited to be reconciled, at the
	// priority of reports, while adapters reported.
	"waiting": func(r *Run) float64 {
		var most Queue
		for _, s := range r.Scenarios {
			if s.Queue != nil {
				most = most.atLeast(*s.Queue)
			}
		}
		return float64(most.Normal)
	},
	"staleParentsPerSecond": func(r *Run) float64 { return r.Stale.PerSecond() },
}

func newRun() *Run {
	r := &Run{Counts: map[string]int{}}
	for _, name := range countNames() {
		r.Counts[name] = 0
	}
	return r
}

func (r *Run) last() *Scenario { return &r.Scenarios[len(r.Scenarios)-1] }

// scenario returns the scenario of that name, nil if there is none.
func (r *Run) scenario(name string) *Scenario {
	i := slices.IndexFunc(r.Scenarios, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Scenarios[i]
}

// sumUp sets the counts from the scenarios.
func (r *Run) sumUp() {
	r.Counts[invisibleCount] = int(r.invisible.Load())
	for _, s := range r.Scenarios {
		r.Counts[unseenCount] += s.Unseen
		if s.PartOf == "" {
			r.Counts[errorsCount] += s.Errors
		}
	}
}

// Scenario is the result of one scenario. Latencies and throughput are those of
// the requests that succeeded.
type Scenario struct {
	Name       string  `json:"name"`
	PartOf     string  `json:"partOf,omitempty"`
	Requests   int     `json:"requests"`
	Errors     int     `json:"errors"`
	Fault      string  `json:"fault,omitempty"` // one of the errors
	Seconds    float64 `json:"seconds"`
	Throughput float64 `json:"throughput"` // requests per second
	Latencies  `json:"latencySeconds"`
	// Bytes is the average length of an answer's body.
	Bytes float64 `json:"bytes"`
	// Processes are usages by name. A scenario that writes includes the time
	// until the processes are idle.
	Processes usages `json:"processes,omitempty"`
	// Visible is the time from a report's request to its effect at a watching
	// client. Unseen counts the reports without such an effect.
	Visible *Latencies `json:"visibleSeconds,omitempty"`
	Unseen  int        `json:"unseen,omitempty"`
	// Queue is the maximum of objects that waited to be reconciled.
	Queue *Queue `json:"queue,omitempty"`
}

func newScenario(name string, s samples, u usages) Scenario {
	sorted := s.latencies()
	scenario := Scenario{
		Name:      name,
		Requests:  len(s.all),
		Errors:    len(s.all) - len(sorted),
		Seconds:   s.elapsed.Seconds(),
		Latencies: newLatencies(sorted),
		Processes: u,
	}
	if s.fault != nil && scenario.Errors > 0 {
		scenario.Fault = s.fault.Error()
	}
	if len(sorted) > 0 {
		scenario.Throughput = float64(len(sorted)) / scenario.Seconds
		scenario.Bytes = float64(s.bytes()) / float64(len(sorted))
	}
	return scenario
}

// ScenarioSummary is one scenario over all runs. A field without a Spread is a
// median.
type ScenarioSummary struct {
	Name       string     `json:"name"`
	Requests   float64    `json:"requests"`
	Errors     int        `json:"errors"` // of all runs
	Throughput Spread     `json:"throughput"`
	Latencies  Latencies  `json:"latencySeconds"`
	Bytes      float64    `json:"bytes"`
	Processes  usages     `json:"processes,omitempty"`
	Visible    *Latencies `json:"visibleSeconds,omitempty"`
	Queue      *Queue     `json:"queue,omitempty"` // the maximum of all runs
}

// summarize takes the scenarios of the first run. All runs have the same.
func summarize(runs []*Run) []ScenarioSummary {
	var all []ScenarioSummary
	for _, first := range runs[0].Scenarios {
		var same []*Scenario
		for _, r := range runs {
			same = append(same, r.scenario(first.Name))
		}
		all = append(all, summarizeScenario(same))
	}
	return all
}

func summarizeScenario(same []*Scenario) ScenarioSummary {
	figure := func(of func(*Scenario) float64) Spread {
		var values []float64
		for _, s := range same {
			values = append(values, of(s))
		}
		return spread(values)
	}
	latencies := func(of func(*Scenario) *Latencies) Latencies {
		return Latencies{
			P50: figure(func(s *Scenario) float64 { return of(s).P50 }).Median,
			P95: figure(func(s *Scenario) float64 { return of(s).P95 }).Median,
			P99: figure(func(s *Scenario) float64 { return of(s).P99 }).Median,
		}
	}
	summary := ScenarioSummary{
		Name:       same[0].Name,
		Requests:   figure(func(s *Scenario) float64 { return float64(s.Requests) }).Median,
		Throughput: figure(func(s *Scenario) float64 { return s.Throughput }),
		Latencies:  latencies(func(s *Scenario) *Latencies { return &s.Latencies }),
		Bytes:      figure(func(s *Scenario) float64 { return s.Bytes }).Median,
		Processes:  usages{},
	}
	for _, s := range same {
		summary.Errors += s.Errors
	}
	for name := range same[0].Processes {
		summary.Processes[name] = Usage{
			CPUSeconds: figure(func(s *Scenario) float64 { return s.Processes[name].CPUSeconds }).Median,
			RSSBytes:   int64(figure(func(s *Scenario) float64 { return float64(s.Processes[name].RSSBytes) }).Median),
		}
	}
	if same[0].Queue != nil {
		var most Queue
		for _, s := range same {
			most = most.atLeast(*s.Queue)
		}
		summary.Queue = &most
	}
	if same[0].Visible != nil {
		visible := latencies(func(s *Scenario) *Latencies { return s.Visible })
		summary.Visible = &visible
	}
	return summary
}

func (r *Result) writeJSON(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
