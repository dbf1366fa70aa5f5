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
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Reports are the AdapterStatuses as this replica holds them to answer reads:
// possibly behind the API server, and without the metadata and the free-form
// content that no reconciler reads.
type Reports interface {
	// Get returns the report of that name, false where there is none.
	Get(key client.ObjectKey) (*v1.AdapterStatus, bool)

	// On returns the reports on that very resource, of that kind.
	On(kind string, resource client.Object) []*v1.AdapterStatus

	// AddEventHandler has the handler called, in order, for what there is and for
	// what changes from then on. The handler must not block.
	AddEventHandler(handler toolscache.ResourceEventHandler)

	// WaitForSync returns nil once the reports there are can be read, and the error
	// of ctx where that is done first.
	WaitForSync(ctx context.Context) error
}

type requestQueue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// reportSource is the source of a controller's events of reports.
type reportSource struct {
	reports Reports
	handler func(requestQueue) toolscache.ResourceEventHandler
}

var _ source.SyncingSource = reportSource{}

// Start has the controller's queue hear of reports from now on.
func (s reportSource) Start(_ context.Context, queue requestQueue) error {
	s.reports.AddEventHandler(s.handler(queue))
	return nil
}

// WaitForSync keeps the controller from work while not all reports are known: to
// aggregate without them would forget what was reported.
func (s reportSource) WaitForSync(ctx context.Context) error { return s.reports.WaitForSync(ctx) }

// String names the source in logs.
func (s reportSource) String() string { return "reports" }
