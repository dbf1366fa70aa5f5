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
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// BenchmarkObserve measures the cost that observing a request adds to a handler that does
// next to nothing: by default, and with spans, of which one in a hundred or all are
// sampled. OtelHTTP measures the library's handler instead of our own spans, with and
// without a tracer provider.
func BenchmarkObserve(b *testing.B) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("{}"))
	})
	observed := func(provider trace.TracerProvider) http.Handler {
		s := &Server{log: logr.Discard()}
		if provider != nil {
			s.tracer = provider.Tracer(tracerName)
		}
		return s.observe(routed(rest.ClusterPath, answer))
	}
	sampled := func(fraction float64) trace.TracerProvider {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(fraction))))
	}
	for _, handler := range []struct {
		name string
		http.Handler
	}{
		{"Bare", answer},
		{"Default", observed(nil)},
		{"Sampled/1%", observed(sampled(.01))},
		{"Sampled/100%", observed(sampled(1))},
		{"OtelHTTP/Off", otelhttp.NewHandler(answer, "", otelhttp.WithTracerProvider(noop.NewTracerProvider()))},
		{"OtelHTTP/100%", otelhttp.NewHandler(answer, "", otelhttp.WithTracerProvider(sampled(1)))},
	} {
		b.Run(handler.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, rest.ClustersPath+"/2abc", http.NoBody)
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				handler.ServeHTTP(w, r)
			}
		})
	}
}
