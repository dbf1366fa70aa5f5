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
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/hyperfleet-io/hyperfleet/internal/version"
)

// TestConventions checks the metrics with Prometheus' linter.
func TestConventions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(All()...)
	Problems.WithLabelValues("HYPERFLEET-NTF-000")
	RefusedReport("Cluster", "dns", "HYPERFLEET-VAL-002")
	requireAdapters(map[string][]string{"Cluster": {"dns"}})
	NewRoute("/").Answered(http.MethodGet, http.StatusOK, 1, time.Second)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != len(All()) {
		t.Errorf("%d of %d metrics have series", len(families), len(All()))
	}
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), Namespace+"_") {
			t.Errorf("%s does not begin with %s_", family.GetName(), Namespace)
		}
		if !regexp.MustCompile(`[^.]\.$`).MatchString(family.GetHelp()) {
			t.Errorf("%s: the help is no sentence: %s", family.GetName(), family.GetHelp())
		}
	}
}

// TestRoute: a method that HTTP does not define never becomes a label value.
func TestRoute(t *testing.T) {
	route := newRoute(t, "/test")
	for _, method := range []string{http.MethodGet, http.MethodGet, "BREW", "WHEN"} {
		route.Answered(method, http.StatusTeapot, 10, time.Millisecond)
	}
	for method, want := range map[string]float64{"GET": 2, "other": 2, "BREW": 0} {
		if got := testutil.ToFloat64(requests.WithLabelValues("/test", method, "418")); got != want {
			t.Errorf("%v requests by %s, want %v", got, method, want)
		}
	}
	if got := testutil.ToFloat64(responseSize.WithLabelValues("/test", "GET")); got != 20 {
		t.Errorf("%v bytes, want 20", got)
	}
}

// TestSeriesExistFromTheStart: rate() and alerts need the first value of a series
// before the first event. The series of an adapter exist from the moment that it is
// required.
func TestSeriesExistFromTheStart(t *testing.T) {
	reports.Reset()
	reportsDiscarded.Reset()
	AdaptersInForce(map[string][]string{"Cluster": {"dns", "validator"}, "NodePool": {"validator"}})
	families, err := ctrlmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]int{}
	for _, family := range families {
		series[family.GetName()] = len(family.Metric)
	}
	for name, want := range map[string]int{
		"hyperfleet_reports_total":                                           3 * 4, // adapters × results
		"hyperfleet_reports_discarded_total":                                 3 * 6, // adapters × reasons
		"hyperfleet_status_writes_total":                                     2 * 4,
		"hyperfleet_aggregation_duration_seconds":                            2,
		"hyperfleet_forced_deletions_total":                                  2,
		"hyperfleet_required_adapters_reloads_total":                         2,
		"hyperfleet_required_adapters_last_reload_successful":                1,
		"hyperfleet_required_adapters_last_reload_success_timestamp_seconds": 1,
		"hyperfleet_http_connections_refused_total":                          1,
		"hyperfleet_http_requests_in_flight":                                 1,
		"hyperfleet_write_visibility_timeouts_total":                         1,
	} {
		if series[name] != want {
			t.Errorf("%s has %d series, want %d", name, series[name], want)
		}
	}
}

// TestAdapters: a version that is rejected does not move the time of the last success.
func TestAdapters(t *testing.T) {
	before := float64(time.Now().Unix())
	AdaptersInForce(nil)
	since := testutil.ToFloat64(adaptersSince)
	if valid := testutil.ToFloat64(adaptersValid); valid != 1 || since < before {
		t.Errorf("in force: %v since %v, want 1 since %v or later", valid, since, before)
	}
	AdaptersRejected()
	if valid, still := testutil.ToFloat64(adaptersValid), testutil.ToFloat64(adaptersSince); valid != 0 || still != since {
		t.Errorf("rejected: %v since %v, want 0 since %v", valid, still, since)
	}
}

// TestRouteCountsConcurrently: series are created once, and no request is lost.
func TestRouteCountsConcurrently(t *testing.T) {
	const clients, each = 8, 500
	route := newRoute(t, "/concurrent")
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			for range each {
				route.Answered(http.MethodPost, http.StatusCreated+i%2*3, 3, time.Millisecond) // 201 or 204
			}
		})
	}
	running.Wait()
	for _, code := range []string{"201", "204"} {
		if got := testutil.ToFloat64(requests.WithLabelValues("/concurrent", "POST", code)); got != clients/2*each {
			t.Errorf("%v requests with %s, want %d", got, code, clients/2*each)
		}
	}
	if got := testutil.ToFloat64(responseSize.WithLabelValues("/concurrent", "POST")); got != 3*clients*each {
		t.Errorf("%v bytes, want %d", got, 3*clients*each)
	}
	duration := histogramOf(t, "hyperfleet_http_request_duration_seconds", "/concurrent")
	if got := duration.GetSampleCount(); got != clients*each {
		t.Errorf("%d durations, want %d", got, clients*each)
	}
	if len(duration.Bucket) == 0 || duration.Schema == nil {
		t.Error("the histogram lacks classic buckets or the native form")
	}
}

// TestUnusedRouteHasNoSeries: a route that nobody requests costs no series.
func TestUnusedRouteHasNoSeries(t *testing.T) {
	NewRoute("/unused")
	if histogramOf(t, "hyperfleet_http_request_duration_seconds", "/unused") != nil {
		t.Error("a route without requests has series")
	}
}

func TestMethod(t *testing.T) {
	route := NewRoute("/method")
	for method, want := range map[string]string{"GET": "GET", "PATCH": "PATCH", "get": "other", "BREW": "other", "": "other"} {
		if got := route.Method(method); got != want {
			t.Errorf("Method(%q) = %q, want %q", method, got, want)
		}
	}
}

func TestBuildInfo(t *testing.T) {
	if err := RegisterBuildInfo(version.Info{Version: "v1.2.3", Revision: "abc"}); err != nil {
		t.Fatal(err)
	}
	// For a second run.
	t.Cleanup(func() { ctrlmetrics.Registry.Unregister(versioncollector.NewCollector(Namespace)) })
	families, err := ctrlmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "hyperfleet_build_info" {
			continue
		}
		labels := map[string]string{}
		for _, label := range family.Metric[0].Label {
			labels[label.GetName()] = label.GetValue()
		}
		if labels["version"] != "v1.2.3" || labels["revision"] != "abc" {
			t.Errorf("hyperfleet_build_info has the labels %v", labels)
		}
		return
	}
	t.Error("no hyperfleet_build_info")
}

// newRoute returns a route whose series last as long as the test, so that a second run does
// not count the requests of the first one.
func newRoute(t *testing.T, pattern string) *Route {
	t.Helper()
	t.Cleanup(func() {
		of := prometheus.Labels{"route": pattern}
		requests.DeletePartialMatch(of)
		requestDuration.DeletePartialMatch(of)
		responseSize.DeletePartialMatch(of)
	})
	return NewRoute(pattern)
}

// histogramOf returns the first series of a histogram that has the route, nil if there is
// none.
func histogramOf(t *testing.T, name, route string) *dto.Histogram {
	t.Helper()
	families, err := ctrlmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.Metric {
			for _, label := range metric.Label {
				if label.GetName() == "route" && label.GetValue() == route {
					return metric.Histogram
				}
			}
		}
	}
	return nil
}
