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

package facade

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

var (
	indexObjects = prometheus.NewDesc(metrics.Namespace+"_index_objects",
		"Objects in this replica's index, by collection.", []string{"collection"}, nil)
	resources = prometheus.NewDesc(metrics.Namespace+"_resources",
		"Clusters and NodePools by the status of their conditions Ready and Available; at the leader only, so that a sum over replicas counts each once.",
		[]string{"kind", "ready", "available"}, nil)
	resourcesTerminating = prometheus.NewDesc(metrics.Namespace+"_resources_terminating",
		"Clusters and NodePools that are being deleted; at the leader only.", []string{"kind"}, nil)
)

// Collector returns the metrics of what the indexes hold. elected is closed once
// this replica leads.
func (s *Server) Collector(elected <-chan struct{}) prometheus.Collector {
	return &collector{server: s, elected: elected}
}

// collector counts at each scrape: a count is a matter of posting lists, not of
// rows.
type collector struct {
	server  *Server
	elected <-chan struct{}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	to <- indexObjects
	to <- resources
	to <- resourcesTerminating
}

// Collect implements prometheus.Collector. An index that is not loaded yet has no
// numbers.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	s := c.server
	for _, of := range []collection{s.clusters, s.nodePools, s.statuses} {
		if of.index.HasSynced() {
			to <- count(indexObjects, of.index, nil, of.plural)
		}
	}
	select {
	case <-c.elected:
	default:
		return
	}
	for kind, of := range map[string]collection{v1.ClusterKind: s.clusters, v1.NodePoolKind: s.nodePools} {
		if !of.index.HasSynced() {
			continue
		}
		for _, q := range byConditions {
			to <- count(resources, of.index, q.filter, kind, q.ready, q.available)
		}
		to <- count(resourcesTerminating, of.index, terminating, kind)
	}
}

// conditionsQuery selects resources by the two conditions that all of them have.
type conditionsQuery struct {
	ready, available string
	filter           tsl.Expr
}

var (
	byConditions = conditionsQueries()
	terminating  = mustParse("deleted_time > '1970-01-01T00:00:00Z'")
)

func conditionsQueries() []conditionsQuery {
	var queries []conditionsQuery
	for _, ready := range []string{"True", "False"} {
		for _, available := range []string{"True", "False"} {
			queries = append(queries, conditionsQuery{ready, available, mustParse(fmt.Sprintf(
				"status.conditions.%s='%s' and status.conditions.%s='%s'", v1.ReadyCondition, ready, v1.AvailableCondition, available))})
		}
	}
	return queries
}

func mustParse(search string) tsl.Expr {
	filter, err := tsl.Parse(search)
	if err != nil { // a constant
		panic(err)
	}
	return filter
}

// count returns how many rows match, as a gauge. It asks for no row.
func count(desc *prometheus.Desc, index *fleet.Index, filter tsl.Expr, labels ...string) prometheus.Metric {
	page, err := index.List(context.Background(), fleet.Query{Filter: filter})
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(page.Total), labels...)
}
