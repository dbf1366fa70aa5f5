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
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// TestMetricsFilter: only callers with the right to get the path receive the metrics.
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

// TestMetricsPort makes requests of the port without credentials: no path has an answer with
// data.
func TestMetricsPort(t *testing.T) {
	server, err := metricsserver.NewServer(Options{MinVersion: "VersionTLS12"}.Metrics("127.0.0.1:0", nil, delegation()), env.Config, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Start(ctx) }()
	defer func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}()
	bound := server.(interface{ GetBindAddr() string })
	eventually(t, "the port is bound", func() bool { return bound.GetBindAddr() != "" })
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]struct {
		status   int
		location string
	}{
		"/metrics":            {http.StatusUnauthorized, ""},
		"/metrics/":           {http.StatusNotFound, ""},
		"/":                   {http.StatusNotFound, ""},
		"/debug/pprof/":       {http.StatusNotFound, ""},
		"/healthz":            {http.StatusNotFound, ""},
		"//metrics":           {http.StatusTemporaryRedirect, "/metrics"},
		"/./metrics":          {http.StatusTemporaryRedirect, "/metrics"},
		"/x/../metrics":       {http.StatusTemporaryRedirect, "/metrics"},
		"//example.com/x":     {http.StatusTemporaryRedirect, "/example.com/x"},
		"/metrics%2f..%2f":    {http.StatusNotFound, ""},
		"//?next=example.com": {http.StatusTemporaryRedirect, "/?next=example.com"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+bound.GetBindAddr()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if location := response.Header.Get("Location"); response.StatusCode != want.status || location != want.location {
			t.Errorf("%s: status %d to %q, want %d to %q", path, response.StatusCode, location, want.status, want.location)
		}
		if strings.Contains(string(body), "# HELP") {
			t.Errorf("%s: the answer has metrics", path)
		}
	}
}

// TestMetricsFilterWithoutAPIServer: the answer tells a scraper to try again, not that
// its token is wrong.
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
