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
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	applyv1 "github.com/hyperfleet-io/hyperfleet/client/applyconfiguration/api/v1"
)

// kubernetesDoor watches parents through the manager's cache and applies reports as
// objects.
type kubernetesDoor struct {
	adapter, kind string
	selector      labels.Selector
	cache         cache.Cache
	api           client.Client // without a cache
	clock         clock.PassiveClock
	skew          *skew
}

func newKubernetesDoor(m ctrl.Manager, adapter, kind string, o Options) (*kubernetesDoor, error) {
	d := &kubernetesDoor{
		adapter: adapter, kind: kind, selector: o.Selector, cache: m.GetCache(),
		clock: o.Clock, skew: newSkew(adapter, o.Clock),
	}
	config := rest.CopyConfig(m.GetConfig())
	config.QPS = -1 // the API server's priority and fairness decides
	config.Wrap(d.skew.observe)
	var err error
	d.api, err = client.New(config, client.Options{Scheme: m.GetScheme(), Mapper: m.GetRESTMapper()})
	return d, err
}

func (d *kubernetesDoor) source() source.Source {
	return source.Kind[client.Object](d.cache, newParent(d.kind), &handler.TypedEnqueueRequestForObject[client.Object]{}, wakes(d.selector))
}

// wakes passes the events of a new parent, of a new generation (a deletion makes one
// too), of labels that bring a parent to this instance, and of status.ready, which the
// schedule depends on.
func wakes(selector labels.Selector) predicate.Predicate {
	selected := func(o client.Object) bool { return selector.Matches(labels.Set(o.GetLabels())) }
	ready := func(o client.Object) any { return o.(hyperfleetv1.Parent).GetStatus().Ready }
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return selected(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return selected(e.ObjectNew) &&
				(!selected(e.ObjectOld) || e.ObjectNew.GetGeneration() != e.ObjectOld.GetGeneration() ||
					e.ObjectNew.GetUID() != e.ObjectOld.GetUID() || ready(e.ObjectNew) != ready(e.ObjectOld))
		},
		// The reconciler forgets a deleted parent.
		DeleteFunc: func(event.DeleteEvent) bool { return true },
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

func kindOf(parent hyperfleetv1.Parent) string {
	if _, ok := parent.(*hyperfleetv1.NodePool); ok {
		return hyperfleetv1.NodePoolKind
	}
	return hyperfleetv1.ClusterKind
}

func (d *kubernetesDoor) get(ctx context.Context, request reconcile.Request) (hyperfleetv1.Parent, error) {
	parent := newParent(d.kind)
	if err := d.cache.Get(ctx, request.NamespacedName, parent); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return parent, nil
}

func (d *kubernetesDoor) announce(ctx context.Context, parent hyperfleetv1.Parent, working []hyperfleetv1.AdapterCondition) error {
	stored, err := d.stored(ctx, parent)
	if err == nil {
		err = d.skew.check()
	}
	if err != nil {
		return err
	}
	uid, data := parent.GetUID(), any(nil)
	if stored != nil {
		if stored.Spec.ObservedGeneration >= parent.GetGeneration() {
			return nil
		}
		uid = stored.Spec.ResourceRef.UID
		if raw := stored.Spec.Data.Raw; raw != nil {
			data = json.RawMessage(raw) // readers keep the known data
		}
	}
	report, err := applyConfiguration(d.adapter, parent, uid, d.clock.Now(), working, data)
	if err != nil {
		return err
	}
	return d.apply(ctx, report)
}

// write applies a report. A second attempt is necessary if the stored report has no UID,
// or has a later time because the clock of an earlier instance was ahead.
func (d *kubernetesDoor) write(ctx context.Context, parent hyperfleetv1.Parent, conditions []hyperfleetv1.AdapterCondition, data any) error {
	if err := d.checkClock(ctx, parent); err != nil {
		return err
	}
	uid, observed := parent.GetUID(), d.clock.Now()
	report, err := applyConfiguration(d.adapter, parent, uid, observed, conditions, data)
	if err != nil {
		return err
	}
	refused := d.apply(ctx, report)
	if !apierrors.IsInvalid(refused) {
		return refused
	}
	stored, err := d.stored(ctx, parent)
	if err != nil {
		return fmt.Errorf("%w; %w", refused, err)
	}
	if stored != nil {
		uid = stored.Spec.ResourceRef.UID // a report without a UID keeps none
		if uid != "" && uid != parent.GetUID() {
			return fmt.Errorf("the stored report is on a resource that had the same name: %w", refused) // HyperFleet deletes it
		}
		if stored.Spec.ObservedGeneration > parent.GetGeneration() {
			return errStale
		}
		if last := stored.Spec.ObservedTime.Time; stored.Spec.ObservedGeneration == parent.GetGeneration() && last.After(observed) {
			if last.Sub(observed) > maxSkew {
				return fmt.Errorf("the stored report is of %s, more than %s ahead of this clock: %w", last.Format(time.RFC3339), maxSkew, refused)
			}
			observed = last.Add(time.Microsecond)
		}
	}
	if report, err = applyConfiguration(d.adapter, parent, uid, observed, conditions, data); err != nil {
		return err
	}
	return d.apply(ctx, report)
}

// checkClock returns an error if this clock is so far ahead that HyperFleet would
// consider a report implausible. The API server would then refuse the following reports
// as stale.
func (d *kubernetesDoor) checkClock(ctx context.Context, parent hyperfleetv1.Parent) error {
	if d.skew.seen() && d.skew.check() == nil {
		return nil
	}
	if _, err := d.stored(ctx, parent); err != nil { // every answer has a date
		return err
	}
	return d.skew.check()
}

// stored returns the stored report on a parent, or nil if there is none.
func (d *kubernetesDoor) stored(ctx context.Context, parent hyperfleetv1.Parent) (*hyperfleetv1.AdapterStatus, error) {
	stored := &hyperfleetv1.AdapterStatus{}
	key := client.ObjectKey{Namespace: parent.GetNamespace(), Name: hyperfleetv1.AdapterStatusName(parent.GetName(), d.adapter)}
	err := d.api.Get(ctx, key, stored)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get AdapterStatus %s: %w", key.Name, err)
	}
	return stored, nil
}

