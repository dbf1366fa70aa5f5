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

// readiness tells whether a no of the API server counts. One that has only just
// begun answers before it has read the roles and service accounts that it decides
// by, and so refuses what it is to allow. It is not ready until it has read them.
type readiness struct {
	check  func(context.Context) error // whether the API server is ready
	checks singleflight.Group
	proven atomic.Pointer[time.Time] // when the last check that found it ready began
}

// proofHolds is how long an API server that was ready has not been replaced by one
// that has only just begun: none begins to answer in so short a time.
const proofHolds = 500 * time.Millisecond

// newReadiness asks by a client of the API server's root. etcd's state is no concern:
// the API server decides from memory.
func newReadiness(api rest.Interface) *readiness {
	return &readiness{check: func(ctx context.Context) error {
		return api.Get().AbsPath("/readyz").Param("exclude", "etcd").Param("exclude", "etcd-readiness").Do(ctx).Error()
	}}
}

// counts tells whether a no to what was asked at that time counts.
func (r *readiness) counts(asked time.Time) bool {
	proven := r.proven.Load()
	return proven != nil && asked.Sub(*proven) < proofHolds
}

// wait returns nil once the API server is known to be ready: who asks again then
// can take no for an answer. Else it returns an error that IsOutage knows.
func (r *readiness) wait(ctx context.Context) error {
	checked := r.checks.DoChan("", func() (any, error) {
		began := time.Now()
		err := r.check(context.WithoutCancel(ctx)) // others wait, too
		if err == nil {
			r.proven.Store(&began)
		}
		return nil, err
	})
	select {
	case result := <-checked:
		if result.Err != nil {
			// Not as it is: one that has only just begun forbids this, too.
			return apierrors.NewServiceUnavailable(fmt.Sprintf("the API server is not ready to decide: %v", result.Err))
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask asks, and asks again where the answer is a no that does not count yet.
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
