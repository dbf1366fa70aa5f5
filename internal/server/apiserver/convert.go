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

package apiserver

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// eventBuffer is the number of converted events that wait for a reader. The API server
// flushes its response to a watch whenever no event waits. Each event may contain a
// decoded report.
const eventBuffer = 32

// convertedWatch returns a watch with the events of another watch, whose objects it
// converts. It ends when the other watch or the context ends, or when it is stopped, even
// if nobody reads the remaining events: the API server stops a watch without reading
// them. (watch.Filter would wait for a reader forever.)
func convertedWatch[T runtime.Object](ctx context.Context, from watch.Interface, convert func(T) (runtime.Object, error)) watch.Interface {
	result := make(chan watch.Event, eventBuffer)
	to := watch.NewProxyWatcher(result)
	go func() {
		defer close(result)
		defer from.Stop()
		for {
			select {
			case e, ok := <-from.ResultChan():
				if !ok {
					return
				}
				select {
				case result <- converted(e, convert):
				case <-to.StopChan():
					return
				case <-ctx.Done():
					return
				}
			case <-to.StopChan():
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return to
}

// converted converts the object of an event, except for the Status of an error.
func converted[T runtime.Object](e watch.Event, convert func(T) (runtime.Object, error)) watch.Event {
	if prepared, ok := e.Object.(runtime.CacheableObject); ok { // many watches share the event
		e.Object = prepared.GetObject()
	}
	from, ok := e.Object.(T)
	if !ok {
		return e
	}
	object, err := convert(from)
	if err != nil {
		status := apierrors.NewInternalError(err).Status()
		return watch.Event{Type: watch.Error, Object: &status}
	}
	e.Object = object
	return e
}
