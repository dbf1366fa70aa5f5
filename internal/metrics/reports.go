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
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Results of reports.
const (
	// ReportStored is for a report that changes a condition.
	ReportStored = "stored"
	// ReportHeartbeat is for a stored report that changes no condition except its times.
	ReportHeartbeat = "heartbeat"
	// ReportDiscarded is for a report over REST that changes nothing.
	ReportDiscarded = "discarded"
	// ReportRefused is for a report over REST that is answered with a problem.
	ReportRefused = "refused"
)

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
	// DiscardImplausible is for a stored report that was deleted because it is implausible:
	// no adapter can have made it.
	DiscardImplausible = "implausible"
	// DiscardPredecessor is for a stored report that was deleted because its resource no
	// longer exists and a new resource has the same name.
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
	// names are the values of the label adapter in this process.
	names adapterNames

	reports = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "reports_total",
		Help:      "Reports by kind of the resource, adapter and result. The leader counts stored reports, whether written over REST or to the API server. Each replica counts the discarded and refused reports of its own REST API.",
	}, []string{"kind", "adapter", "result"})

	reportsDiscarded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "reports_discarded_total",
		Help:      "Reports that change nothing or were deleted, by kind of the resource, adapter and reason.",
	}, []string{"kind", "adapter", "reason"})

	reportsRefused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "reports_refused_total",
		Help:      "Reports over REST that were answered with a problem, by kind of the resource, adapter and code of the problem.",
	}, []string{"kind", "adapter", "code"})

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
	return []prometheus.Collector{reports, reportsDiscarded, reportsRefused, StatusWrites, AggregationDuration}
}

// AdapterLabel returns the value of the label adapter for an adapter that has reported.
func AdapterLabel(adapter string) string { return names.label(adapter, true) }

// StoredReport counts a stored report by its result, ReportStored or ReportHeartbeat.
func StoredReport(kind, adapter, result string) {
	reports.WithLabelValues(kind, AdapterLabel(adapter), result).Inc()
}

// DiscardedReport counts a report over REST that changes nothing.
func DiscardedReport(kind, adapter, reason string) {
	reports.WithLabelValues(kind, AdapterLabel(adapter), ReportDiscarded).Inc()
	DeletedReport(kind, adapter, reason)
}

// DeletedReport counts a stored report that HyperFleet has deleted.
func DeletedReport(kind, adapter, reason string) {
	reportsDiscarded.WithLabelValues(kind, AdapterLabel(adapter), reason).Inc()
}

// RefusedReport counts a report over REST that is answered with a problem. Nobody has
// checked the name of its adapter, so the report gives the adapter no label value.
func RefusedReport(kind, adapter, code string) {
	label := names.label(adapter, false)
	reports.WithLabelValues(kind, label, ReportRefused).Inc()
	reportsRefused.WithLabelValues(kind, label, code).Inc()
}

// requireAdapters gives the required adapters of each Kind label values, and series: rate()
// needs a first value to grow from.
func requireAdapters(required map[string][]string) {
	for _, retired := range names.require(slices.Concat(slices.Collect(maps.Values(required))...)) {
		for _, of := range []*prometheus.CounterVec{reports, reportsDiscarded, reportsRefused} {
			of.DeletePartialMatch(prometheus.Labels{"adapter": retired})
		}
	}
	for kind, adapters := range required {
		for _, adapter := range adapters {
			for _, result := range []string{ReportStored, ReportHeartbeat, ReportDiscarded, ReportRefused} {
				reports.WithLabelValues(kind, adapter, result)
			}
			for _, reason := range []string{DiscardStale, DiscardAhead, DiscardUnknown, DiscardOrphan, DiscardImplausible, DiscardPredecessor} {
				reportsDiscarded.WithLabelValues(kind, adapter, reason)
			}
		}
	}
}
