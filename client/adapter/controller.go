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
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Options configure the kit. The zero value is valid.
type Options struct {
	// Selector selects the parents of this instance by label, so that several
	// instances share a fleet. The default is all.
	Selector labels.Selector

	// MaxAgeReady and MaxAgeNotReady are the maximum ages of a report on a parent
	// that is Ready and that is not: after them the adapter is called again. The
	// defaults are 30 minutes and 10 seconds. Each is shortened at random by up to a
	// tenth, so that parents that were made together are not called together.
	MaxAgeReady, MaxAgeNotReady time.Duration

	// Working is the time until the next call while a Report is Unknown. The default
	// is 5 seconds.
	Working time.Duration

	// Concurrency is the number of parents of one Kind that are worked on at once.
	// The default is 1.
	Concurrency int

	// DryRun, if it is not nil, takes each report as YAML. None is written.
	DryRun io.Writer

	// Now returns the time. The default is time.Now.
	Now func() time.Time
}

// SetupWithManager registers the adapter with a manager, whose scheme must know the
// types of api/v1. Where the manager elects a leader, only the leader reports.
func (a Adapter) SetupWithManager(m ctrl.Manager, o Options) error {
	if err := a.validate(); err != nil {
		return err
	}
	if o.Selector == nil {
		o.Selector = labels.Everything()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.MaxAgeReady = cmp.Or(o.MaxAgeReady, 30*time.Minute)
	o.MaxAgeNotReady = cmp.Or(o.MaxAgeNotReady, 10*time.Second)
	o.Working = cmp.Or(o.Working, 5*time.Second)
	for _, kind := range a.Kinds {
		r := &reconciler{
			adapter: a,
			kind:    kind,
			options: o,
			client:  m.GetClient(),
			reports: &reporter{adapter: a.Name, client: m.GetClient(), reader: m.GetAPIReader(), now: o.Now, dry: o.DryRun},
		}
		err := ctrl.NewControllerManagedBy(m).
			Named(a.Name+"-"+kind).
			For(newParent(kind), builder.WithPredicates(wakes(o.Selector))).
			WithOptions(controller.Options{MaxConcurrentReconciles: o.Concurrency}).
			Complete(r)
		if err != nil {
			return fmt.Errorf("set up adapter %s for %ss: %w", a.Name, kind, err)
		}
	}
	return nil
}

// wakes passes events of a new parent, of a new generation, which a deletion makes
// too, and of labels by which a parent comes to this instance. A report changes the
// status alone, which raises no generation.
func wakes(selector labels.Selector) predicate.Predicate {
	selected := func(o client.Object) bool { return selector.Matches(labels.Set(o.GetLabels())) }
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return selected(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return selected(e.ObjectNew) &&
				(!selected(e.ObjectOld) || e.ObjectNew.GetGeneration() != e.ObjectOld.GetGeneration() ||
					e.ObjectNew.GetUID() != e.ObjectOld.GetUID())
		},
		DeleteFunc: func(event.DeleteEvent) bool { return false }, // there is nothing to report on
	}
}

// parentObject is a Parent that a client reads.
type parentObject interface {
	client.Object
	hyperfleetv1.Parent
}

func newParent(kind string) parentObject {
	if kind == hyperfleetv1.NodePoolKind {
		return &hyperfleetv1.NodePool{}
	}
	return &hyperfleetv1.Cluster{}
}

type reconciler struct {
	adapter Adapter
	kind    string
	options Options
	client  client.Client
	reports *reporter
}

// Reconcile calls the adapter for one parent and reports the result.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	parent := newParent(r.kind)
	if err := r.client.Get(ctx, request.NamespacedName, parent); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !r.options.Selector.Matches(labels.Set(parent.GetLabels())) {
		return ctrl.Result{}, nil // its labels have moved it to another instance
	}
	deleted := parent.GetDeletionTimestamp() != nil
	report, failed := r.adapter.call(ctx, parent)
	if ctx.Err() != nil {
		return ctrl.Result{}, ctx.Err() // a process that ends has found nothing out
	}
	err := r.reports.write(ctx, r.kind, parent, conditions(deleted, report, failed), report.Data)
	count(r.adapter.Name, r.kind, report, failed, err)
	if err := errors.Join(failed, client.IgnoreNotFound(err)); err != nil {
		return ctrl.Result{}, fmt.Errorf("%s %s: %w", r.kind, parent.GetName(), err) // the queue backs off
	}
	return ctrl.Result{RequeueAfter: r.next(parent, report)}, nil
}

// next returns the time until the next call for a parent.
func (r *reconciler) next(parent hyperfleetv1.Parent, report Report) time.Duration {
	if report.After > 0 {
		return report.After
	}
	if report.Status == "" || report.Status == metav1.ConditionUnknown {
		return r.options.Working
	}
	age := r.options.MaxAgeNotReady
	if parent.GetStatus().Ready == metav1.ConditionTrue {
		age = r.options.MaxAgeReady
	}
	return age - rand.N(age/10+1)
}
