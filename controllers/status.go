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
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/conversion"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

var tracer = otel.Tracer("github.com/hyperfleet-io/hyperfleet/controllers")

// AdapterConfig is the configuration of the adapters.
type AdapterConfig interface {
	// Required returns the names of the adapters that Ready and Available of a Kind
	// depend on. Callers must not modify the slice.
	Required(kind string) []string

	// Finalizing returns the names of the required adapters that must report
	// Finalized=True before a deleted object of the Kind is removed. Callers must not modify
	// the slice.
	Finalizing(kind string) []string

	// Mapping returns the rules of the mapped conditions of a Kind, nil for none.
	Mapping(kind string) *mapping.Program

	// OnChange registers f, which is called after every change of a value that the other
	// methods return.
	OnChange(f func())
}

// aggregator computes and writes the status of the parents of one Kind.
type aggregator struct {
	Options
	kind     string
	memory   *memory
	recorder eventRecorder
}

// circumstances are the facts that the status of a parent depends on, in addition to the
// parent and the reports on it.
type circumstances struct {
	missingCluster string   // name of a NodePool's Cluster if the Cluster does not exist
	children       []string // names of the NodePools that a deleted Cluster still has
	finalizers     []string // finalizers of other programs on a deleted parent
	finalizing     []string // adapters whose Finalized=True a deleted parent waits for
}

// computation is a status that is not stored yet, and the data from which it was
// computed.
type computation struct {
	in      aggregate.Input
	reports []*v1.AdapterStatus // the objects that in.Reports were made from
	status  *v1.ResourceStatus

	// version is the resourceVersion of the reports: they reflect all changes up to it.
	version uint64

	// finalized is the generation at which the deletion of the parent was decided, zero if
	// that was not decided now.
	finalized int64

	// received is the arrival of the first report that the stored status lacks, zero
	// for none.
	received time.Time
}

// update makes the status of obj match the reports on it. It writes at most once: it does
// not write if the stored status is right already, or if the write may wait. If the write
// may wait, the result contains the time until the next call of update.
func (a aggregator) update(ctx context.Context, obj parent, at circumstances) (ctrl.Result, error) {
	c, err := a.compute(ctx, obj, at)
	if err != nil {
		return ctrl.Result{}, err
	}
	return a.save(ctx, obj, c)
}

// compute returns the status of obj that follows from the reports. The reports come from
// memory and may be older than the stored status, which another process may have written.
// If they do not explain the stored status, compute reads the reports from the API
// server.
func (a aggregator) compute(ctx context.Context, obj parent, at circumstances) (computation, error) {
	key := client.ObjectKeyFromObject(obj)
	c := computation{received: a.memory.takeReceived(key)} // before the reports are read, so that they include it
	c.in = aggregate.Input{
		Kind:           a.kind,
		Generation:     obj.GetGeneration(),
		Created:        obj.GetCreationTimestamp().Time,
		Required:       a.Adapters.Required(a.kind),
		Finalizing:     at.finalizing,
		Children:       at.children,
		Finalizers:     at.finalizers,
		MissingCluster: at.missingCluster,
		ConditionNames: a.ConditionNames,
		Previous:       a.memory.latestConditions(obj),
	}
	if deleted := obj.GetDeletionTimestamp(); deleted != nil {
		c.in.Deleted = deleted.Time
	}
	if kept := aggregate.Kept(obj.GetAnnotations(), obj.GetStatus().Conditions); len(kept) > 0 {
		// The stored results are kept. The report of a newer heartbeat may no longer exist.
		c.in.Kept, c.in.Previous = kept, obj.GetStatus().Conditions
	}
	c.version = a.Reports.Index.ResourceVersion() // before the reports are read, so that they reflect it
	c.in.Foreign = a.memory.isBehind(obj, c.version)
	err := a.take(ctx, obj, &c, a.Reports.On(a.kind, obj))
	if doubts := aggregate.Unconfirmed(c.in); err == nil && len(doubts) > 0 {
		log.FromContext(ctx).V(1).Info("Reading reports from the API server", "doubts", doubts)
		err = a.confirm(ctx, obj, &c)
	}
	if err != nil {
		a.memory.returnReceived(key, c.received)
		return c, err
	}
	a.evaluate(obj, &c)
	return c, nil
}

