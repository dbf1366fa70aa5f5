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

package serving

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
)

// TestMetricsFilter: the metrics are for callers that may get their path.
func TestMetricsFilter(t *testing.T) {
	reader, _ := newServiceAccount(t, "/metrics", "get")
	other, _ := newServiceAccount(t, "")
	handler := filtered(t, env.Config)
	eventually(t, "the role is in force", func() bool {
		return request(handler, withToken(t, http.MethodGet, "/metrics", tokenOf(t, reader))).Code == http.StatusOK
	})
	for name, test := range map[string]struct {
		method, path, token string
		want                int
	}{
		"the right":        {http.MethodGet, "/metrics", tokenOf(t, reader), http.StatusOK},
		"no right":         {http.MethodGet, "/metrics", tokenOf(t, other), http.StatusForbidden},
		"another path":     {http.MethodGet, "/debug/pprof", tokenOf(t, reader), http.StatusForbidden},
		"another method":   {http.MethodPost, "/metrics", tokenOf(t, reader), http.StatusForbidden},
		"no token":         {http.MethodGet, "/metrics", "", http.StatusUnauthorized},
		"a token not ours": {http.MethodGet, "/metrics", "abc", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			got := request(handler, withToken(t, test.method, test.path, test.token))
			if got.Code != test.want {
				t.Errorf("status %d, want %d", got.Code, test.want)
			}
			if served := got.Body.String() == "served"; served != (test.want == http.StatusOK) {
				t.Errorf("status %d with the body %q", got.Code, got.Body)
			}
			if challenge := got.Header().Get("WWW-Authenticate"); (challenge == Challenge) != (test.want == http.StatusUnauthorized) {
				t.Errorf("status %d with the challenge %q", got.Code, challenge)
			}
		})
	}
}

// TestMetricsFilterWithoutAPIServer: a scraper is told to come back, not that its
// token is wrong.
func TestMetricsFilterWithoutAPIServer(t *testing.T) {
	got := request(filtered(t, &rest.Config{Host: "127.0.0.1:1"}), withToken(t, http.MethodGet, "/metrics", "abc"))
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "1" {
		t.Errorf("status %d, Retry-After %q, want 503 and 1", got.Code, got.Header().Get("Retry-After"))
	}
}

// filtered returns a handler behind the filter of the metrics.
func filtered(t *testing.T, config *rest.Config) http.Handler {
	t.Helper()
	options := Options{MinVersion: "VersionTLS12"}.Metrics("127.0.0.1:9090", nil, delegation())
	filter, err := options.FilterProvider(config, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := filter(logr.Discard(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("served"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func request(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	return recorder
}
