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
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A WatchFunc watches the objects of a resource in a namespace, "" for all. The objects
// of its events are of the type that object returns, and belong to the caller.
type WatchFunc func(ctx context.Context, resource, namespace string, options metav1.ListOptions, object func() runtime.Object) (watch.Interface, error)

// Watching returns a source that lists by another source and watches by a WatchFunc. Its
// objects are of type T, and of that resource and namespace.
func Watching[T client.Object](w WatchFunc, resource, namespace string, source cache.ListerWatcher) cache.ListerWatcher {
	object := func() runtime.Object { return reflect.New(reflect.TypeFor[T]().Elem()).Interface().(T) }
	return &cache.ListWatch{
		ListWithContextFunc: cache.ToListerWatcherWithContext(source).ListWithContext,
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return w(ctx, resource, namespace, options, object)
		},
	}
}
