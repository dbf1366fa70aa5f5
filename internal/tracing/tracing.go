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

package tracing

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// serviceName is the service name if OTEL_SERVICE_NAME is not set.
const serviceName = "hyperfleet"

// Propagator reads and writes the W3C trace context in HTTP headers.
var Propagator propagation.TextMapPropagator = propagation.TraceContext{}

// Setup creates a tracer provider that exports by OTLP and registers it as
// OpenTelemetry's global provider. The provider is nil if the environment does not enable
// traces. The caller must call stop after the last span: it exports the remaining spans.
func Setup(ctx context.Context, version string, log logr.Logger) (provider trace.TracerProvider, stop func(context.Context) error, err error) {
	stop = func(context.Context) error { return nil }
	if !wanted() {
		return nil, stop, nil
	}
	exporter, err := newExporter(ctx)
	if err != nil {
		return nil, stop, fmt.Errorf("set up the trace exporter: %w", err)
	}
	described, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(serviceName), semconv.ServiceVersion(version)),
		resource.WithFromEnv()) // last, because the environment overrides the defaults
	if err != nil {
		return nil, stop, fmt.Errorf("describe the resource of traces: %w", err)
	}
	otel.SetLogger(log)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Error(err, "Failed to export traces") }))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))
	otel.SetTracerProvider(p)
	return p, p.Shutdown, nil
}

// wanted reports whether the environment enables traces. The specification's default is
// OTLP to localhost; here the default is off, and an endpoint or an exporter enables
// traces.
func wanted() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	switch os.Getenv("OTEL_TRACES_EXPORTER") {
	case "none":
		return false
	case "otlp":
		return true
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// newExporter returns the exporter. The exporter reads its settings from the
// environment, except for the protocol.
func newExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	if name := os.Getenv("OTEL_TRACES_EXPORTER"); name != "" && name != "otlp" {
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER is %q: it must be otlp or none", name)
	}
	protocol := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	switch protocol {
	case "", "http/protobuf":
		return otlptrace.New(ctx, otlptracehttp.NewClient())
	case "grpc":
		return otlptrace.New(ctx, otlptracegrpc.NewClient())
	}
	return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q: it must be http/protobuf or grpc", protocol)
}

// Transport starts a span for each API server call that belongs to a trace, and
// propagates the trace context. It does not change other calls, such as the informers'
// lists and watches.
func Transport(next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(next,
		otelhttp.WithPropagators(Propagator),
		otelhttp.WithFilter(func(r *http.Request) bool {
			return trace.SpanContextFromContext(r.Context()).IsValid()
		}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			return r.Method + " kube-apiserver"
		}))
}
