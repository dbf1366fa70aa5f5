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
)

// hosts are values of the Host header, and whether each names this machine.
var hosts = map[string]bool{
	"localhost": true, "localhost:8000": true, "LOCALHOST:8000": true, "localhost.": true, "console.localhost:8000": true,
	"127.0.0.1": true, "127.0.0.1:8000": true, "127.9.9.9:1": true, "[::1]": true, "[::1]:8000": true, "[::ffff:127.0.0.1]:8000": true,

	"": false, "example.com": false, "example.com:8000": false, "localhost.example.com": false, "notlocalhost": false,
	"127.0.0.1.example.com": false, "127.0.0.1.nip.io:8000": false, "10.0.0.1:8000": false, "0.0.0.0:8000": false, "[::]:8000": false,
	"2130706433": false, "localhost:8000:1": false, "localhost@example.com": false,
}

func TestHasLoopbackHost(t *testing.T) {
	for host, want := range hosts {
		if got := HasLoopbackHost(&http.Request{Host: host}); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
}

// TestMetricsByHost makes requests of pages of other sites for metrics that need no
// authentication.
func TestMetricsByHost(t *testing.T) {
	options := Options{Unauthenticated: true}.Metrics("127.0.0.1:9090", nil, Delegation{})
	filter, err := options.FilterProvider(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := filter(logr.Discard(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	if err != nil {
		t.Fatal(err)
	}
	for host, own := range hosts {
		w, r, want := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody), http.StatusMisdirectedRequest
		if own {
			want = http.StatusNoContent
		}
		r.Host = host
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: status %d, want %d", host, w.Code, want)
		}
	}
}

func TestUnauthenticatedLoopback(t *testing.T) {
	for _, c := range []struct {
		options Options
		address string
		want    bool
	}{
		{Options{Unauthenticated: true}, "127.0.0.1:8000", true},
		{Options{Unauthenticated: true}, "localhost:8000", true},
		{Options{Unauthenticated: true, UnauthenticatedNetwork: true}, "127.0.0.1:8000", true},
		{Options{Unauthenticated: true, UnauthenticatedNetwork: true}, ":8000", false},
		{Options{}, "127.0.0.1:8000", false},
	} {
		if got := c.options.UnauthenticatedLoopback(c.address); got != c.want {
			t.Errorf("%+v at %s: got %t, want %t", c.options, c.address, got, c.want)
		}
	}
}
