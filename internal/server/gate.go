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

package server

import (
	"context"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A gate delays writes of HyperFleet's resources until it is open, which is when their
// admission policies are in force.
type gate struct {
	open  chan struct{}
	ended <-chan struct{} // closed when the server is told to end
}

// newGate returns a closed gate. Its waiting writes fail when the context ends.
func newGate(ctx context.Context) gate {
	return gate{open: make(chan struct{}), ended: ctx.Done()}
}

// pass returns once the gate is open.
func (g gate) pass(ctx context.Context) error {
	select {
	case <-g.open:
		return nil
	default:
	}
	select {
	case <-g.open:
		return nil
	case <-g.ended:
	case <-ctx.Done():
	}
	// Not the context's error, after which a write may have been made or not.
	err := apierrors.NewServiceUnavailable("the admission policies are not in force yet")
	err.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: 1}
	return err
}

// wrap wraps a transport of the API server.
func (g gate) wrap(transport http.RoundTripper) http.RoundTripper {
	return gated{RoundTripper: transport, gate: g}
}

type gated struct {
	http.RoundTripper
	gate gate
}

// gatedPaths is the beginning of the paths of HyperFleet's resources.
var gatedPaths = "/apis/" + v1.GroupVersion.Group + "/"

// RoundTrip implements http.RoundTripper.
func (t gated) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && strings.HasPrefix(r.URL.Path, gatedPaths) {
		if err := t.gate.pass(r.Context()); err != nil {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return nil, err
		}
	}
	return t.RoundTripper.RoundTrip(r)
}

// WrappedRoundTripper gives client-go access to the wrapped transport.
func (t gated) WrappedRoundTripper() http.RoundTripper { return t.RoundTripper }
