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

package serving

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

// readiness reports whether a denial by the API server can be trusted. An API server that
// has just started answers before it has loaded roles and service accounts, so it denies
// requests that it must allow. It becomes ready once it has loaded them.
type readiness struct {
	check  func(context.Context) error // returns nil if the API server is ready
	checks singleflight.Group
	proven atomic.Pointer[time.Time] // start of the last check that succeeded
}

// proofHolds is the time for which a successful check stays valid. Replacing an API
// server with one that has just started takes longer.
const proofHolds = 500 * time.Millisecond

// newReadiness returns a readiness that checks with a client of the API server's root
// path. The check excludes etcd, because the API server decides from memory.
func newReadiness(api rest.Interface) *readiness {
	return &readiness{check: func(ctx context.Context) error {
		return api.Get().AbsPath("/readyz").Param("exclude", "etcd").Param("exclude", "etcd-readiness").Do(ctx).Error()
	}}
}

// counts reports whether a denial of a request that was sent at that time can be trusted.
func (r *readiness) counts(asked time.Time) bool {
	proven := r.proven.Load()
	return proven != nil && asked.Sub(*proven) < proofHolds
}

// wait returns nil once the API server is known to be ready: a denial of a request that
// is sent from then on can be trusted. Otherwise it returns an error that IsOutage
// recognizes.
func (r *readiness) wait(ctx context.Context) error {
	checked := r.checks.DoChan("", func() (any, error) {
		began := time.Now()
		err := r.check(context.WithoutCancel(ctx)) // other callers wait for it, too
		if err == nil {
			r.proven.Store(&began)
		}
		return nil, err
	})
	select {
	case result := <-checked:
		if result.Err != nil {
			// Not wrapped: an API server that has just started also answers "forbidden".
			return apierrors.NewServiceUnavailable(fmt.Sprintf("the API server is not ready to decide: %v", result.Err))
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask runs a review, and runs it again if the first answer is a denial that cannot be
// trusted.
func (r *readiness) ask(ctx context.Context, question func() (no bool, err error)) error {
	asked := time.Now()
	no, err := question()
	if err != nil || !no || r.counts(asked) {
		return err
	}
	if err := r.wait(ctx); err != nil {
		return err
	}
	_, err = question()
	return err
}
