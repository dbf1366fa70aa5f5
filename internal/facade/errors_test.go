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

package facade

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

func TestErrorsOfReplica(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "clusters"}, "", errors.New("no"))
	tests := map[string]struct {
		err        error
		want       problem.Kind
		detail     string
		retryAfter string
	}{
		"loading": {&replica.LoadingError{Collection: "clusters"}, problem.NotReady,
			"The index of clusters is still loading; try again in a moment", "1"},
		"stale": {&replica.StaleError{Collection: "clusters", Staleness: time.Hour, Limit: time.Minute}, problem.Stale,
			"The index of clusters is up to 1h0m0s behind the API server, where 1m0s is allowed; try again in a moment", "2"},
		"not arrived": {&replica.NotArrivedError{ID: "2abc"}, problem.Stale,
			`This replica does not know yet what has id "2abc"; try again in a moment`, "1"},
		"too many look-ups": {fmt.Errorf("%w: no turn", replica.ErrTooManyLookups), problem.TooManyRequests,
			"The caller asks for too many ids that this replica does not know; try again in a moment", "1"},
		"forbidden": {fmt.Errorf("look up: %w", forbidden), problem.Unavailable,
			"The API server forbids a look-up that the facade needs for this request; try again in a moment", "1"},
		"too late": {context.DeadlineExceeded, problem.Timeout,
			"The request was not finished in time; the change may have been made or not", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := problem.From(fromReplica(test.err))
			if got.Kind != test.want || got.Detail != test.detail || got.Header.Get("Retry-After") != test.retryAfter {
				t.Errorf("got %s %q, Retry-After %q", got.Code, got.Detail, got.Header.Get("Retry-After"))
			}
		})
	}
	if err := fromReplica(nil); err != nil {
		t.Errorf("fromReplica(nil) = %v", err)
	}
}
