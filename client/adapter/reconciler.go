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

package adapter

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// reconciler calls an adapter for the parents of one Kind.
type reconciler struct {
	adapter  Adapter
	kind     string
	options  Options
	door     door
	schedule *schedule
}

// Reconcile calls the adapter for one parent, if the schedule requires it, and reports
// the result.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	parent, err := r.door.get(ctx, request)
	if err != nil {
		return ctrl.Result{}, err
	}
	if parent == nil || !r.options.Selector.Matches(labels.Set(parent.GetLabels())) {
		r.schedule.forget(request)
		return ctrl.Result{}, nil
	}
	if wait := r.schedule.wait(request, parent); wait > 0 {
		return again(wait), nil
	}
	report, failed := r.call(ctx, parent)
	if ctx.Err() != nil {
		return ctrl.Result{}, ctx.Err() // a call that a shutdown cuts off has no result
	}
	lost := r.door.write(ctx, parent, conditions(parent.GetDeletionTimestamp() != nil, report, failed), report.Data)
	count(r.adapter.Name, r.kind, report, failed, lost)
	switch {
	case failed == nil && errors.Is(lost, errStale):
		r.schedule.stale(request, parent)
	case failed != nil || lost != nil:
		r.schedule.failed(request, parent)
		logf.FromContext(ctx).Error(errors.Join(failed, lost), "Failed to reconcile; the call will be repeated", "generation", parent.GetGeneration())
	default:
		r.schedule.called(request, parent, report)
	}
	return again(r.schedule.wait(request, parent)), nil
}

// again returns a result for a call of the schedule. Events have priority over the
// schedule: while a large fleet changes, repeated reports must not delay first reports. A
// wait of zero would cancel the call, so again returns at least a minimal wait.
func again(wait time.Duration) ctrl.Result {
	return ctrl.Result{RequeueAfter: max(time.Millisecond, wait), Priority: new(handler.LowPriority)}
}

// call calls the adapter, and reports a long call as work in progress.
func (r *reconciler) call(ctx context.Context, parent hyperfleetv1.Parent) (Report, error) {
	announced := make(chan struct{})
	called, returned := context.WithCancel(ctx)
	go func() {
		defer close(announced)
		timer := r.options.Clock.NewTimer(r.options.Patience)
		defer timer.Stop()
		select {
		case <-called.Done():
			return
		case <-timer.C():
		}
		working := conditions(parent.GetDeletionTimestamp() != nil, Report{}, nil)
		// Only the report at the end is essential.
		if err := r.door.announce(called, parent, working); err != nil && called.Err() == nil {
			logf.FromContext(ctx).Info("Failed to report work in progress", "error", err.Error())
		}
	}()
	limited, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	if r.options.DryRun != nil {
		limited = context.WithValue(limited, dryRunKey{}, true)
	}
	report, err := r.adapter.call(limited, parent)
	returned()
	<-announced
	return report, err
}
