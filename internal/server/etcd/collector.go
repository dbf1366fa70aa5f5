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

package etcd

import "github.com/prometheus/client_golang/prometheus"

var (
	sizeDesc  = prometheus.NewDesc("hyperfleet_database_size_bytes", "Size of the database of hyperfleet server, free pages included.", nil, nil)
	inUseDesc = prometheus.NewDesc("hyperfleet_database_in_use_bytes", "Size of what the database of hyperfleet server holds.", nil, nil)
	quotaDesc = prometheus.NewDesc("hyperfleet_database_quota_bytes", "Size at which the database of hyperfleet server refuses writes.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s *Server) Describe(descriptions chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(s, descriptions)
}

// Collect implements prometheus.Collector.
func (s *Server) Collect(metrics chan<- prometheus.Metric) {
	database := s.embedded.Server.Backend()
	for desc, value := range map[*prometheus.Desc]int64{sizeDesc: database.Size(), inUseDesc: database.SizeInUse(), quotaDesc: s.space.quota} {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value))
	}
}
