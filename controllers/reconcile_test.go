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
	"errors"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestConflictsBecomeRarer lets every attempt conflict for a minute, as with a cache that
// stays behind.
func TestConflictsBecomeRarer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memory
		key := client.ObjectKey{Namespace: "default", Name: "c-1"}
		conflict := apierrors.NewConflict(schema.GroupResource{Resource: "clusters"}, "c-1", errors.New("it has changed"))
		attempts := 0
		for began := time.Now(); time.Since(began) < time.Minute; attempts++ {
			result, err := m.settle(key, ctrl.Result{}, conflict)
			if err != nil || result.RequeueAfter < retryDelay || result.RequeueAfter > maxCacheLag {
				t.Fatalf("settle() = %v, %v", result, err)
			}
			if attempts == 0 && result.RequeueAfter != retryDelay {
				t.Errorf("the first attempt is repeated after %s, want %s", result.RequeueAfter, retryDelay)
			}
			time.Sleep(result.RequeueAfter)
		}
		if attempts > 40 {
			t.Errorf("%d attempts in a minute", attempts)
		}
		if result, err := m.settle(key, ctrl.Result{RequeueAfter: time.Hour}, nil); err != nil || result.RequeueAfter != time.Hour {
			t.Errorf("settle() without an error = %v, %v", result, err)
		}
		if result, err := m.settle(key, ctrl.Result{}, conflict); err != nil || result.RequeueAfter != retryDelay {
			t.Errorf("settle() of the first conflict since = %v, %v", result, err)
		}
	})
}
