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

	// Spec returns the spec of an object of a Kind as REST shows it, and false where it
	// is not known. Rules for mapped conditions see it.
	Spec func(kind string, o client.Object) (spec []byte, known bool, err error)

	// Adapters are the required adapters, and which of them finalize.
	Adapters AdapterConfig

	// Pending are the reports that this process is writing.
	Pending *replica.PendingReports

	// Clock dates the transitions of conditions and tells the age of reports.
	Clock clock.PassiveClock

	// MaxConcurrentReconciles is the number of objects of one Kind that are
	// reconciled at the same time.
	MaxConcurrentReconciles int

	// HeartbeatDelay is how much later than a heartbeat the API server's readers may see
	// it. Heartbeats of that time share a status write; 0 writes immediately.
	HeartbeatDelay time.Duration

	// ConditionNames selects the names of the aggregated conditions.
	ConditionNames aggregate.ConditionNames

	// StuckAfter is the time after which a deletion that still waits is recorded as
	// stuck, and then again; 0 records nothing.
	StuckAfter time.Duration

	// clocks is the comparison of Clock with the API server's.
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
