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

import "github.com/prometheus/client_golang/prometheus"

// Reasons why a report changes nothing.
const (
	// DiscardStale is for a report that is older than the stored report.
	DiscardStale = "stale"
	// DiscardAhead is for a report on a generation that the resource has not reached.
	DiscardAhead = "ahead_of_generation"
	// DiscardUnknown is for a report of Available=Unknown after a result.
	DiscardUnknown = "unknown_after_result"
	// DiscardOrphan is for a stored report that was deleted because its resource does
	// not exist.
	DiscardOrphan = "orphan"
	// DiscardImplausible is for a stored report that was deleted because no adapter can
	// have observed what it says.
	DiscardImplausible = "implausible"
	// DiscardPredecessor is for a stored report that was deleted because its resource
	// is gone and a new resource has the same name.
	DiscardPredecessor = "predecessor"
)

// Reasons why a status is written.
const (
	// WriteInitial is for the first status of a resource.
	WriteInitial = "initial"
	// WriteSpecChange is for the first status of a new generation.
	WriteSpecChange = "spec_change"
	// WriteTransition is for a change of Ready or Available.
	WriteTransition = "transition"
	// WriteRefresh is for other changes, such as the times of new reports.
	WriteRefresh = "refresh"
)

var (
	// ReportsDiscarded counts reports that change nothing, by the Kind of the
	// resource and the reason.
	ReportsDiscarded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "reports_discarded_total",
		Help:      "Reports that change nothing or were deleted, by kind of the resource and reason.",
	}, []string{"kind", "reason"})

	// StatusWrites counts writes of a resource's status by Kind and reason.
	StatusWrites = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "status_writes_total",
		Help:      "Writes of the status of resources, by kind of the resource and reason.",
	}, []string{"kind", "reason"})

	// AggregationDuration is the time from a report to the status that reflects it.
	AggregationDuration = prometheus.NewHistogramVec(histogram("aggregation_duration_seconds",
		"Time from the arrival of a report at the leader to the end of the status write that reflects it; the first of several reports counts.",
		[]float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}), []string{"kind"})
)

func reportMetrics() []prometheus.Collector {
	return []prometheus.Collector{ReportsDiscarded, StatusWrites, AggregationDuration}
}
