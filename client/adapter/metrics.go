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

package adapter

import (
	"cmp"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// calls counts the calls of adapters. Its result is that of the report, Error if the
// adapter failed, Stale if a newer report is stored, or Lost if the report could not be
// written.
var calls = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "hyperfleet_adapter_calls_total",
	Help: "Calls of an adapter, by Kind of the parent and result.",
}, []string{"adapter", "kind", "result"})

var clockAhead = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "hyperfleet_adapter_clock_ahead_seconds",
	Help: "How far the clock of an adapter is ahead of the API server's, negative if it is behind.",
}, []string{"adapter"})

func init() { metrics.Registry.MustRegister(calls, clockAhead) }

func count(adapter, kind string, r Report, failed, lost error) {
	result := string(cmp.Or(r.Status, metav1.ConditionUnknown))
	switch {
	case errors.Is(lost, errStale):
		result = "Stale"
	case lost != nil:
		result = "Lost"
	case failed != nil:
		result = "Error"
	}
	calls.WithLabelValues(adapter, kind, result).Inc()
}
