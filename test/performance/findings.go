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
)

// find compares the runs with the ranges for a fleet of that size, in the order
// of the file.
func (r *ranges) find(runs []*Run, clusters int) []Finding {
	var findings []Finding
	for _, expected := range r.Ratios {
		f := figureFinding(runs, func(r *Run) float64 { return r.ratio(expected.Of, expected.To) })
		f.Name = expected.Of + " / " + expected.To
		f.atLeast(expected.AtLeast)
		findings = append(findings, f)
	}
	for _, expected := range r.Figures {
		if clusters < expected.Clusters {
			continue
		}
		f := figureFinding(runs, figures[expected.Of])
		f.Name = expected.Of
		f.Expected = fmt.Sprintf("≤ %.2f", expected.AtMost)
		f.Met = f.Figure != nil && f.Figure.Median <= expected.AtMost
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

// findPeer compares the throughput of the runs with the peer's.
func (r *ranges) findPeer(runs []*Run) []PeerFinding {
	var findings []PeerFinding
	for _, expected := range r.Peer {
		f := figureFinding(runs, func(r *Run) float64 { return r.throughput(expected.Of) })
		f.Name = expected.Of
		f.atLeast(expected.AtLeast)
		share := figureFinding(runs, func(r *Run) float64 { return ratio(r.throughput(expected.Of), r.throughput("get-bare")) })
		findings = append(findings, PeerFinding{Finding: f, Share: share.Figure, Peers: expected.Peers})
	}
	return findings
}

// PeerFinding is a throughput next to those of the peers, in requests per second. Share
// is its ratio to the throughput of GETs from the bare handler.
type PeerFinding struct {
	Finding
	Share *Spread `json:"share,omitempty"`
	Peers
}

// figureFinding returns a Finding without a figure if no run has the figure.
func figureFinding(runs []*Run, of func(*Run) float64) Finding {
	var values []float64
	for _, run := range runs {
		values = append(values, of(run))
	}
	measured := spread(values)
	if math.IsNaN(measured.Median) { // JSON has no NaN
		return Finding{}
	}
	return Finding{Figure: &measured}
}

func (f *Finding) atLeast(bound float64) {
	f.Expected = fmt.Sprintf("≥ %.2f", bound)
	f.Met = f.Figure != nil && f.Figure.Median >= bound
}

func (r *Run) ratio(of, to string) float64 { return r.throughput(of) / r.throughput(to) }

// throughput is NaN if the scenario is missing or no request succeeded.
func (r *Run) throughput(of string) float64 {
	if s := r.scenario(of); s != nil && s.Throughput > 0 {
		return s.Throughput
	}
	return math.NaN()
}