// take puts the reports into the input, sets the time of the input, and applies the rules
// for mapped conditions.
func (a aggregator) take(ctx context.Context, obj parent, c *computation, reports []*v1.AdapterStatus) (err error) {
	c.reports, c.in.Reports = reports, make([]aggregate.Report, len(reports))
	for i, report := range reports {
		c.in.Reports[i] = aggregate.ReportOf(report)
	}
	if c.in.Now, err = a.now(ctx, obj, c.in); err != nil {
		return err
	}
	return a.applyRules(ctx, obj, c)
}

// now returns the time of a computation. It is this process's time, unless the status
// depends on a time that is in the future by this process's clock. In that case it is the
// API server's time if that is later, because this process's clock may be late and the
// stored time right.
func (a aggregator) now(ctx context.Context, obj parent, in aggregate.Input) (time.Time, error) {
	latest := v1.UpdatedTime(obj)
	for _, r := range in.Reports {
		latest = laterOf(latest, r.Observed)
	}
	for _, c := range in.Previous {
		latest = laterOf(laterOf(latest, c.LastUpdatedTime.Time), c.LastTransitionTime.Time)
	}
	now := a.Clock.Now()
	if !v1.IsFuture(latest, now) {
		return now, nil
	}
	return a.clocks.Latest(ctx, obj.GetNamespace())
}

func laterOf(t, u time.Time) time.Time {
	if u.After(t) {
		return u
	}
	return t
}

// evaluate computes the status from the input, by newStatus and aggregate.Conditions.
func (a aggregator) evaluate(obj parent, c *computation) {
	c.status = newStatus(obj, &c.in)
	if obj.GetDeletionTimestamp() != nil {
		c.status.FinalizedGeneration = cmp.Or(c.finalized, obj.GetStatus().FinalizedGeneration)
	}
}

// newStatus returns the status that follows from the input and from the present status of
// obj. It sets in.Updated.
func newStatus(obj v1.Parent, in *aggregate.Input) *v1.ResourceStatus {
	status := &v1.ResourceStatus{ID: v1.ID(obj.GetUID()), ObservedGeneration: obj.GetGeneration()}
	v1.RecordUpdate(status, obj, in.Now)
	in.Updated = status.UpdatedTime.Time
	status.Conditions = aggregate.Conditions(*in)
	status.Ready = aggregate.ReadyOf(status.Conditions).Status
	status.Available = aggregate.AvailableOf(status.Conditions).Status
	return status
}

// confirm replaces the reports of the input with the reports that the API server has.
func (a aggregator) confirm(ctx context.Context, obj parent, c *computation) error {
	list := &v1.AdapterStatusList{}
	if err := a.APIReader.List(ctx, list, client.InNamespace(obj.GetNamespace()), storedReports(a.kind, obj.GetName())); err != nil {
		return fmt.Errorf("read the reports on %s: %w", obj.GetName(), err)
	}
	version, err := strconv.ParseUint(list.ResourceVersion, 10, 64)
	if err != nil {
		return fmt.Errorf("read the version of the reports on %s: %w", obj.GetName(), err)
	}
	c.version = version
	var reports []*v1.AdapterStatus
	for i := range list.Items {
		if uid := list.Items[i].Spec.ResourceRef.UID; uid == "" || uid == obj.GetUID() {
			reports = append(reports, &list.Items[i])
		}
	}
	c.in.Confirmed = true
	return a.take(ctx, obj, c, reports)
}

