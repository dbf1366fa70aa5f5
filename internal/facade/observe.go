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
	"time"

	"github.com/go-logr/logr"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// noRoute measures the requests that have no route or are refused before routing.
var noRoute = metrics.NewRoute("none")

// observe gives each request its id, and measures, traces and logs it. It is the outermost
// middleware, so it sees every answer.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		metrics.RequestsInFlight.Inc()
		o := &observation{ResponseWriter: w, id: requestID(r.Header), route: noRoute, status: http.StatusOK}
		w.Header()[requestIDHeader] = []string{o.id}
		r = r.WithContext(s.startSpan(context.WithValue(lasting(r), observationKey{}, o), r))
		defer func() {
			took := time.Since(begin)
			metrics.RequestsInFlight.Dec()
			o.route.Answered(r.Method, o.status, o.bytes, took)
			o.endSpan()
			s.logAnswer(r, o, took)
		}()
		next.ServeHTTP(o, r)
	})
}

// lasting returns the context of a request without the cancellation that happens when the
// client closes its side of an HTTP/1 connection. A client may do so after it has sent
// its request, and still receive: net/http cannot distinguish it from a client that has
// disconnected. The cost is that the request of a disconnected client is served to its
// end, within the Limits. An HTTP/2 client signals that it cancels a request.
func lasting(r *http.Request) context.Context {
	if r.ProtoMajor == 1 {
		return context.WithoutCancel(r.Context())
	}
	return r.Context()
}

// routed records the route of a request.
func routed(pattern string, next http.Handler) http.Handler {
	route := metrics.NewRoute(pattern)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o := observationOf(r.Context()); o != nil {
			o.route = route
			if o.span != nil {
				o.span.SetName(route.Method(r.Method) + " " + pattern)
				o.span.SetAttributes(semconv.HTTPRoute(pattern))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// observation describes a request and its answer.
type observation struct {
	http.ResponseWriter
	id     string
	route  *metrics.Route
	place  *place     // nil until the request is admitted
	span   trace.Span // nil without a TracerProvider
	status int
	bytes  int64
}

// observationKey is the key of a request's observation in its context.
type observationKey struct{}

// observationOf returns the observation of the request that a context belongs to,
// nil for none.
func observationOf(ctx context.Context) *observation {
	o, _ := ctx.Value(observationKey{}).(*observation)
	return o
}

// WriteHeader implements http.ResponseWriter.
func (o *observation) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (o *observation) Write(b []byte) (int, error) {
	n, err := o.ResponseWriter.Write(b)
	o.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (o *observation) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// underlying returns the writer of the http.Server, which MaxBytesReader needs to close the
// connection.
func underlying(w http.ResponseWriter) http.ResponseWriter {
	if o, ok := w.(*observation); ok {
		return o.ResponseWriter
	}
	return w
}

// logAnswer logs a slow request, and every other request at debug level.
func (s *Server) logAnswer(r *http.Request, o *observation, took time.Duration) {
	log, message := s.log.V(1), "Request answered"
	if s.options.SlowRequest > 0 && took >= s.options.SlowRequest {
		log, message = s.log, "Request was slow"
	}
	if log.Enabled() {
		withRequest(log, r).Info(message, "status", o.status, "bytes", o.bytes, "duration", took.String())
	}
}

// logOf returns the logger of a request.
func (s *Server) logOf(r *http.Request) logr.Logger { return withRequest(s.log, r) }

// withRequest adds the request to a logger, without its query: searches are private.
func withRequest(log logr.Logger, r *http.Request) logr.Logger {
	log = log.WithValues("method", r.Method, "path", r.URL.Path, "request_id", requestIDOf(r.Context()))
	if id := traceIDOf(r.Context()); id != "" {
		log = log.WithValues("trace_id", id)
	}
	return log
}
