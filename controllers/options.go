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

package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/clocks"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// Options configure the reconcilers of all Kinds.
type Options struct {
	// Client reads Clusters and NodePools from the cache of CacheOptions, and writes.
	Client client.Client

	// APIReader reads from the API server.
	APIReader client.Reader

	// Reports are the reports that the reconcilers aggregate and delete.
	Reports *replica.Reports

	// Spec returns the spec of an object of a Kind as REST shows it. known is false if the
	// spec is not known. The rules for mapped conditions read the spec.
	Spec func(kind string, o client.Object) (spec []byte, known bool, err error)

	// Adapters is the configuration of the adapters.
	Adapters AdapterConfig

	// Pending are the reports that this process is writing.
	Pending *replica.PendingReports

	// Clock dates the transitions of conditions and measures the age of reports.
	Clock clock.PassiveClock

	// MaxConcurrentReconciles is the number of objects of one Kind that are
	// reconciled at the same time.
	MaxConcurrentReconciles int

	// HeartbeatDelay is the maximum time until readers of the API server see a heartbeat.
	// The heartbeats in that time share one status write; 0 writes immediately.
	HeartbeatDelay time.Duration

	// ConditionNames selects the names of the aggregated conditions.
	ConditionNames aggregate.ConditionNames

	// StuckAfter is the time after which a deletion that still waits is recorded as stuck.
	// The record repeats at this interval; 0 records nothing.
	StuckAfter time.Duration

	// clocks compares Clock with the API server's clock.
	clocks *clocks.Comparison
}

// SetupWithManager declares the index of the manager's cache and registers the
// reconciler of each Kind.
func SetupWithManager(ctx context.Context, mgr ctrl.Manager, o Options) error {
	if err := setupIndexes(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	o.clocks = clocks.NewComparison(o.Clock, o.Client)
	o.Reports.AddEventHandler(countReports)
	if err := (&ClusterReconciler{Options: o}).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the Cluster reconciler: %w", err)
	}
	if err := (&NodePoolReconciler{Options: o}).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the NodePool reconciler: %w", err)
	}
	if err := (&AdapterStatusReconciler{Options: o}).SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the AdapterStatus reconciler: %w", err)
	}
	return nil
}
