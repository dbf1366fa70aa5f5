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

package replica

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

var (
	reportsDesc = prometheus.NewDesc(metrics.Namespace+"_reports",
		"Stored reports by kind of the resource and adapter, also 0 of a required adapter; at the leader only.",
		[]string{"kind", "adapter"}, nil)
	oldestReportDesc = prometheus.NewDesc(metrics.Namespace+"_reports_oldest_age_seconds",
		"Seconds since the observed time of an adapter's oldest stored report; at the leader only.",
		[]string{"kind", "adapter"}, nil)
	newestReportDesc = prometheus.NewDesc(metrics.Namespace+"_reports_newest_age_seconds",
		"Seconds since the observed time of an adapter's newest stored report; at the leader only.",
		[]string{"kind", "adapter"}, nil)
)

func describeReports(to chan<- *prometheus.Desc) {
	to <- reportsDesc
	to <- oldestReportDesc
	to <- newestReportDesc
}

// A reporter is an adapter, by its label value, that reports on resources of a kind.
type reporter struct{ kind, adapter string }

// observedReports summarizes the reports of one reporter.
type observedReports struct {
	total          int
	oldest, newest time.Time // observed times
}

// scannedReports is the result of the last scan of all reports. No index of reports is
// ordered by adapter and time, so a scan looks at each report.
type scannedReports struct {
	mu      sync.Mutex
	of      map[reporter]*observedReports
	expires time.Time
}

// A scan that takes longer than cheapScan is repeated only after scanPause times its
// duration, so these scans take at most a hundredth of a processor. A scan of 400,000
// reports takes about 150 ms.
const (
	cheapScan = time.Millisecond
	scanPause = 100
)

// lifetime returns the time for which scrapes reuse the result of a scan, given the
// duration of the scan.
func lifetime(took time.Duration) time.Duration {
	if took <= cheapScan {
		return 0
	}
	return scanPause * took
}

// observe returns the summary of each reporter. The caller must not change it.
func (s *scannedReports) observe(rows func() []*fleet.Row) map[reporter]*observedReports {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := time.Now()
	if begin.Before(s.expires) {
		return s.of
	}
	s.of = map[reporter]*observedReports{}
	for _, row := range rows() {
		kind, _ := rest.ReportedResource(row)
		key := reporter{kind, metrics.AdapterLabel(row.Name)}
		observed := s.of[key]
		if observed == nil {
			observed = &observedReports{}
			s.of[key] = observed
		}
		if observed.total == 0 || row.UpdatedTime.Before(observed.oldest) {
			observed.oldest = row.UpdatedTime
		}
		if observed.total == 0 || row.UpdatedTime.After(observed.newest) {
			observed.newest = row.UpdatedTime
		}
		observed.total++
	}
	s.expires = begin.Add(lifetime(time.Since(begin)))
	return s.of
}

func (c *collector) collectReports(to chan<- prometheus.Metric, now time.Time) {
	of := c.reports.observe(c.replica.Reports.Index.Rows)
	for by, observed := range of {
		to <- prometheus.MustNewConstMetric(reportsDesc, prometheus.GaugeValue, float64(observed.total), by.kind, by.adapter)
		// The clock of an adapter may be ahead.
		oldest, newest := max(0, now.Sub(observed.oldest)), max(0, now.Sub(observed.newest))
		to <- prometheus.MustNewConstMetric(oldestReportDesc, prometheus.GaugeValue, oldest.Seconds(), by.kind, by.adapter)
		to <- prometheus.MustNewConstMetric(newestReportDesc, prometheus.GaugeValue, newest.Seconds(), by.kind, by.adapter)
	}
	for by := range c.replica.requiredReporters() {
		if _, reported := of[by]; !reported {
			to <- prometheus.MustNewConstMetric(reportsDesc, prometheus.GaugeValue, 0, by.kind, by.adapter)
		}
	}
}

func (r *Replica) requiredReporters() map[reporter]struct{} {
	required := map[reporter]struct{}{} // two adapters may have the same label value
	for _, kind := range []string{v1.ClusterKind, v1.NodePoolKind} {
		for _, adapter := range r.options.RequiredAdapters(kind) {
			required[reporter{kind, metrics.AdapterLabel(adapter)}] = struct{}{}
		}
	}
	return required
}
