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

package install

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestIsBusy distinguishes an API server that has no time, for which a start waits, from
// one that answers without the policy.
func TestIsBusy(t *testing.T) {
	clusters := schema.GroupResource{Group: "hyperfleet.io", Resource: "clusters"}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"no error":              {nil, false},
		"fills its watch cache": {apierrors.NewTooManyRequests("storage is (re)initializing", 1), true},
		"slow":                  {apierrors.NewTimeoutError("request did not complete", 0), true},
		"slow store":            {apierrors.NewServerTimeout(clusters, "create", 0), true},
		"unavailable":           {apierrors.NewServiceUnavailable("not ready"), true},
		"no custom resource":    {apierrors.NewNotFound(clusters, ""), false},
		"no right":              {apierrors.NewForbidden(clusters, "a", errors.New("no role")), false},
		"no policy":             {errors.New("a new Cluster has no finalizer"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isBusy(test.err); got != test.want {
				t.Errorf("isBusy(%v) = %t, want %t", test.err, got, test.want)
			}
		})
	}
}