// save stores a computed status, unless it is stored already or its write may wait. If
// the API server refuses the status because of its size, save stores a shorter one.
func (a aggregator) save(ctx context.Context, obj parent, c computation) (ctrl.Result, error) {
	key := client.ObjectKeyFromObject(obj)
	if sameStatus.DeepEqual(obj.GetStatus(), c.status) {
		a.memory.dropHeartbeats(obj)
		return ctrl.Result{}, nil
	}
	if delay := a.writeDelay(obj, c.status); delay > 0 {
		return ctrl.Result{RequeueAfter: delay}, nil
	}
	before := *obj.GetStatus()
	err := a.write(ctx, obj, &before, c)
	if isTooLarge(err) {
		log.FromContext(ctx).Error(err, "The API server refuses the status because of its size, writing a shorter one")
		*obj.GetStatus() = before
		c.in.Minimal = true
		a.evaluate(obj, &c)
		err = a.write(ctx, obj, &before, c)
		switch {
		case err == nil:
			a.recorder.statusTooLarge(obj)
		case isTooLarge(err):
			log.FromContext(ctx).Error(err, "The object leaves no room for any status, its conditions stay unchanged until the object is shortened")
			a.recorder.noRoomForStatus(obj)
		}
	}
	if err != nil {
		a.memory.returnReceived(key, c.received)
		return ctrl.Result{}, err
	}
	a.memory.wrote(obj, c.version)
	a.memory.dropHeartbeats(obj)
	log.FromContext(ctx).V(1).Info("Status updated", "generation", obj.GetGeneration(),
		"ready", c.status.Ready, "available", c.status.Available, "reports", len(c.in.Reports))
	return ctrl.Result{}, nil
}

// writeDelay returns how long the write of a status that differs from the stored one may
// wait for more heartbeats. It returns 0 if the write must not wait: more than times
// differs, or the first heartbeat has waited long enough. A fifth of HeartbeatDelay is
// reserved for the queue and the write, so that readers see the heartbeat within
// HeartbeatDelay.
func (a aggregator) writeDelay(obj parent, status *v1.ResourceStatus) time.Duration {
	if a.HeartbeatDelay <= 0 || !sameButUpdated(obj.GetStatus(), status) {
		return 0
	}
	now := a.Clock.Now()
	since := a.memory.batch(obj, status.Conditions, now)
	return max(0, a.HeartbeatDelay-a.HeartbeatDelay/5-now.Sub(since))
}

// write assigns a computed status to obj and stores it. It then counts, traces and
// records the change from the previous status.
func (a aggregator) write(ctx context.Context, obj parent, before *v1.ResourceStatus, c computation) error {
	ctx, span := tracer.Start(ctx, "write status of "+a.kind, trace.WithAttributes(
		attribute.String("k8s.namespace.name", obj.GetNamespace()),
		attribute.String("hyperfleet.kind", a.kind),
		attribute.String("hyperfleet.name", obj.GetName()),
		attribute.Int64("hyperfleet.generation", obj.GetGeneration()),
	))
	defer span.End()
	*obj.GetStatus() = *c.status
	if err := putStatus(ctx, a.Client, a.kind, obj); err != nil {
		span.SetStatus(codes.Error, err.Error())
		return err
	}
	if !c.received.IsZero() {
		metrics.AggregationDuration.WithLabelValues(a.kind).Observe(time.Since(c.received).Seconds())
	}
	metrics.StatusWrites.WithLabelValues(a.kind, writeReason(before, obj.GetStatus())).Inc()
	a.recorder.statusWritten(a.kind, before, obj)
	return nil
}

// putStatus replaces an object's status. The lock on the resourceVersion is needed
// although no other client writes the status: the new conditions are computed from the
// previous ones. If the previous ones came from a cached object that is older than the
// last own write, a known result could be lost, or one transition could be dated twice.
//
// The update sends the status, and the identity and version of its object. An update of
// the status subresource ignores everything else. It costs the API server less than a
// patch, for which the API server decodes and encodes the stored object once more.
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

// isTooLarge reports whether the store has refused an object because of its size. The API
// server has a status code only for bodies beyond its own limit. It returns the refusals
// of etcd and of etcd's client as internal errors.
func isTooLarge(err error) bool {
	switch {
	case err == nil:
		return false
	case apierrors.IsRequestEntityTooLargeError(err):
		return true
	}
	return strings.Contains(err.Error(), "etcdserver: request is too large") ||
		strings.Contains(err.Error(), "trying to send message larger than max")
}

// writeReason returns the metric label for the change that caused a write.
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

// sameStatus compares statuses by meaning: it compares times as instants.
var sameStatus = conversion.EqualitiesOrDie(v1.Timestamp.Equal)

// sameButUpdated reports whether two statuses differ at most in lastUpdatedTime.
func sameButUpdated(a, b *v1.ResourceStatus) bool {
	x, y := *a, *b
	x.Conditions, y.Conditions = nil, nil
	return sameStatus.DeepEqual(x, y) && slices.EqualFunc(a.Conditions, b.Conditions, aggregate.SameButUpdated)
}
