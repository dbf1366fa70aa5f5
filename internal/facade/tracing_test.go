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

package facade_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	restclient "k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/tracing"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent = "00-" + traceID + "-00f067aa0ba902b7-01"
)

// TestTraces follows a create from the client's trace through the facade to the
// API server.
func TestTraces(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	asked := &headers{}
	config := restclient.CopyConfig(suite.env.Config)
	config.Wrap(asked.record)
	config.Wrap(tracing.Transport)
	base := startFacade(t, config, facade.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)),
	})

	created := traced(t, base, http.MethodPost, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":%q}`, uniqueName(t)), "request-1").want(t, http.StatusCreated)
	if got := created.header.Get("X-Request-Id"); got != "request-1" {
		t.Errorf("the answer has the request id %q", got)
	}
	var got []string
	eventually(t, "the span of the request ends", func() bool {
		got = nil
		for _, span := range spans.Ended() {
			if span.SpanContext().TraceID().String() == traceID {
				got = append(got, span.SpanKind().String()+" "+span.Name())
			}
		}
		return slices.Contains(got, "server POST "+api+"/clusters")
	})
	if want := []string{"client POST kube-apiserver", "server POST " + api + "/clusters"}; !slices.Equal(got, want) {
		t.Errorf("spans %q, want %q", got, want)
	}
	ended := spans.Ended()
	if call, request := ended[len(ended)-2], ended[len(ended)-1]; call.Parent().SpanID() != request.SpanContext().SpanID() {
		t.Error("the API server call is no child of the request")
	}
	write := asked.of(http.MethodPost)
	if got := write.Get("Traceparent"); !strings.Contains(got, traceID) {
		t.Errorf("the API server got the trace context %q", got)
	}
	if got := write.Get("Audit-Id"); got != "request-1" {
		t.Errorf("the API server got the audit ID %q", got)
	}

	refused := traced(t, base, http.MethodGet, api+"/clusters/unknown", "", "").want(t, http.StatusNotFound)
	if got := refused.problem(t).TraceID; got != traceID {
		t.Errorf("the problem has the trace id %q, want %q", got, traceID)
	}
}

// TestTraceContextWithoutTraces checks that a client's trace context is passed on if no
// spans are made.
func TestTraceContextWithoutTraces(t *testing.T) {
	asked := &headers{}
	config := restclient.CopyConfig(suite.env.Config)
	config.Wrap(asked.record)
	config.Wrap(tracing.Transport)
	base := startFacade(t, config, facade.Options{})
	traced(t, base, http.MethodPost, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":%q}`, uniqueName(t)), "").want(t, http.StatusCreated)
	if got := asked.of(http.MethodPost).Get("Traceparent"); got != traceparent {
		t.Errorf("the API server got the trace context %q, want the client's", got)
	}
	if got := traced(t, base, http.MethodGet, "/nowhere", "", "").problem(t).TraceID; got != traceID {
		t.Errorf("the problem has the trace id %q, want %q", got, traceID)
	}
	if got := get(t, "/nowhere").problem(t).TraceID; got != "" {
		t.Errorf("a request without a trace has the trace id %q", got)
	}
}

func traced(t *testing.T, base, method, path, body, requestID string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Traceparent", traceparent)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if requestID != "" {
		request.Header.Set("X-Request-Id", requestID)
	}
	return do(t, request)
}

// startFacade starts another facade with these options and returns the base of
// its URLs.
func startFacade(t *testing.T, config *restclient.Config, options facade.Options) string {
	t.Helper()
	options.BindAddress, options.PageSize = "127.0.0.1:0", 20
	options.WriteVisibility = writeVisibility
	options.Authenticator = facade.FixedUser(devUser)
	options.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	rep, err := replica.New(facade.ClientConfig(config), suite.env.Scheme, replica.Options{
		Namespace: "default", RequiredAdapters: func(string) []string { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := facade.New(config, suite.env.Scheme, rep, options, log.Log)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for _, feed := range rep.Feeds() {
		running.Go(func() { _ = feed.Start(t.Context()) })
	}
	running.Go(func() { _ = server.Start(t.Context()) })
	t.Cleanup(running.Wait)
	eventually(t, "the facade is ready", func() bool { return server.Ready(nil) == nil })
	return "http://" + server.Address().String()
}

// headers keeps those of the last request of each method.
type headers struct {
	mu   sync.Mutex
	last map[string]http.Header
}

func (h *headers) record(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		h.mu.Lock()
		if h.last == nil {
			h.last = map[string]http.Header{}
		}
		h.last[r.Method] = r.Header.Clone()
		h.mu.Unlock()
		return next.RoundTrip(r)
	})
}

func (h *headers) of(method string) http.Header {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[method]
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
