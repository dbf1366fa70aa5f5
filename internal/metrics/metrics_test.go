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
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestConventions checks the metrics with Prometheus' linter.
func TestConventions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(All()...)
	Problems.WithLabelValues("HYPERFLEET-NTF-001")
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
	route := NewRoute("/test")
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
