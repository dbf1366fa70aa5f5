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

	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

type requestQueue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// reportSource passes the events of reports to a controller.
type reportSource struct {
	reports *replica.Reports
	handler func(requestQueue) toolscache.ResourceEventHandler
}

var _ source.SyncingSource = reportSource{}

// Start begins to add requests to the controller's queue for each report that changes.
func (s reportSource) Start(_ context.Context, queue requestQueue) error {
	s.reports.AddEventHandler(s.handler(queue))
	return nil
}

// WaitForSync delays the controller until all reports are known. An aggregation of only
// some reports would lose the results of the other reports.
func (s reportSource) WaitForSync(ctx context.Context) error { return s.reports.WaitForSync(ctx) }

// String names the source in logs.
func (s reportSource) String() string { return "reports" }
