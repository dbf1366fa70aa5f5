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
	"slices"
	"strings"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
)

// processNames are in the order of the tables.
var processNames = []string{controlplane.EtcdName, controlplane.APIServerName, managerName, serverName, bareName, generatorName}

// markdown shows the result as tables, as in docs/performance.md.
func (r *Result) markdown() string {
	var b strings.Builder
	m, s := r.Machine, r.Settings
	fmt.Fprintf(&b, "Machine: %d cores (%s), %.0f GiB memory, Linux %s, %s.\n", m.Cores, m.Processor, float64(m.MemoryBytes)/(1<<30), m.Kernel, m.Go)
	fmt.Fprintf(&b, "Clusters: %d, reports: %d, runs: %d, requests at a time: %d", s.Clusters, s.Clusters*len(adapters), len(r.Runs), s.Concurrency)
	if len(s.ProgramArgs) > 0 {
		fmt.Fprintf(&b, ", %s with %s", s.Shape, strings.Join(s.ProgramArgs, " "))
	}
	b.WriteString(".\n")
	start := func(of func(StartUp) float64) Spread {
		return r.spread(func(run *Run) float64 { return of(run.StartUp) })
	}
	seconds := start(func(s StartUp) float64 { return s.Seconds })
	fmt.Fprintf(&b, "Start-up of the %s with this fleet: ready after %.1f s (%.1f–%.1f), then %.0f MiB resident and %.0f MiB of heap, for %.0f MiB of JSON.\n",
		s.Shape, seconds.Median, seconds.Min, seconds.Max,
		start(func(s StartUp) float64 { return float64(s.ResidentBytes) }).Median/(1<<20),
		start(func(s StartUp) float64 { return float64(s.HeapBytes) }).Median/(1<<20),
		start(func(s StartUp) float64 { return float64(s.JSONBytes) }).Median/(1<<20))
	if cold := start(func(s StartUp) float64 { return s.Cold.Seconds }); s.Shape == managerName {
		fmt.Fprintf(&b, "Cold start of etcd, the API server and the manager: ready after %.1f s (%.1f–%.1f), the API server after %.1f s.\n",
			cold.Median, cold.Min, cold.Max, start(func(s StartUp) float64 { return s.Cold.APIServerSeconds }).Median)
	}
	stale := r.spread(func(run *Run) float64 { return run.Stale.Seconds })
	fmt.Fprintf(&b, "Parents that became stale at once: %d, all aggregated anew after %.1f s (%.1f–%.1f), %.0f a second, while reports went on.\n",
		r.Runs[0].Stale.Parents, stale.Median, stale.Min, stale.Max, r.spread(func(run *Run) float64 { return run.Stale.PerSecond() }).Median)
	for _, table := range []func(*strings.Builder){
		r.findingsTable, r.peerTable, r.latencyTable, r.visibleTable, r.queueTable, r.processTable, r.memoryTable,
	} {
		b.WriteString("\n")
		table(&b)
	}
	return b.String()
}

func (r *Result) spread(of func(*Run) float64) Spread {
	var values []float64
	for _, run := range r.Runs {
		values = append(values, of(run))
	}
	return spread(values)
}

