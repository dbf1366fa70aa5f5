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
	"context"
	"fmt"
	"math"

	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

var (
	stalenessDesc = prometheus.NewDesc(metrics.Namespace+"_index_staleness_seconds",
		"Seconds since this replica's index was last proven to be current.",
		[]string{"collection"}, nil)
	indexObjectsDesc = prometheus.NewDesc(metrics.Namespace+"_index_objects",
		"Objects in this replica's index, by collection.", []string{"collection"}, nil)
	resourcesDesc = prometheus.NewDesc(metrics.Namespace+"_resources",
		"Clusters and NodePools by the status of their conditions Ready and Available; at the leader only, so that a sum over replicas counts each once.",
		[]string{"kind", "ready", "available"}, nil)
	terminatingDesc = prometheus.NewDesc(metrics.Namespace+"_resources_terminating",
		"Clusters and NodePools that are being deleted; at the leader only.", []string{"kind"}, nil)
	stuckDesc = prometheus.NewDesc(metrics.Namespace+"_resources_stuck",
		"Clusters and NodePools whose deletion has waited for longer than --deletion-stuck-after; at the leader only.", []string{"kind"}, nil)
	deletingDesc = prometheus.NewDesc(metrics.Namespace+"_resources_deleting_seconds",
		"Seconds since the deletion of the Cluster or NodePool that has been under deletion for the longest time, 0 for none; at the leader only.",
		[]string{"kind"}, nil)
)

// Collector returns the metrics of the indexes. elected is closed once this replica
// leads.
func (r *Replica) Collector(elected <-chan struct{}) prometheus.Collector {
	return &collector{replica: r, elected: elected, searches: newConditionSearches(r.options.ConditionNames)}
}

// collector counts at each scrape, because a count reads posting lists, not rows. Only
// reports are scanned.
type collector struct {
	replica  *Replica
	elected  <-chan struct{}
	searches []conditionSearch
	reports  scannedReports
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	to <- stalenessDesc
	to <- indexObjectsDesc
	to <- resourcesDesc
	to <- terminatingDesc
	to <- stuckDesc
	to <- deletingDesc
	describeReports(to)
}

// Collect implements prometheus.Collector. It leaves out an index that is not filled
// yet, and the staleness of an index that was never proven.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	r := c.replica
	now := r.options.Clock.Now()
	for _, of := range r.collections() {
		if proven := of.Index.Proven(); !proven.IsZero() {
			to <- prometheus.MustNewConstMetric(stalenessDesc, prometheus.GaugeValue, now.Sub(proven).Seconds(), of.Name)
		}
		if of.Index.HasSynced() {
			to <- count(indexObjectsDesc, of.Index, nil, of.Name)
		}
	}
	select {
	case <-c.elected:
	default:
		return
	}
	for kind, of := range map[string]*Resources{v1.ClusterKind: r.Clusters, v1.NodePoolKind: r.NodePools} {
		if !of.Index.HasSynced() {
			continue
		}
		for _, s := range c.searches {
			to <- count(resourcesDesc, of.Index, s.filter, kind, s.ready, s.available)
		}
		terminating, err := of.Index.List(context.Background(), fleet.Query{Filter: terminatingSearch, Limit: math.MaxInt})
		if err != nil {
			to <- prometheus.NewInvalidMetric(terminatingDesc, err)
			continue
		}
		oldest, stuck := now, 0
		for _, row := range terminating.Rows {
			if after := r.options.StuckAfter; after > 0 && now.Sub(row.DeletedTime) > after {
				stuck++
			}
			if row.DeletedTime.Before(oldest) {
				oldest = row.DeletedTime
			}
		}
		to <- prometheus.MustNewConstMetric(terminatingDesc, prometheus.GaugeValue, float64(terminating.Total), kind)
		to <- prometheus.MustNewConstMetric(stuckDesc, prometheus.GaugeValue, float64(stuck), kind)
		to <- prometheus.MustNewConstMetric(deletingDesc, prometheus.GaugeValue, now.Sub(oldest).Seconds(), kind)
	}
	if r.Reports.Index.HasSynced() {
		c.collectReports(to, now)
	}
}

// A conditionSearch selects resources by the two conditions that every resource has.
type conditionSearch struct {
	ready, available string
	filter           tsl.Expr
}

var terminatingSearch = mustParse("deleted_time > '1970-01-01T00:00:00Z'")

func newConditionSearches(names aggregate.ConditionNames) []conditionSearch {
	readyName, availableName := v1.ReadyCondition, v1.AvailableCondition
	if names == aggregate.NewerNames {
		readyName, availableName = v1.ReconciledCondition, v1.LastKnownReconciledCondition
	}
	var searches []conditionSearch
	for _, ready := range []string{"True", "False"} {
		for _, available := range []string{"True", "False"} {
			searches = append(searches, conditionSearch{ready, available, mustParse(fmt.Sprintf(
				"status.conditions.%s='%s' and status.conditions.%s='%s'", readyName, ready, availableName, available))})
		}
	}
	return searches
}

// mustParse parses a constant search.
func mustParse(search string) tsl.Expr {
	filter, err := tsl.Parse(search)
	if err != nil {
		panic(err)
	}
	return filter
}

// count returns the number of rows that match, as a gauge.
func count(desc *prometheus.Desc, index *fleet.Index, filter tsl.Expr, labels ...string) prometheus.Metric {
	page, err := index.List(context.Background(), fleet.Query{Filter: filter}) // with Limit 0: no rows
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(page.Total), labels...)
}
