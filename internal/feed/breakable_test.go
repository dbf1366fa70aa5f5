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
	"errors"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// breakable is a source whose connection a test can cut.
type breakable struct {
	cache.ListerWatcherWithContext
	listOnly bool

	mu      sync.Mutex
	broken  bool
	watches []watch.Interface
}

func newBreakable(c client.WithWatch, namespace string, listOnly bool) *breakable {
	return &breakable{
		ListerWatcherWithContext: cache.ToListerWatcherWithContext(ListWatch(c, &v1.AdapterStatusList{}, namespace)),
		listOnly:                 listOnly,
	}
}

// IsWatchListSemanticsUnSupported tells the reflector whether to start with a list.
func (b *breakable) IsWatchListSemanticsUnSupported() bool { return b.listOnly }

func (b *breakable) List(options metav1.ListOptions) (runtime.Object, error) {
	return b.ListWithContext(context.Background(), options)
}

func (b *breakable) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return b.WatchWithContext(context.Background(), options)
}

func (b *breakable) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return nil, errors.New("connection cut by the test")
	}
	return b.ListerWatcherWithContext.ListWithContext(ctx, options)
}

func (b *breakable) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return nil, apierrors.NewResourceExpired("connection cut by the test")
	}
	w, err := b.ListerWatcherWithContext.WatchWithContext(ctx, options)
	if err == nil {
		b.watches = append(b.watches, w)
	}
	return w, err
}

func (b *breakable) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
	for _, w := range b.watches {
		w.Stop()
	}
}

func (b *breakable) mend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = false
}
