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

package feed

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
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Store is what a Feed fills: a fleet.Index, or a wrapper around one.
type Store interface {
	GetByKey(key types.NamespacedName) (*fleet.Row, bool)
	Upsert(row *fleet.Row)
	Delete(key types.NamespacedName)
	Replace(rows []*fleet.Row, resourceVersion string) error
	Observe(resourceVersion string) error
	Prove(at time.Time)
}

// Feed keeps a Store equal to the objects of type T in the API server. It is a
// manager.Runnable that every replica runs. A Feed keeps rows only, no objects.
type Feed[T client.Object] struct {
	store   Store
	source  cache.ListerWatcher
	render  func(T) (*fleet.Row, error)
	watches watches
}

// New returns a Feed from source to store. render returns the row of an object and
// may leave Key and ResourceVersion to the Feed. The row must depend on the object
// alone: the Feed does not render an unchanged object again. If render fails, the
// Feed logs the object and stores no row for it.
func New[T client.Object](store Store, source cache.ListerWatcher, render func(T) (*fleet.Row, error)) *Feed[T] {
	return &Feed[T]{store: store, source: source, render: render}
}

// ListWatch returns a source that lists and watches the objects of a namespace with a
// client. The namespace "" means all. The type of list selects the objects.
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

// Start feeds the Store until ctx is done. It recovers from broken watches, expired
// resource versions and an unreachable API server, as every informer does. After the API
// server was unreachable, it lists all objects again: see watches.
func (f *Feed[T]) Start(ctx context.Context) error {
	var example T
	logger := log.FromContext(ctx).WithName("feed").WithValues("type", fmt.Sprintf("%T", example))
	ctx = klog.NewContext(ctx, logger)
	pauses := retries()
	cache.NewReflectorWithOptions(f.watches.recorded(f.source), example, &reflectorStore[T]{Feed: f, logger: logger}, cache.ReflectorOptions{
		Name:    "feed",
		Logger:  &logger,
		Backoff: &pauses,
	}).RunWithContext(ctx)
	return nil
}

// NeedLeaderElection returns false: every replica runs the Feed.
func (f *Feed[T]) NeedLeaderElection() bool { return false }

// reflectorStore is the Store as a reflector sees it.
type reflectorStore[T client.Object] struct {
	*Feed[T]
	logger klog.Logger
}

var (
	_ cache.TransformingStore      = (*reflectorStore[client.Object])(nil)
	_ cache.ResourceVersionUpdater = (*reflectorStore[client.Object])(nil)
)

func (s *reflectorStore[T]) Add(object any) error { return s.Update(object) }

func (s *reflectorStore[T]) Update(object any) error {
	row := s.row(object)
	if row == nil {
		// Without this, the row of the earlier state would stay until the next list.
		return s.Delete(object)
	}
	s.store.Upsert(row)
	return nil
}

func (s *reflectorStore[T]) Delete(object any) error {
	s.store.Delete(client.ObjectKeyFromObject(object.(T)))
	return nil
}

// Replace stores all objects of the collection. After a list, the items are
// objects. After a watch that begins with all objects, the items are the rows that
// the Transformer has made.
func (s *reflectorStore[T]) Replace(items []any, resourceVersion string) error {
	rows := make([]*fleet.Row, 0, len(items))
	for _, item := range items {
		row, ok := item.(*fleet.Row)
		if !ok {
			s.watches.arrive()
			row = s.row(item)
		}
		if row != nil {
			rows = append(rows, row)
		}
	}
	if err := s.store.Replace(rows, resourceVersion); err != nil {
		return err
	}
	s.store.Prove(s.watches.replaced())
	s.logger.V(1).Info("Replaced all rows", "count", len(rows), "resourceVersion", resourceVersion)
	return nil
}

// Transformer renders the initial objects as they arrive, so that the reflector
// does not hold all objects of a collection at once.
func (s *reflectorStore[T]) Transformer() cache.TransformFunc {
	return func(object any) (any, error) {
		s.watches.arrive()
		return s.row(object), nil
	}
}

// UpdateResourceVersion records the progress of the watch. The reflector calls it
// after it has stored an event or has received a bookmark.
func (s *reflectorStore[T]) UpdateResourceVersion(resourceVersion string) {
	if err := s.store.Observe(resourceVersion); err != nil {
		s.logger.Error(err, "Failed to record the progress of the watch")
	}
}

// Resync does nothing: a Feed has no handlers to call again.
func (s *reflectorStore[T]) Resync() error { return nil }

// row returns the row of an object, or nil if rendering fails. The reflector has
// checked the type.
func (s *reflectorStore[T]) row(object any) *fleet.Row {
	o := object.(T)
	key := client.ObjectKeyFromObject(o)
	if row, ok := s.store.GetByKey(key); ok && row.ID == v1.ID(o.GetUID()) && row.ResourceVersion == o.GetResourceVersion() {
		return row
	}
	row, err := s.render(o)
	if err != nil {
		s.logger.Error(err, "Failed to render object, lists do not show it", "object", klog.KObj(o))
		return nil
	}
	row.Key, row.ResourceVersion = key, o.GetResourceVersion()
	return row
}
