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
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
func convertedWatch(ctx context.Context, from watch.Interface, convert func(runtime.Object) (runtime.Object, error)) watch.Interface {
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
func converted(e watch.Event, convert func(runtime.Object) (runtime.Object, error)) watch.Event {
	if e.Type == watch.Error {
		return e
	}
	object, err := convert(e.Object)
	if err != nil {
		status := apierrors.NewInternalError(err).Status()
		return watch.Event{Type: watch.Error, Object: &status}
	}
	e.Object = object
	return e
}

// each returns a conversion for convertedWatch that converts objects of one type, and leaves
// others as they are. It copies an object that all watches of an event share.
func each[T runtime.Object](convert func(T) (runtime.Object, error)) func(runtime.Object) (runtime.Object, error) {
	return func(object runtime.Object) (runtime.Object, error) {
		if shared, ok := object.(runtime.CacheableObject); ok {
			object = shared.GetObject()
		}
		from, ok := object.(T)
		if !ok {
			return object, nil
		}
		return convert(from)
	}
}

// A cacheable is the object of an event that all watches share. The first watch that encodes
// it for the network does so for all.
type cacheable interface {
	runtime.Object
	runtime.CacheableObject
	metav1.Object
}

// decodedCacheable is a cacheable encodedObject that is decoded before it is encoded for the
// network.
type decodedCacheable struct {
	cacheable
	decode func(encoded *encodedObject, into runtime.Object) (runtime.Object, error)
}

// CacheEncode implements runtime.CacheableObject.
func (c *decodedCacheable) CacheEncode(id runtime.Identifier, encode func(runtime.Object, io.Writer) error, w io.Writer) error {
	return c.cacheable.CacheEncode(id, func(object runtime.Object, w io.Writer) error {
		decoded, err := c.decoded(object)
		if err != nil {
			return err
		}
		return encode(decoded, w)
	}, w)
}

// GetObject implements runtime.CacheableObject.
func (c *decodedCacheable) GetObject() runtime.Object {
	decoded, err := c.decoded(c.cacheable.GetObject())
	if err != nil {
		status := apierrors.NewInternalError(err).Status()
		return &status
	}
	return decoded
}

// DeepCopyObject implements runtime.Object.
func (c *decodedCacheable) DeepCopyObject() runtime.Object { return c.GetObject() }

func (c *decodedCacheable) decoded(object runtime.Object) (runtime.Object, error) {
	encoded, ok := object.(*encodedObject)
	if !ok {
		return object, nil
	}
	return c.decode(encoded, nil)
}
