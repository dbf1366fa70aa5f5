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
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// fill creates clusters and their reports, and the status that the reconciler would
// write, so the manager that starts next has nothing to aggregate. In the server, the
// reconciler is already running and writes the status. None of this is measured.
func (r *run) fill(ctx context.Context, clusters int) error {
	created := &created{}
	s := load{workers: 2 * r.concurrency, requests: clusters, limit: fillLimit, newWorker: func() worker {
		return worker{do: func(i int) (int, error) { return 0, r.fillOne(ctx, created, i) }}
	}}.run(ctx)
	if s.fault != nil || len(created.clusters) < clusters {
		return errors.Join(ctx.Err(), s.fault, fmt.Errorf("%d of %d clusters were created", len(created.clusters), clusters))
	}
	r.fleet = created.inOrder(0)
	return nil
}

func (r *run) fillOne(ctx context.Context, into *created, number int) error {
	object := clusterObject(watched, number)
	if err := r.admin.Create(ctx, object); err != nil {
		return err
	}
	one := &cluster{number: number, uid: object.UID}
	reports := make([]aggregate.Report, len(adapters))
	for adapter := range adapters {
		observed := time.Now()
		report := reportObject(watched, one, adapter, observed)
		if err := r.admin.Create(ctx, report); err != nil {
			return err
		}
		one.reported[adapter] = observed
		reports[adapter] = aggregate.ReportOf(report)
	}
	if r.plane != nil {
		object.Status = aggregated(object, reports)
		if err := r.admin.Status().Update(ctx, object, client.FieldOwner(v1.ControllerFieldManager)); err != nil {
			return err
		}
	}
	into.add(one)
	return nil
}

// aggregated returns the first status that the reconciler would write for a
// cluster.
func aggregated(c *v1.Cluster, reports []aggregate.Report) v1.ResourceStatus {
	conditions := aggregate.Conditions(aggregate.Input{
		Kind:       v1.ClusterKind,
		Generation: c.Generation,
		Created:    c.CreationTimestamp.Time,
		Updated:    v1.UpdatedTime(c),
		Required:   adapterNames(),
		Reports:    reports,
		Now:        time.Now(),
	})
	return v1.ResourceStatus{
		ID:                 v1.ID(c.UID),
		ObservedGeneration: c.Generation,
		Available:          conditions[0].Status, // these two always come first
		Ready:              conditions[1].Status,
		Conditions:         conditions,
	}
}
