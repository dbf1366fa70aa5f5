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
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// retries returns the pauses between attempts to list or watch: from 0.1 s, growing to
// between 1 and 2 s. A reflector's own pauses grow to between 30 and 60 s, so an index
// would stay stale for that long after the API server is back. The API server also
// refuses lists and watches (429) while it fills its watch cache, and the largest
// collection meets most of these refusals.
func retries() wait.Backoff {
	return wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 1, Steps: 5, Cap: time.Second}
}

// NewInformer returns an informer like cache.NewSharedIndexInformer. After the API server
// was unreachable, the informer recovers as fast as a Feed, and lists all objects again.
// A shared informer has no option for its pauses, so its source repeats the requests.
func NewInformer(source cache.ListerWatcher, example runtime.Object, resync time.Duration, indexers cache.Indexers) cache.SharedIndexInformer {
	return cache.NewSharedIndexInformer(retrying(new(watches).recorded(source), retries()), example, resync, indexers)
}

// retrying returns a source that repeats its requests until the API server answers them.
func retrying(source cache.ListerWatcher, pauses wait.Backoff) cache.ListerWatcher {
	from := cache.ToListerWatcherWithContext(source)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return answered(ctx, pauses, func() (runtime.Object, error) { return from.ListWithContext(ctx, options) })
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return answered(ctx, pauses, func() (watch.Interface, error) { return from.WatchWithContext(ctx, options) })
		},
	}, source)
}

// answered repeats a request until the API server answers it or ctx is done. An API
// server that has just started answers with 404 for custom resources that it does not
// serve yet.
func answered[T any](ctx context.Context, pauses wait.Backoff, request func() (T, error)) (T, error) {
	for {
		answer, err := request()
		if err == nil || !isUnreachable(err) && !apierrors.IsTooManyRequests(err) && !apierrors.IsNotFound(err) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(pauses.Step()):
		}
	}
}

// isUnreachable reports whether an error of a request means that the API server, or its
// store, did not answer.
func isUnreachable(err error) bool {
	var answer apierrors.APIStatus
	return !errors.As(err, &answer) || answer.Status().Code >= http.StatusInternalServerError
}
