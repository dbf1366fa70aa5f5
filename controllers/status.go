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
	"slices"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"k8s.io/apimachinery/pkg/conversion"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

var tracer = otel.Tracer("github.com/hyperfleet-io/hyperfleet/controllers")

// RequiredAdapters names the adapters that Ready and Available depend on.
type RequiredAdapters interface {
	// Required returns the names of the adapters for a Kind. Callers must not modify
	// the slice.
	Required(kind string) []string

	// OnChange has f called after every change of the required adapters.
	OnChange(f func())
}

// aggregator computes and writes the status of the parents of one Kind.
type aggregator struct {
	Options
	kind     string
	memory   *memory
	recorder eventRecorder
}

// update makes the status of obj match the reports on it. It writes once, or not at
// all where the status is right or its write may wait. In the latter case, the result
// says when to call update again. missingCluster is the name of a NodePool's Cluster
// if that does not exist, else empty.
func (a aggregator) update(ctx context.Context, obj parent, missingCluster string) (ctrl.Result, error) {
	key := client.ObjectKeyFromObject(obj)
	received := a.memory.takeReceived(key) // before the reports are read, so that they include it
	reports := a.Reports.On(a.kind, obj)
	status, err := a.compute(ctx, obj, reports, missingCluster)
	if err != nil {
		a.memory.returnReceived(key, received)
		return ctrl.Result{}, err
	}
	if sameStatus.DeepEqual(obj.GetStatus(), status) {
		a.memory.dropHeartbeats(obj)
		return ctrl.Result{}, nil
	}
	if delay := a.writeDelay(obj, status); delay > 0 {
		return ctrl.Result{RequeueAfter: delay}, nil
	}

	before := *obj.GetStatus()
	*obj.GetStatus() = *status
	if err := a.write(ctx, obj, &before, received); err != nil {
		a.memory.returnReceived(key, received)
		return ctrl.Result{}, err
	}
	a.memory.wrote(obj)
	a.memory.dropHeartbeats(obj)
	log.FromContext(ctx).V(1).Info("Status updated", "generation", obj.GetGeneration(),
		"ready", status.Ready, "available", status.Available, "reports", len(reports))
	return ctrl.Result{}, nil
}

// compute returns the status of obj that follows from the reports. These come from
// memory and may be older than the stored status, which another process may have
// written. Where they do not explain it, the API server has the last word.
func (a aggregator) compute(ctx context.Context, obj parent, reports []*v1.AdapterStatus, missingCluster string) (*v1.ResourceStatus, error) {
	in := aggregate.Input{
		Kind:           a.kind,
		Generation:     obj.GetGeneration(),
		Created:        obj.GetCreationTimestamp().Time,
		Updated:        v1.UpdatedTime(obj),
		Required:       a.Adapters.Required(a.kind),
		MissingCluster: missingCluster,
		Reports:        make([]aggregate.Report, len(reports)),
		Previous:       a.memory.latestConditions(obj),
		Now:            a.Clock.Now(),
	}
	for i, report := range reports {
		in.Reports[i] = aggregate.ReportOf(report)
	}
	if doubts := aggregate.Unconfirmed(in); len(doubts) > 0 {
		var err error
		if in.Reports, err = a.confirmedReports(ctx, obj); err != nil {
			return nil, err
		}
		in.Confirmed = true
		log.FromContext(ctx).V(1).Info("Reports read from the API server", "doubts", doubts)
	}
	conditions := aggregate.Conditions(in)
	return &v1.ResourceStatus{
		ID:                 v1.ID(obj.GetUID()),
		ObservedGeneration: obj.GetGeneration(),
		Ready:              aggregate.Ready(conditions).Status,
		Available:          aggregate.Available(conditions).Status,
		Conditions:         conditions,
	}, nil
}

