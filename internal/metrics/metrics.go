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
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	promversion "github.com/prometheus/common/version"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/version"
)

// Namespace is the prefix of the name of every metric of HyperFleet.
const Namespace = "hyperfleet"

func init() {
	ctrlmetrics.Registry.MustRegister(All()...)
	for _, kind := range []string{v1.ClusterKind, v1.NodePoolKind} {
		// Series exist from the start: rate() needs a first value to grow from.
		AggregationDuration.WithLabelValues(kind)
		ForcedDeletions.WithLabelValues(kind)
		for _, reason := range []string{WriteInitial, WriteSpecChange, WriteTransition, WriteRefresh} {
			StatusWrites.WithLabelValues(kind, reason)
		}
	}
	for _, result := range []string{ReloadSucceeded, ReloadFailed} {
		AdaptersReloads.WithLabelValues(result)
	}
}

// All returns the collectors of this package.
func All() []prometheus.Collector {
	return slices.Concat(requestMetrics(), reportMetrics(), adaptersMetrics(), deletionMetrics())
}

// RegisterBuildInfo registers hyperfleet_build_info, whose labels name the running
// version and its revision.
func RegisterBuildInfo(program version.Info) error {
	promversion.Version, promversion.Revision = program.Version, program.Revision
	return ctrlmetrics.Registry.Register(versioncollector.NewCollector(Namespace))
}

// histogram returns the options of a histogram with classic buckets and, for servers
// that scrape native histograms, the native form with an error of at most 10 %.
func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace:                       Namespace,
		Name:                            name,
		Help:                            help,
		Buckets:                         buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}
