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
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Options configure the kit. The zero value is valid.
type Options struct {
	// Selector selects the parents of this instance by label, so that several
	// instances share a fleet. The default is all.
	Selector labels.Selector

	// MaxAgeReady is the maximum age of a report on a parent that is Ready,
	// MaxAgeNotReady on a parent that is not Ready. At that age, the adapter is called
	// again. The defaults are 30 minutes and 10 seconds. Each is shortened at random by
	// up to a tenth, so that the calls for parents that were created together spread.
	MaxAgeReady, MaxAgeNotReady time.Duration

	// Working is the time until the next call while a Report is Unknown. The default
	// is 5 seconds.
	Working time.Duration

	// Patience is the time after which a call that has not returned is reported as
	// work in progress, if the generation has no report yet. The default is 2 seconds.
	Patience time.Duration

	// Timeout ends the context of a call. The default is 10 minutes.
	Timeout time.Duration

	// Concurrency is the number of concurrent calls for parents of one Kind. The default
	// is 1.
	Concurrency int

	// DryRun, if it is not nil, receives each report as YAML, and no report is stored.
	// The functions of the adapter are called as usual; DryRun(ctx) is then true.
	DryRun io.Writer

	// REST, if it is not nil, replaces the Kubernetes API, for adapters that cannot use
	// it.
	REST *REST

	// Clock is for tests. If Clock is set, the queue of the controller has no priorities
	// for changes that arrive while the adapter starts.
	Clock clock.WithTicker
}

func (o Options) withDefaults() Options {
	if o.Selector == nil {
		o.Selector = labels.Everything()
	}
	o.MaxAgeReady = cmp.Or(o.MaxAgeReady, 30*time.Minute)
	o.MaxAgeNotReady = cmp.Or(o.MaxAgeNotReady, 10*time.Second)
	o.Working = cmp.Or(o.Working, 5*time.Second)
	o.Patience = cmp.Or(o.Patience, 2*time.Second)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Minute)
	return o
}

// SetupWithManager registers the adapter with a manager, whose scheme must contain the
// types of api/v1. If the manager elects a leader, only the leader calls the adapter and
// reports.
func (a Adapter) SetupWithManager(m ctrl.Manager, o Options) error {
	if err := a.validate(); err != nil {
		return err
	}
	o = o.withDefaults()
	settings := controller.Options{
		MaxConcurrentReconciles: o.Concurrency,
		// The limiter delays retries after a failed read of a parent. The schedule limits
		// calls.
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minBackoff, maxBackoff),
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	} else {
		settings.NewQueue = func(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
			return workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{Name: name, Clock: o.Clock})
		}
	}
	for _, kind := range a.Kinds {
		door, err := newDoor(m, a.Name, kind, o)
		if err != nil {
			return fmt.Errorf("set up adapter %s for %ss: %w", a.Name, kind, err)
		}
		err = ctrl.NewControllerManagedBy(m).
			Named(strings.ToLower(a.Name + "-" + kind)).
			WatchesRawSource(door.source()).
			WithOptions(settings).
			Complete(&reconciler{adapter: a, kind: kind, options: o, door: door, schedule: newSchedule(o)})
		if err != nil {
			return fmt.Errorf("set up adapter %s for %ss: %w", a.Name, kind, err)
		}
	}
	return nil
}

func newDoor(m ctrl.Manager, adapter, kind string, o Options) (door, error) {
	var d door
	var err error
	if o.REST != nil {
		d, err = newRESTDoor(o.REST, adapter, kind, o)
	} else {
		d, err = newKubernetesDoor(m, adapter, kind, o)
	}
	if err != nil || o.DryRun == nil {
		return d, err
	}
	return &printer{door: d, adapter: adapter, clock: o.Clock, to: o.DryRun}, nil
}

type dryRunKey struct{}

// DryRun reports whether the context of a call is that of a dry run, in which the
// adapter should change nothing.
func DryRun(ctx context.Context) bool { return ctx.Value(dryRunKey{}) != nil }
