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
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// send sends a request through a transport, and returns a channel for the error.
func send(ctx context.Context, t *testing.T, transport http.RoundTripper, method, url string) <-chan error {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		response, err := transport.RoundTrip(r)
		if err == nil {
			_ = response.Body.Close()
		}
		result <- err
	}()
	return result
}

// wantRetry fails the test unless the error means that nothing was written, and says when to
// try again.
func wantRetry(t *testing.T, err error) {
	t.Helper()
	if seconds, ok := apierrors.SuggestsClientDelay(err); !apierrors.IsServiceUnavailable(err) || !ok || seconds < 1 {
		t.Errorf("got %v, to be repeated after %d s; want ServiceUnavailable and a delay", err, seconds)
	}
}

func TestGate(t *testing.T) {
	served := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { served <- r.Method + " " + r.URL.Path }))
	defer s.Close()
	running, end := context.WithCancel(t.Context())
	defer end()
	closed, open := newGate(running), newGate(running)
	close(open.open)
	const clusters = "/apis/hyperfleet.io/v1/namespaces/default/clusters"
	for name, request := range map[string]struct {
		gate         gate
		method, path string
	}{
		"a read":                   {closed, http.MethodGet, clusters},
		"a write of another group": {closed, http.MethodPost, "/apis/coordination.k8s.io/v1/namespaces/default/leases"},
		"a write, the gate open":   {open, http.MethodPost, clusters},
	} {
		t.Run(name, func(t *testing.T) {
			if err := <-send(t.Context(), t, request.gate.wrap(http.DefaultTransport), request.method, s.URL+request.path); err != nil {
				t.Fatal(err)
			}
			if got := <-served; got != request.method+" "+request.path {
				t.Errorf("served %s", got)
			}
		})
	}
	t.Run("a write waits", func(t *testing.T) {
		opened := newGate(running)
		var waiting []<-chan error
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			waiting = append(waiting, send(t.Context(), t, opened.wrap(http.DefaultTransport), method, s.URL+clusters))
		}
		if len(served) > 0 {
			t.Errorf("served %s", <-served)
		}
		close(opened.open)
		for _, result := range waiting {
			if err := <-result; err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("its caller gives up", func(t *testing.T) {
		ctx, giveUp := context.WithCancel(t.Context())
		result := send(ctx, t, closed.wrap(http.DefaultTransport), http.MethodPost, s.URL+clusters)
		giveUp()
		wantRetry(t, <-result)
	})
	t.Run("the server ends", func(t *testing.T) {
		result := send(t.Context(), t, closed.wrap(http.DefaultTransport), http.MethodPost, s.URL+clusters)
		end()
		wantRetry(t, <-result)
	})
}
