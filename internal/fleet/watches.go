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
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// Rewatch ends the Feed's watch, for one that has stalled: the Feed begins
// another where it left off.
func (f *Feed[T]) Rewatch() { f.watches.stop() }

// watches is what a Feed asks of its source.
type watches struct {
	mu     sync.Mutex
	latest watch.Interface
	// asked is when the Feed last asked for all objects as they are then.
	asked time.Time
}

// of returns the source, with what it is asked remembered.
func (w *watches) of(source cache.ListerWatcher) cache.ListerWatcher {
	from := cache.ToListerWatcherWithContext(source)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			if options.ResourceVersion == "0" { // any, from the memory of an API server that may be behind
				options.ResourceVersion = ""
			}
			w.ask(options)
			return from.ListWithContext(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			if ptr.Deref(options.SendInitialEvents, false) {
				w.ask(options)
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

// ask remembers the time of a question for all objects. What a page of a list
// and a list as of some version bring may be old.
func (w *watches) ask(options metav1.ListOptions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case options.Continue != "":
	case options.ResourceVersion == "":
		w.asked = time.Now()
	default:
		w.asked = time.Time{}
	}
}

// answered returns as of when all objects are that have just come, the zero time
// where that is not known.
func (w *watches) answered() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// stop ends the latest watch, to whoever reads it as if the API server had.
func (w *watches) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest != nil {
		w.latest.Stop()
	}
}
