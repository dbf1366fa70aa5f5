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

package metrics

import (
	"net/http"
	"testing"
	"time"
)

// BenchmarkRequest measures what the metrics add to each request, with one client and
// with as many concurrent clients as processors.
func BenchmarkRequest(b *testing.B) {
	route := NewRoute("/api/hyperfleet/v1/clusters/{cluster_id}")
	request := func() {
		RequestsInFlight.Inc()
		RequestsInFlight.Dec()
		route.Answered(http.MethodGet, http.StatusOK, 2048, 26*time.Microsecond)
	}
	b.Run("One", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			request()
		}
	})
	b.Run("Parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				request()
			}
		})
	})
}
