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

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/hyperfleet-io/hyperfleet/controllers"
	"github.com/hyperfleet-io/hyperfleet/internal/adapters"
	"github.com/hyperfleet-io/hyperfleet/internal/leader"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// addReconcilers starts the reconcilers on the leader once its replica is filled. The
// reconcilers need the replica's reports, and filling their cache at the same time
// would delay the answers to reads.
func addReconcilers(mgr manager.Manager, lease *leader.Lease, rep *replica.Replica, required *adapters.Source, o *options) error {
	writer := mgr.GetClient()
	if o.leaderElect {
		writer = lease.Fence(writer)
	}
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		if err := rep.WaitForSync(ctx); err != nil {
			return nil // the manager stops
		}
		return controllers.SetupWithManager(ctx, mgr, controllers.Options{
			Client:                  writer,
			APIReader:               mgr.GetAPIReader(),
			Reports:                 rep.Reports,
			Spec:                    rep.Spec,
			Adapters:                required,
			Pending:                 rep.Pending,
			Clock:                   clock.RealClock{},
			MaxConcurrentReconciles: o.concurrency,
			HeartbeatDelay:          o.heartbeatDelay,
			ConditionNames:          o.conditionNames,
			StuckAfter:              o.stuckAfter,
		})
	}))
}

// addLeftBehindReport logs, once on the leader, the objects in unserved namespaces.
func addLeftBehindReport(mgr manager.Manager, o *options) error {
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		logger := mgr.GetLogger()
		if err := controllers.ReportLeftBehind(log.IntoContext(ctx, logger), mgr.GetAPIReader(), o.namespace); err != nil {
			logger.Error(err, "Failed to look for objects that cannot be deleted")
		}
		return nil
	}))
}
