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

package controllers

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// reconcileTimeout bounds one reconcile, so that an API server that does not
	// answer cannot block a worker forever.
	reconcileTimeout = 30 * time.Second

	// retryDelay is about the time that a write takes to reach the cache.
	retryDelay = 20 * time.Millisecond

	// Retries of failed reconciles back off from minBackoff to maxBackoff. With the
	// library's default, an outage of minutes would stop an object for a quarter of an
	// hour.
	minBackoff = 5 * time.Millisecond
	maxBackoff = 30 * time.Second
)

func controllerOptions(concurrency int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: concurrency,
		ReconciliationTimeout:   reconcileTimeout,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minBackoff, maxBackoff),
	}
}

// settle is the only exit of a reconcile. A conflict means that the cached object was too
// old. Conflicts are common and resolve themselves, so they are not logged as errors.
// While a cache stays behind, the pause between attempts grows with the time since the
// first conflict. If the object no longer exists, there is nothing to reconcile.
func (m *memory) settle(key client.ObjectKey, result ctrl.Result, err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: min(max(retryDelay, m.conflictsFor(key)), maxCacheLag)}, nil
	}
	m.noConflict(key)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, nil
	}
	return result, err
}
