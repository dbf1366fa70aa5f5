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

// Results of a reload of the adapters' configuration.
const (
	ReloadSucceeded = "success"
	ReloadFailed    = "failure"
)

var (
	// AdaptersReloads counts the changed versions of the adapters' configuration, by
	// whether the version came into force.
	AdaptersReloads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "required_adapters_reloads_total",
		Help:      "Changed versions of the adapters' configuration that were read, by result.",
	}, []string{"result"})

	adaptersValid = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: Namespace,
		Name:      "required_adapters_last_reload_successful",
		Help:      "Whether the current version of the adapters' configuration is in force.",
	})

	adaptersSince = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: Namespace,
		Name:      "required_adapters_last_reload_success_timestamp_seconds",
		Help:      "Time when a version of the adapters' configuration last came into force.",
	})
)

func adaptersMetrics() []prometheus.Collector {
	return []prometheus.Collector{AdaptersReloads, adaptersValid, adaptersSince}
}

// AdaptersInForce records that the current version of the adapters' configuration is
// in force, and which adapters it requires, by Kind.
func AdaptersInForce(required map[string][]string) {
	requireAdapters(required)
	adaptersValid.Set(1)
	adaptersSince.SetToCurrentTime()
}

// AdaptersRejected records that the current version of the adapters' configuration is
// not valid.
func AdaptersRejected() { adaptersValid.Set(0) }
