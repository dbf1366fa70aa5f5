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
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// aheadGracePeriod is how long a report may be about a generation that its resource does
// not have. An adapter that acts on a resource before it is stored, or after the store
// was restored to an older revision, is not at fault.
const aheadGracePeriod = time.Minute

// judgeTime deletes a report whose observedTime is from the future. While such a report
// exists, the API server refuses every honest report of that adapter as stale. judged is
// true if the report is implausible by this process's clock.
//
// If this process's clock is late, every honest report looks implausible. So judgeTime
// deletes only a report that is implausible by the API server's clock as well.
func (r *AdapterStatusReconciler) judgeTime(ctx context.Context, report *v1.AdapterStatus, resource parent) (judged bool, result ctrl.Result, err error) {
	said := aggregate.ReportOf(report)
	if _, implausible := aggregate.Implausible(said, said.Generation, r.Clock.Now()); !implausible {
		return false, ctrl.Result{}, nil
	}
	now, err := r.clocks.Latest(ctx, report.Namespace)
	if err != nil {
		return true, ctrl.Result{}, err
	}
	reason, implausible := aggregate.Implausible(said, said.Generation, now)
	if !implausible { // judgeStored checks the report again
		return true, ctrl.Result{}, nil
	}
	return true, ctrl.Result{}, r.deleteImplausible(ctx, report, resource, reason)
}

// judgeInterval is the time between two searches for stored reports from the future.
const judgeInterval = time.Minute

// judgeStored returns the source that enqueues stored reports that are from the future
// now, but were not when they arrived. A clock was ahead then, and its later correction
// causes no event.
func (r *AdapterStatusReconciler) judgeStored() source.Source {
	return source.Func(func(ctx context.Context, queue requestQueue) error {
		go wait.UntilWithContext(ctx, func(ctx context.Context) {
			if err := r.enqueueFromTheFuture(ctx, queue); err != nil {
				log.FromContext(ctx).Error(err, "Failed to find the stored reports from the future")
			}
		}, judgeInterval)
		return nil
	})
}

// enqueueFromTheFuture enqueues the reports that are from the future by both clocks.
func (r *AdapterStatusReconciler) enqueueFromTheFuture(ctx context.Context, queue requestQueue) error {
	found := r.Reports.ObservedAfter(r.Clock.Now().Add(v1.MaxClockSkew))
	if len(found) == 0 {
		return nil
	}
	now, err := r.clocks.Latest(ctx, found[0].Namespace)
	if err != nil {
		return err
	}
	for _, key := range r.Reports.ObservedAfter(now.Add(v1.MaxClockSkew)) {
		addLowPriority(queue, ctrl.Request{NamespacedName: key})
	}
	return nil
}

// judgeGeneration deletes a report about a generation that its resource does not reach
// within aheadGracePeriod.
func (r *AdapterStatusReconciler) judgeGeneration(ctx context.Context, report *v1.AdapterStatus, resource parent) (ctrl.Result, error) {
	said := aggregate.ReportOf(report)
	isAhead := func(generation int64) (reason string, ahead bool) {
		return aggregate.Implausible(said, generation, said.Observed)
	}
	if _, ahead := isAhead(resource.GetGeneration()); !ahead {
		r.memory.notAhead(report)
		return ctrl.Result{}, nil
	}
	// The cache may not know the latest generation yet.
	stored, err := resourceOf(ctx, r.APIReader, report)
	if err != nil || stored == nil {
		return ctrl.Result{}, err // the deletion of the resource enqueues the report
	}
	reason, implausible := isAhead(stored.GetGeneration())
	if !implausible {
		r.memory.notAhead(report)
		return ctrl.Result{}, nil
	}
	now := r.Clock.Now()
	if wait := aheadGracePeriod - now.Sub(r.memory.aheadSince(report, now)); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	return ctrl.Result{}, r.deleteImplausible(ctx, report, stored, reason)
}

// deleteImplausible deletes exactly this version of a report. Before that, it records
// that the result of the adapter stays known, see keepResult. resource is nil if the
// report has none.
func (r *AdapterStatusReconciler) deleteImplausible(ctx context.Context, report *v1.AdapterStatus, resource parent, reason string) error {
	log.FromContext(ctx).Info("Deleting an implausible report", "report", klog.KObj(report), "adapter", report.Spec.Adapter, "reason", reason)
	if resource != nil {
		if err := r.keepResult(ctx, report, resource); err != nil {
			return err
		}
	}
	only := client.Preconditions{UID: &report.UID, ResourceVersion: &report.ResourceVersion}
	if err := r.cascade().delete(ctx, report, only); err != nil {
		return err
	}
	metrics.DeletedReport(report.Spec.ResourceRef.Kind, report.Spec.Adapter, metrics.DiscardImplausible)
	r.recorder.implausibleDeleted(report, resource, reason)
	return nil
}

// keepResult records on the resource of an implausible report that the result of the
// adapter stays known without the report. A status that was computed before this write
// cannot be stored, because status writes lock the resourceVersion. Otherwise its writer
// could receive the deletion of the report before the annotation.
func (r *AdapterStatusReconciler) keepResult(ctx context.Context, report *v1.AdapterStatus, resource parent) error {
	annotation, err := aggregate.Keep(resource.GetAnnotations(), resource.GetStatus().Conditions, aggregate.ReportOf(report))
	if err != nil || annotation == resource.GetAnnotations()[v1.KeptResultsAnnotation] {
		return err
	}
	annotated := resource.DeepCopyObject().(client.Object)
	annotations := maps.Clone(resource.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1.KeptResultsAnnotation] = annotation
	annotated.SetAnnotations(annotations)
	return patchMetadata(ctx, r.Client, annotated, resource)
}
