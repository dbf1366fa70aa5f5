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
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/hyperfleet-io/hyperfleet/internal/tracing"
)

const tracerName = "github.com/hyperfleet-io/hyperfleet/internal/facade"

// traceparentHeader is the W3C header in the canonical form of net/http.
const traceparentHeader = "Traceparent"

// startSpan begins the span of a request, within the trace that the client names. If
// tracing is disabled, it only keeps the client's trace context for the log and the API
// server.
func (s *Server) startSpan(ctx context.Context, r *http.Request) context.Context {
	if r.Header[traceparentHeader] != nil {
		ctx = tracing.Propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	if s.tracer == nil {
		return ctx
	}
	o := observationOf(ctx)
	ctx, o.span = s.tracer.Start(ctx, "HTTP", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		semconv.HTTPRequestMethodKey.String(r.Method),
		semconv.URLPath(r.URL.Path),
		semconv.UserAgentOriginal(r.UserAgent()),
		attribute.String("hyperfleet.request_id", o.id),
	))
	return ctx
}

func (o *observation) endSpan() {
	if o.span == nil {
		return
	}
	o.span.SetAttributes(semconv.HTTPResponseStatusCode(o.status))
	if o.status >= http.StatusInternalServerError {
		o.span.SetStatus(codes.Error, "")
	}
	o.span.End()
}

// traceIDOf returns the id of the trace of a context, "" if there is none.
func traceIDOf(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}