func (r *Result) findingsTable(b *strings.Builder) {
	row(b, "Ratio or figure, or count of the worst run", "Expected", "Median", "Min–max", "")
	row(b, "---", "---:", "---:", "---:", "---")
	for _, f := range r.Findings {
		switch {
		case f.Figure != nil:
			row(b, f.Name, f.Expected, fmt.Sprintf("%.2f", f.Figure.Median), fmt.Sprintf("%.2f–%.2f", f.Figure.Min, f.Figure.Max), verdict(f.Met))
		case f.Count != nil:
			row(b, f.Name, f.Expected, fmt.Sprint(*f.Count), "", verdict(f.Met))
		default:
			row(b, f.Name, f.Expected, "none", "", verdict(f.Met))
		}
	}
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func (r *Result) peerTable(b *strings.Builder) {
	row(b, "Per second, beside the peers on 2 cores", "Peer of March", "Peer of July", "Expected", "Median", "Min–max", "", "Share of get-bare", "Peer of July")
	row(b, "---", "---:", "---:", "---:", "---:", "---:", "---", "---:", "---:")
	for _, f := range r.Peer {
		median, reach, share := "none", "", "none"
		if f.Figure != nil {
			median, reach = rate(f.Figure.Median), rate(f.Figure.Min)+"–"+rate(f.Figure.Max)
		}
		if f.Share != nil {
			share = fmt.Sprintf("%.4f", f.Share.Median)
		}
		row(b, f.Name, rate(f.March), rate(f.July), f.Expected, median, reach, verdict(f.Met), share, fmt.Sprintf("%.4f", f.JulyShare))
	}
	lost := r.spread(func(run *Run) float64 {
		return 100 * ratio(float64(run.Counts[lostParentsCount]), float64(r.Settings.Clusters))
	})
	row(b, "parents with a lost update, %", "4.4", "0", "0", fmt.Sprintf("%.2f", lost.Max), "", verdict(lost.Max == 0), "", "")
}

func (r *Result) queueTable(b *strings.Builder) {
	row(b, "Most that waited to be reconciled", "After reports", "Of those made stale")
	row(b, "---", "---:", "---:")
	for _, s := range r.Summary {
		if s.Queue != nil {
			row(b, s.Name, fmt.Sprint(s.Queue.Normal), fmt.Sprint(s.Queue.Low))
		}
	}
}

func (r *Result) latencyTable(b *strings.Builder) {
	row(b, "Scenario", "Requests", "Errors", "Requests/s", "Min–max", "p50 ms", "p95 ms", "p99 ms", "Bytes")
	row(b, "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:")
	for _, s := range r.Summary {
		row(b, s.Name, fmt.Sprintf("%.0f", s.Requests), fmt.Sprint(s.Errors), rate(s.Throughput.Median), rate(s.Throughput.Min)+"–"+rate(s.Throughput.Max),
			milliseconds(s.Latencies.P50), milliseconds(s.Latencies.P95), milliseconds(s.Latencies.P99), fmt.Sprintf("%.0f", s.Bytes))
	}
}

func (r *Result) visibleTable(b *strings.Builder) {
	row(b, "From a report's request to its effect at a watching client", "p50 ms", "p95 ms", "p99 ms")
	row(b, "---", "---:", "---:", "---:")
	for _, s := range r.Summary {
		if s.Visible != nil {
			row(b, s.Name, milliseconds(s.Visible.P50), milliseconds(s.Visible.P95), milliseconds(s.Visible.P99))
		}
	}
}

func (r *Result) processTable(b *strings.Builder) {
	row(b, append([]string{"CPU µs per request"}, processNames...)...)
	row(b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(processNames))...)...)
	for _, s := range r.Summary {
		if len(s.Processes) == 0 {
			continue
		}
		cells := []string{s.Name}
		for _, name := range processNames {
			cell := ""
			if used := s.Processes[name].CPUSeconds; used > 0 {
				cell = fmt.Sprintf("%.0f", ratio(1e6*used, s.Requests))
			}
			cells = append(cells, cell)
		}
		row(b, cells...)
	}
}

// memoryTable shows each process's maximum of memory at the end of a scenario.
func (r *Result) memoryTable(b *strings.Builder) {
	row(b, append([]string{"Resident memory"}, processNames...)...)
	row(b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(processNames))...)...)
	cells := []string{"MiB"}
	for _, name := range processNames {
		var most int64
		for _, s := range r.Summary {
			most = max(most, s.Processes[name].RSSBytes)
		}
		cells = append(cells, fmt.Sprint(most>>20))
	}
	row(b, cells...)
}

func row(b *strings.Builder, cells ...string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

func rate(perSecond float64) string {
	if perSecond < 100 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return fmt.Sprintf("%.0f", perSecond)
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.2f", 1000*seconds) }
