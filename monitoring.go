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

package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/tracing"
	"github.com/hyperfleet-io/hyperfleet/internal/version"
)

// exportTimeout bounds the export of the remaining spans when the program ends. A
// collector that is unavailable must not keep the program from ending.
const exportTimeout = 5 * time.Second

// startTracing enables spans of the facade, of the reconcilers and of their API server
// requests, if the environment configures tracing. The caller must call stop when the
// program ends.
func startTracing(ctx context.Context, config *rest.Config, settings *facade.Options) (stop func(), err error) {
	log := ctrl.Log.WithName("tracing")
	provider, shutdown, err := tracing.Setup(ctx, version.Get().Version, log)
	if err != nil {
		return nil, err
	}
	config.Wrap(tracing.Transport)
	settings.TracerProvider = provider
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
		defer cancel()
		if err := shutdown(ctx); err != nil {
			log.Error(err, "Some traces are not exported")
		}
	}, nil
}

// setupMetrics registers the metrics of the program, of the replica and, unless it is
// nil, of the database.
func setupMetrics(mgr manager.Manager, rep *replica.Replica, database prometheus.Collector) error {
	if err := metrics.RegisterBuildInfo(version.Get()); err != nil {
		return err
	}
	if database != nil {
		if err := ctrlmetrics.Registry.Register(database); err != nil {
			return err
		}
	}
	return ctrlmetrics.Registry.Register(rep.Collector(mgr.Elected()))
}
