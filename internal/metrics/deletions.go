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

// ForcedDeletions counts the resources that were removed without waiting for adapters.
var ForcedDeletions = prometheus.NewCounterVec(prometheus.CounterOpts{
	Namespace: Namespace,
	Name:      "forced_deletions_total",
	Help:      "Resources that were removed by force, without waiting for adapters, by kind.",
}, []string{"kind"})

func deletionMetrics() []prometheus.Collector { return []prometheus.Collector{ForcedDeletions} }
