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

package faults

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// observer watches one Kind at the API server, and checks how the stored objects change
// from one version to the next. Readers request some versions from a replica; the
// observer receives every version, in the order in which they were stored. Only after a
// watch has expired may it have missed some.
type observer struct {
	*workload
	kind string

	mu   sync.Mutex
	last map[types.UID]object
	gap  bool // the objects are listed anew: versions since last may be missing
	// deletion is the first generation that was seen of an object under deletion.
	deletion map[types.UID]int64
}

// observe watches until the context ends.
func (w *workload) observe(ctx context.Context, kind string) {
	list := newList(kind)
	of := client.MatchingLabels{runLabel: w.run}
	source := &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			into := list.DeepCopyObject().(client.ObjectList)
			return into, w.stack.admin.List(ctx, into, of, &client.ListOptions{Raw: &options})
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return w.stack.admin.Watch(ctx, list, of, &client.ListOptions{Raw: &options})
		},
	}
	o := &observer{workload: w, kind: kind, last: map[types.UID]object{}, deletion: map[types.UID]int64{}}
	toolscache.NewReflectorWithOptions(source, newObject(kind), o, toolscache.ReflectorOptions{
		Backoff: &wait.Backoff{Duration: retryAfter, Cap: 5 * retryAfter, Factor: 2, Steps: 10},
	}).RunWithContext(ctx)
}

func newList(kind string) client.ObjectList {
	if kind == v1.ClusterKind {
		return &v1.ClusterList{}
	}
	return &v1.NodePoolList{}
}

// Add is called with a new object.
func (o *observer) Add(obj any) error { return o.Update(obj) }

// Update is called with the next version of an object.
func (o *observer) Update(obj any) error {
	now := obj.(object)
	o.mu.Lock()
	defer o.mu.Unlock()
	if was := o.last[now.GetUID()]; was != nil {
		o.compare(was, now)
	}
	if _, known := o.deletion[now.GetUID()]; !known && !now.GetDeletionTimestamp().IsZero() {
		o.deletion[now.GetUID()] = now.GetGeneration()
	}
	o.last[now.GetUID()] = now
	o.count("versions observed")
	return nil
}

// Delete is called with the last version of a removed object.
func (o *observer) Delete(obj any) error {
	gone := obj.(object)
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.last, gone.GetUID())
	o.count("removals observed")
	r := o.marked(gone.GetLabels()[markLabel])
	if r == nil {
		o.wrong("%s %s, which no client has created, is removed", o.kind, gone.GetName())
		return nil
	}
	from, seen := o.deletion[gone.GetUID()]
	if !seen {
		from = gone.GetGeneration()
	}
	if why := r.whyNotRemoved(from, gone.GetGeneration()); why != "" {
		o.wrong("%s is removed from the store, but %s", r, why)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	r.removedAt, err = strconv.ParseUint(gone.GetResourceVersion(), 10, 64)
	return err
}

// Replace is called with all objects, at first and after a watch has expired.
func (o *observer) Replace(all []any, _ string) error {
	o.setGap(true)
	defer o.setGap(false)
	exist := map[types.UID]bool{}
	for _, obj := range all {
		exist[obj.(object).GetUID()] = true
		if err := o.Update(obj); err != nil {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for uid := range o.last {
		if !exist[uid] {
			delete(o.last, uid)
		}
	}
	return nil
}

func (o *observer) setGap(gap bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gap = gap
}

// Resync is never called: the reflector has no resync period.
func (o *observer) Resync() error { return nil }

// compare checks the fields that must not decrease or change from one version of an
// object to a later one.
func (o *observer) compare(was, now object) {
	name := o.kind + " " + now.GetName()
	if now.GetGeneration() < was.GetGeneration() {
		o.wrong("%s: generation %d is stored after %d", name, now.GetGeneration(), was.GetGeneration())
	}
	if was.GetDeletionTimestamp() != nil && !isFuture(was.GetDeletionTimestamp().Time) && !was.GetDeletionTimestamp().Equal(now.GetDeletionTimestamp()) {
		o.wrong("%s: deletionTimestamp %v is stored after %v", name, now.GetDeletionTimestamp(), was.GetDeletionTimestamp())
	}
	r := o.marked(now.GetLabels()[markLabel])
	if g, before := now.GetStatus().FinalizedGeneration, was.GetStatus().FinalizedGeneration; g != before {
		o.checkDecision(name, r, before, g)
	}
	// HyperFleet records in the resource that its adapters have consented.
	isDecided := now.GetStatus().FinalizedGeneration > 0 || r != nil && r.mayBeForced(time.Now())
	mayLose := isDecided && r != nil && r.mayLoseReports(now.GetDeletionTimestamp() != nil, now.GetGeneration())
	for _, before := range was.GetStatus().Conditions {
		ofAdapter := strings.HasSuffix(before.Type, v1.AdapterConditionSuffix)
		loses := ofAdapter && mayLose
		after := find(now.GetStatus().Conditions, before.Type)
		if after == nil {
			if !loses {
				o.wrong("%s: condition %s is no longer stored, after %s", name, before.Type, atOf(before))
			}
			continue
		}
		if ofAdapter && !loses && atOf(*after).compare(atOf(before)) < 0 {
			o.wrong("%s: %s is stored at %s after %s", name, before.Type, atOf(*after), atOf(before))
		}
		if isDefault(before) {
			continue
		}
		if !loses && after.LastTransitionTime.Before(before.LastTransitionTime.Time) && !isFuture(before.LastTransitionTime.Time) {
			o.wrong("%s: lastTransitionTime %s of %s is stored after %s", name, after.LastTransitionTime, before.Type, before.LastTransitionTime)
		}
		mayBeAnother := loses && o.gap // it went and came back
		if !mayBeAnother && !after.CreatedTime.Equal(before.CreatedTime) {
			o.wrong("%s: createdTime %s of %s is stored after %s", name, after.CreatedTime, before.Type, before.CreatedTime)
		}
	}
}

// checkDecision checks a change of finalizedGeneration, on which other checks rely: it is
// recorded once, at a generation at which every finalizing adapter has consented.
func (o *observer) checkDecision(name string, r *resource, before, now int64) {
	if before != 0 {
		o.wrong("%s: finalizedGeneration %d is stored after %d", name, now, before)
		return
	}
	if r == nil {
		return
	}
	if why := r.whyNotRemoved(now, now); why != "" {
		o.wrong("%s: finalizedGeneration %d is stored, but %s", name, now, why)
	}
}

func find(conditions []v1.ResourceCondition, name string) *v1.ResourceCondition {
	for i := range conditions {
		if conditions[i].Type == name {
			return &conditions[i]
		}
	}
	return nil
}

// atOf returns the report that the condition of an adapter is based on.
func atOf(c v1.ResourceCondition) at { return at{c.ObservedGeneration, c.LastUpdatedTime.Time} }

// isDefault reports whether a condition is still the CRD's default, which the controller
// replaces, including its times.
func isDefault(c v1.ResourceCondition) bool { return c.CreatedTime.Time.Equal(time.Unix(0, 0)) }