// apply forces ownership: the report belongs to its adapter, even if another client
// created it.
func (d *kubernetesDoor) apply(ctx context.Context, report *applyv1.AdapterStatusApplyConfiguration) error {
	if err := d.api.Apply(ctx, report, client.FieldOwner("hyperfleet-adapter-"+d.adapter), client.ForceOwnership); err != nil {
		return fmt.Errorf("apply AdapterStatus %s: %w", *report.Name, err)
	}
	return nil
}

// applyConfiguration returns a report as an object. data is nil or encodes as a JSON
// object.
func applyConfiguration(adapter string, parent hyperfleetv1.Parent, uid types.UID, observed time.Time,
	conditions []hyperfleetv1.AdapterCondition, data any) (*applyv1.AdapterStatusApplyConfiguration, error) {
	reference := applyv1.ResourceReference().WithKind(kindOf(parent)).WithName(parent.GetName())
	if uid != "" {
		reference.WithUID(uid)
	}
	spec := applyv1.AdapterStatusSpec().WithResourceRef(reference).WithAdapter(adapter).
		WithObservedGeneration(parent.GetGeneration()).WithObservedTime(hyperfleetv1.NewTimestamp(observed))
	for _, c := range conditions {
		spec.WithConditions(applyv1.AdapterCondition().WithType(c.Type).WithStatus(c.Status).WithReason(c.Reason).WithMessage(c.Message))
	}
	raw, err := encode(data)
	if err != nil {
		return nil, err
	}
	if raw != nil {
		spec.WithData(runtime.RawExtension{Raw: raw})
	}
	return applyv1.AdapterStatus(hyperfleetv1.AdapterStatusName(parent.GetName(), adapter), parent.GetNamespace()).WithSpec(spec), nil
}

// encode returns the JSON of the data of a report, nil for none.
func encode(data any) (json.RawMessage, error) {
	if data == nil {
		return nil, nil
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encode the data of the report: %w", err)
	}
	return raw, nil
}
