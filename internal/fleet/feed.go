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

package fleet

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Store is what a Feed fills: an Index, or what stands before one.
type Store interface {
	GetByKey(key types.NamespacedName) (*Row, bool)
	Upsert(row *Row)
	Delete(key types.NamespacedName)
	Replace(rows []*Row, resourceVersion string) error
	Observe(resourceVersion string) error
	Prove(at time.Time)
}

// Feed keeps a Store equal to what the API server holds of the objects of type T.
// It is a manager.Runnable that every replica runs. It keeps no object, only the
// rows.
type Feed[T client.Object] struct {
	store   Store
	source  cache.ListerWatcher
	render  func(T) (*Row, error)
	watches watches
}

// NewFeed returns a Feed from source to store. render returns the row of an
// object; Key and ResourceVersion it may leave to the Feed. It depends on the
// object alone: for an object that has not changed it is not called again. An
// object for which it fails is logged and has no row.
func NewFeed[T client.Object](store Store, source cache.ListerWatcher, render func(T) (*Row, error)) *Feed[T] {
	return &Feed[T]{store: store, source: source, render: render}
}

// ListWatch returns the source of the objects in one namespace, "" for all, as a
// client lists and watches them by that type of list.
func ListWatch(c client.WithWatch, list client.ObjectList, namespace string) cache.ListerWatcher {
	options := func(raw metav1.ListOptions) *client.ListOptions {
		return &client.ListOptions{Namespace: namespace, Limit: raw.Limit, Continue: raw.Continue, Raw: &raw}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, raw metav1.ListOptions) (runtime.Object, error) {
			into := list.DeepCopyObject().(client.ObjectList)
			return into, c.List(ctx, into, options(raw))
		},
		WatchFuncWithContext: func(ctx context.Context, raw metav1.ListOptions) (watch.Interface, error) {
			return c.Watch(ctx, list, options(raw))
		},
	}
}

// Start feeds the Store until ctx is done. It gets over broken watches, expired
// resource versions and an API server that is away by itself, as every informer
// does.
func (f *Feed[T]) Start(ctx context.Context) error {
	var of T
	logger := log.FromContext(ctx).WithName("fleet").WithValues("type", fmt.Sprintf("%T", of))
	ctx = klog.NewContext(ctx, logger)
	cache.NewReflectorWithOptions(f.watches.of(f.source), of, &feedStore[T]{Feed: f, logger: logger}, cache.ReflectorOptions{
		Name:   "fleet",
		Logger: &logger,
	}).RunWithContext(ctx)
	return nil
}

// NeedLeaderElection tells the manager that every replica runs the Feed.
func (f *Feed[T]) NeedLeaderElection() bool { return false }

// feedStore is the Store as a reflector sees it.
type feedStore[T client.Object] struct {
	*Feed[T]
	logger klog.Logger
}

var (
	_ cache.TransformingStore      = (*feedStore[client.Object])(nil)
	_ cache.ResourceVersionUpdater = (*feedStore[client.Object])(nil)
)

func (s *feedStore[T]) Add(object any) error { return s.Update(object) }

func (s *feedStore[T]) Update(object any) error {
	row := s.row(object)
	if row == nil {
		// The row of an earlier state goes as well, as it would with the next list.
		return s.Delete(object)
	}
	s.store.Upsert(row)
	return nil
}

func (s *feedStore[T]) Delete(object any) error {
	s.store.Delete(client.ObjectKeyFromObject(object.(T)))
	return nil
}

// Replace is called after a list, with objects, and after a watch that begins
// with all objects, with what the Transformer has made of each.
func (s *feedStore[T]) Replace(items []any, resourceVersion string) error {
	rows := make([]*Row, 0, len(items))
	for _, item := range items {
		row, ok := item.(*Row)
		if !ok {
			row = s.row(item)
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	if err := s.store.Replace(rows, resourceVersion); err != nil {
		return err
	}
	s.store.Prove(s.watches.answered())
	s.logger.V(1).Info("Replaced all rows", "count", len(rows), "resourceVersion", resourceVersion)
	return nil
}

// Transformer makes the reflector render objects as they arrive while it collects
// the initial ones, so that it does not hold all of them at once.
func (s *feedStore[T]) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return s.row(object), nil }
}

// UpdateResourceVersion is called after every event and every bookmark, when
// what it brings has been stored.
func (s *feedStore[T]) UpdateResourceVersion(resourceVersion string) {
	if err := s.store.Observe(resourceVersion); err != nil {
		s.logger.Error(err, "Failed to record the progress of the watch")
	}
}

// Resync does nothing: no handler waits to be called again.
func (s *feedStore[T]) Resync() error { return nil }

// row returns the row of an object, nil where it cannot be rendered. The
// reflector has checked the type.
func (s *feedStore[T]) row(object any) *Row {
	o := object.(T)
	key := client.ObjectKeyFromObject(o)
	if row, ok := s.store.GetByKey(key); ok && row.ID == v1.ID(o.GetUID()) && row.ResourceVersion == o.GetResourceVersion() {
		return row
	}
	row, err := s.render(o)
	if err != nil {
		s.logger.Error(err, "Failed to render object, it is left out of lists", "object", klog.KObj(o))
		return nil
	}
	row.Key, row.ResourceVersion = key, o.GetResourceVersion()
	return row
}
