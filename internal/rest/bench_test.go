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

package rest

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/hyperfleet-io/hyperfleet/internal/benchflag"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest/resttest"
)

// BenchmarkRender makes the row of an object, as for each change of the object.
func BenchmarkRender(b *testing.B) {
	r := Renderer{RequiredAdapters: func(string) []string { return nil }}
	b.Run("Cluster", func(b *testing.B) {
		cluster := resttest.Cluster(1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Cluster(cluster); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("AdapterStatus", func(b *testing.B) {
		report := resttest.Report(1, "dns", 2)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := EncodeReport(report); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHeap reports the heap per cluster, including the index, and how much of it is
// JSON. Each cluster is decoded separately, as from the API server, and can be collected
// once it is rendered.
func BenchmarkHeap(b *testing.B) {
	r := Renderer{RequiredAdapters: func(string) []string { return nil }}
	for _, clusters := range benchflag.Fleets() {
		b.Run(strconv.Itoa(clusters), func(b *testing.B) {
			benchHeap(b, fleet.Clusters, clusters, "cluster", func(n int) (*fleet.Row, error) { return r.Cluster(resttest.Cluster(n)) })
		})
	}
}

// BenchmarkReportHeap reports the same per report, with four adapters on each cluster.
func BenchmarkReportHeap(b *testing.B) {
	adapters := []string{"validator", "dns", "pullsecret", "hypershift"}
	for _, clusters := range benchflag.Fleets() {
		b.Run(strconv.Itoa(clusters), func(b *testing.B) {
			benchHeap(b, fleet.AdapterStatuses, len(adapters)*clusters, "report", func(n int) (*fleet.Row, error) {
				return EncodeReport(resttest.Report(n/len(adapters), adapters[n%len(adapters)], n))
			})
		})
	}
}

func benchHeap(b *testing.B, schema fleet.Schema, size int, unit string, row func(n int) (*fleet.Row, error)) {
	b.Helper()
	var heap, rendered uint64
	for b.Loop() {
		before := heapInUse()
		index := fleet.New(schema)
		rows := make([]*fleet.Row, size)
		rendered = 0
		for n := range rows {
			var err error
			if rows[n], err = row(n); err != nil {
				b.Fatal(err)
			}
			rendered += uint64(len(rows[n].JSON))
		}
		if err := index.Replace(rows, "1"); err != nil {
			b.Fatal(err)
		}
		clear(rows)
		heap = heapInUse() - before
		runtime.KeepAlive(index)
	}
	b.ReportMetric(float64(heap)/float64(size), "heap-B/"+unit)
	b.ReportMetric(float64(rendered)/float64(size), "json-B/"+unit)
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // collects objects whose finalizers ran in the first run
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
