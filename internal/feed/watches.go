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
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// Rewatch ends the Feed's watch. The Feed begins another one at the last
// resourceVersion that it has seen.
func (f *Feed[T]) Rewatch() { f.watches.stop() }

// watches records the requests that a Feed makes to its source.
type watches struct {
	mu     sync.Mutex
	latest watch.Interface
	// requested is when the Feed last requested the current state of all objects.
	requested time.Time
}

// recorded returns the source and records the requests that are made to it.
func (w *watches) recorded(source cache.ListerWatcher) cache.ListerWatcher {
	from := cache.ToListerWatcherWithContext(source)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			if options.ResourceVersion == "0" { // any state that the API server has cached, however old
				options.ResourceVersion = ""
			}
			w.record(options)
			return from.ListWithContext(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			if ptr.Deref(options.SendInitialEvents, false) {
				w.record(options)
			}
			latest, err := from.WatchWithContext(ctx, options)
			if err != nil {
				return nil, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.latest = latest
			return latest, nil
		},
	}, source)
}

// record records the time of a request for all objects. The further pages of a list,
// and a list at a given version, may return an old state.
func (w *watches) record(options metav1.ListOptions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case options.Continue != "":
	case options.ResourceVersion == "":
		w.requested = time.Now()
	default:
		w.requested = time.Time{}
	}
}

// currentAsOf returns the time at which the objects that have just arrived were
// current, or the zero time if that is not known.
func (w *watches) currentAsOf() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requested
}

// stop ends the latest watch. Its reader cannot tell this from an end by the API
// server.
func (w *watches) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest != nil {
		w.latest.Stop()
	}
}
