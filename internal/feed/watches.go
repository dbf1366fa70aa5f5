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
	"reflect"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// Rewatch ends the Feed's watch. The Feed begins another one at the last
// resourceVersion that it has seen.
func (f *Feed[T]) Rewatch() { f.watches.stop() }

// Relist makes the Feed request all objects again, unless such a request is under way.
// The Feed has seen the history of a store that the API server does not have any more.
func (f *Feed[T]) Relist() {
	if !f.watches.isListing() {
		f.watches.distrust()
		f.watches.stop()
	}
}

// Arrived returns how many objects have arrived since the Feed last requested all of
// them. The objects of a list arrive with its last page.
func (f *Feed[T]) Arrived() int {
	f.watches.mu.Lock()
	defer f.watches.mu.Unlock()
	return f.watches.arrived
}

// watches records and corrects the requests that a reflector makes to its source.
//
// A request for all objects always asks for their current state. A reflector would ask
// for a state at the last resourceVersion that it has seen, or newer. A store that was
// restored to an older revision does not have that version, and such a state does not
// prove that the index is current.
//
// A watch continues at a resourceVersion only if the store may be trusted to be the
// same. If the API server was unreachable, its store may have been restored, and may by
// now be past the resourceVersion again, with other objects. After a restart an API
// server hardly ever knows the events since a resourceVersion, so this costs next to
// nothing.
type watches struct {
	mu     sync.Mutex
	latest watch.Interface
	// requested is when the current state of all objects was last requested.
	requested time.Time
	// listing is true from the request for all objects until they have arrived.
	listing bool
	// distrusted is true if no watch may continue at a resourceVersion.
	distrusted bool
	// arrived counts the objects that have arrived since all were last requested.
	arrived int
}

// recorded returns a source that records each request and passes it on to the given
// source.
func (w *watches) recorded(source cache.ListerWatcher) cache.ListerWatcher {
	from := cache.ToListerWatcherWithContext(source)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			if options.Continue == "" {
				options.ResourceVersion = ""
				w.request()
			}
			return from.ListWithContext(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			if ptr.Deref(options.SendInitialEvents, false) {
				options.ResourceVersion = ""
				w.request()
			} else if w.isDistrusted() {
				return nil, apierrors.NewResourceExpired("the store of the API server may have been restored to an older revision")
			}
			latest, err := from.WatchWithContext(ctx, options)
			if err == nil && reflect.TypeOf(latest) == noAnswer {
				err = errNoAnswer
			}
			if err != nil {
				if isUnreachable(err) {
					w.distrust()
				}
				return nil, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.latest = latest
			return latest, nil
		},
	}, source)
}

// noAnswer is the type that client-go returns, without an error, for a watch whose
// connection ends before the API server answers.
var noAnswer = reflect.TypeOf(watch.NewEmptyWatch())

var errNoAnswer = errors.New("the connection ended before the API server answered")

// request records a request for all objects.
func (w *watches) request() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requested, w.listing, w.distrusted, w.arrived = time.Now(), true, false, 0
}

// replaced records that all objects have arrived. It returns the time as of which they
// are current.
func (w *watches) replaced() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listing = false
	return w.requested
}

// arrive records that an object has arrived.
func (w *watches) arrive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrived++
}

func (w *watches) isListing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.listing
}

// distrust keeps watches from continuing at a resourceVersion until all objects are
// requested.
func (w *watches) distrust() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.distrusted = true
}

func (w *watches) isDistrusted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.distrusted
}

// stop ends the latest watch. Its reader cannot distinguish this from an end by the API
// server.
func (w *watches) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.latest != nil {
		w.latest.Stop()
	}
}
