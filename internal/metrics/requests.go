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

package metrics

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "http_requests_total",
		Help:      "Completed REST requests, by route, method and status code.",
	}, []string{"route", "method", "code"})

	// From the time of a read, some 20 µs in process, to more than the time limit of
	// a write.
	requestDuration = prometheus.NewHistogramVec(histogram("http_request_duration_seconds",
		"Time from the headers of a REST request to the end of its response, by route and method.",
		[]float64{.0001, .00025, .001, .0025, .01, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}), []string{"route", "method"})

	responseSize = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "http_response_size_bytes_total",
		Help:      "Bytes of REST response bodies as sent, by route and method.",
	}, []string{"route", "method"})

	// RequestsInFlight is the number of requests that are being served.
	RequestsInFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: Namespace,
		Name:      "http_requests_in_flight",
		Help:      "REST requests that are being served.",
	})

	// ConnectionsRefused counts connections that were closed at once.
	ConnectionsRefused = prometheus.NewCounter(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "http_connections_refused_total",
		Help:      "REST connections that were closed at once, because other connections of the client's network had its share.",
	})

	// Problems counts responses with problem details by code.
	Problems = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "http_problems_total",
		Help:      "REST responses with problem details, by code of the problem.",
	}, []string{"code"})

	// VisibilityTimeouts counts writes that were not visible to reads in time.
	VisibilityTimeouts = prometheus.NewCounter(prometheus.CounterOpts{
		Namespace: Namespace,
		Name:      "write_visibility_timeouts_total",
		Help:      "REST writes that were answered before reads showed them, after --write-visibility.",
	})
)

func requestMetrics() []prometheus.Collector {
	return []prometheus.Collector{requests, requestDuration, responseSize, RequestsInFlight, ConnectionsRefused, Problems, VisibilityTimeouts}
}

// A Route measures the requests of one route of the REST API. It keeps its series,
// because a look-up by labels costs more than the count itself.
type Route struct {
	pattern string
	methods map[string]*routeMethod
	other   *routeMethod // for methods that HTTP does not define
}

// NewRoute returns the Route of a pattern. A pattern is never the path of a request.
func NewRoute(pattern string) *Route {
	r := &Route{pattern: pattern, methods: map[string]*routeMethod{}, other: &routeMethod{method: "other"}}
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
	} {
		r.methods[method] = &routeMethod{method: method}
	}
	return r
}

// Answered records a completed request.
func (r *Route) Answered(method string, status int, bytes int64, took time.Duration) {
	m := r.of(method)
	m.once.Do(func() {
		m.duration = requestDuration.WithLabelValues(r.pattern, m.method)
		m.size = responseSize.WithLabelValues(r.pattern, m.method)
	})
	m.duration.Observe(took.Seconds())
	m.size.Add(float64(bytes))
	counter, ok := m.codes.Load(status)
	if !ok {
		counter, _ = m.codes.LoadOrStore(status, requests.WithLabelValues(r.pattern, m.method, strconv.Itoa(status)))
	}
	counter.(prometheus.Counter).Inc()
}

// Method returns the label value of a method: "other" for a method that HTTP does not
// define.
func (r *Route) Method(method string) string { return r.of(method).method }

func (r *Route) of(method string) *routeMethod {
	if m := r.methods[method]; m != nil {
		return m
	}
	return r.other
}

// routeMethod holds the series of one method of a route. They exist from the first
// request on.
type routeMethod struct {
	method   string
	once     sync.Once
	duration prometheus.Observer
	size     prometheus.Counter
	codes    sync.Map // status code → prometheus.Counter
}