// confirmedReports reads the reports on obj from the API server.
func (a aggregator) confirmedReports(ctx context.Context, obj parent) ([]aggregate.Report, error) {
	list := &v1.AdapterStatusList{}
	if err := a.APIReader.List(ctx, list, client.InNamespace(obj.GetNamespace()), storedReports(a.kind, obj.GetName())); err != nil {
		return nil, fmt.Errorf("read the reports on %s: %w", obj.GetName(), err)
	}
	var reports []aggregate.Report
	for i := range list.Items {
		if uid := list.Items[i].Spec.ResourceRef.UID; uid == "" || uid == obj.GetUID() {
			reports = append(reports, aggregate.ReportOf(&list.Items[i]))
		}
	}
	return reports, nil
}

// writeDelay returns how long the write of a status that is not the stored one may
// wait for more heartbeats. It returns 0 where the write is due: more than times
// differs, or the first heartbeat has waited for HeartbeatDelay.
func (a aggregator) writeDelay(obj parent, status *v1.ResourceStatus) time.Duration {
	if a.HeartbeatDelay <= 0 || !sameButUpdated(obj.GetStatus(), status) {
		return 0
	}
	now := a.Clock.Now()
	since := a.memory.batch(obj, status.Conditions, now)
	return max(0, a.HeartbeatDelay-now.Sub(since))
}

// write stores the status of obj. It then counts, traces and records the change from
// the status before. received is the arrival of the first report that the write
// takes in, zero for none.
func (a aggregator) write(ctx context.Context, obj parent, before *v1.ResourceStatus, received time.Time) error {
	ctx, span := tracer.Start(ctx, "write status of "+a.kind, trace.WithAttributes(
		attribute.String("k8s.namespace.name", obj.GetNamespace()),
		attribute.String("hyperfleet.kind", a.kind),
		attribute.String("hyperfleet.name", obj.GetName()),
		attribute.Int64("hyperfleet.generation", obj.GetGeneration()),
	))
	defer span.End()
	if err := putStatus(ctx, a.Client, a.kind, obj); err != nil {
		span.SetStatus(codes.Error, err.Error())
		return err
	}
	if !received.IsZero() {
		metrics.AggregationDuration.WithLabelValues(a.kind).Observe(time.Since(received).Seconds())
	}
	metrics.StatusWrites.WithLabelValues(a.kind, writeReason(before, obj.GetStatus())).Inc()
	a.recorder.statusWritten(a.kind, before, obj)
	return nil
}

// putStatus replaces an object's status. The lock on the resourceVersion is needed
// although no other client writes the status: the conditions before go into the
// conditions after. If the status were computed from a cached object that is older
// than the last own write, a known result could be lost, or one transition dated
// twice.
//
// The update sends the status and the version of the object that it is for. An update
// of the status subresource ignores all else. It costs the API server less than a
// patch, which has the stored object decoded and encoded once more.
func putStatus(ctx context.Context, c client.Client, kind string, obj parent) error {
	put := newParent(kind)
	put.SetNamespace(obj.GetNamespace())
	put.SetName(obj.GetName())
	put.SetUID(obj.GetUID())
	put.SetResourceVersion(obj.GetResourceVersion())
	*put.GetStatus() = *obj.GetStatus()
	if err := c.Status().Update(ctx, put, client.FieldOwner(v1.ControllerFieldManager)); err != nil {
		return fmt.Errorf("update status: %w", err)
	}
	obj.SetResourceVersion(put.GetResourceVersion())
	return nil
}

// writeReason returns the metric label for the change that made a write due.
func writeReason(before, after *v1.ResourceStatus) string {
	switch {
	case !before.Computed():
		return metrics.WriteInitial
	case before.ObservedGeneration != after.ObservedGeneration:
		return metrics.WriteSpecChange
	case before.Ready != after.Ready || before.Available != after.Available:
		return metrics.WriteTransition
	}
	return metrics.WriteRefresh
}

// sameStatus compares statuses by meaning: times as instants.
var sameStatus = conversion.EqualitiesOrDie(v1.Timestamp.Equal)

// sameButUpdated reports whether two statuses differ at most in lastUpdatedTime.
func sameButUpdated(a, b *v1.ResourceStatus) bool {
	return a.ID == b.ID && a.ObservedGeneration == b.ObservedGeneration && a.Ready == b.Ready && a.Available == b.Available &&
		slices.EqualFunc(a.Conditions, b.Conditions, aggregate.SameButUpdated)
}
