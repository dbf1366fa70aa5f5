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

package apiserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"
)

// fakes returns a transport in front of handler, and counts the requests that reach the
// network.
func fakes(handler http.HandlerFunc) (*transport, *int) {
	onNetwork := new(int)
	return &transport{
		callee: &callee{Handler: handler, resolver: &request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}},
		caller: &user.DefaultInfo{Name: "manager"},
		wire: roundTripper(func(r *http.Request) (*http.Response, error) {
			*onNetwork++
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		}),
	}, onNetwork
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOnlySingleRequestsStayInTheProcess(t *testing.T) {
	const clusters = "/apis/hyperfleet.io/v1/namespaces/default/clusters"
	for _, of := range []struct {
		method, path string
		stays        bool
	}{
		{http.MethodPost, clusters, true},
		{http.MethodGet, clusters + "/c", true},
		{http.MethodPut, clusters + "/c/status", true},
		{http.MethodPatch, clusters + "/c", true},
		{http.MethodDelete, clusters + "/c", true},
		{http.MethodPost, "/apis/events.k8s.io/v1/namespaces/default/events", true},
		{http.MethodGet, clusters, false},
		{http.MethodGet, clusters + "?watch=true", false},
		{http.MethodDelete, clusters, false},
		{http.MethodGet, "/readyz", false},
	} {
		served := 0
		transport, onNetwork := fakes(func(_ http.ResponseWriter, r *http.Request) {
			served++
			if caller, ok := request.UserFrom(r.Context()); !ok || caller.GetName() != "manager" {
				t.Errorf("%s %s is served as %v", of.method, of.path, caller)
			}
		})
		r, err := http.NewRequestWithContext(t.Context(), of.method, "https://127.0.0.1"+of.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if stays := served == 1 && *onNetwork == 0; stays != of.stays {
			t.Errorf("%s %s: in the process: %t, want %t", of.method, of.path, stays, of.stays)
		}
	}
}

func TestAnswersOfTheHandler(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, of := range []struct {
		name    string
		ctx     context.Context //nolint:containedctx // a case of the table
		handler http.HandlerFunc
		code    int
		body    string
		err     string
	}{
		{"none", t.Context(), func(http.ResponseWriter, *http.Request) {}, http.StatusOK, "", ""},
		{"body", t.Context(), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "text") }, http.StatusOK, "text", ""},
		{"first code counts", t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			w.WriteHeader(http.StatusOK)
		}, http.StatusConflict, "", ""},
		{"panic", t.Context(), func(http.ResponseWriter, *http.Request) { panic("broken") }, 0, "", "the API server panicked at GET /api/v1/namespaces/x"},
		{"timeout of a client that has gone", canceled, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) }, 0, "", context.Canceled.Error()},
		{"answer to a client that has gone", canceled, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }, http.StatusCreated, "", ""},
	} {
		t.Run(of.name, func(t *testing.T) {
			transport, _ := fakes(of.handler)
			r, err := http.NewRequestWithContext(of.ctx, http.MethodGet, "https://127.0.0.1/api/v1/namespaces/x", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(r)
			if of.err != "" {
				if err == nil || !strings.Contains(err.Error(), of.err) {
					t.Errorf("error %v, want %q", err, of.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err := errors.Join(err, response.Body.Close()); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != of.code || string(body) != of.body {
				t.Errorf("%d %q, want %d %q", response.StatusCode, body, of.code, of.body)
			}
		})
	}
}

// TestRequestStaysAsItIs: a client may reuse a request, so handlers must change only a
// copy of it.
func TestRequestStaysAsItIs(t *testing.T) {
	transport, _ := fakes(func(_ http.ResponseWriter, r *http.Request) { r.Header.Del("Impersonate-User") })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1/api/v1/namespaces/x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Impersonate-User", "somebody")
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if r.Header.Get("Impersonate-User") != "somebody" {
		t.Error("the handler changed the client's request")
	}
}

// TestWarnings adds warnings in the request's goroutine and in one that continues after
// the answer, as admission does when the request's context ends. The race detector checks
// the accesses to the headers.
func TestWarnings(t *testing.T) {
	answered, ended := make(chan struct{}), make(chan struct{})
	transport, _ := fakes(func(w http.ResponseWriter, r *http.Request) {
		warning.AddWarning(r.Context(), "", "first")
		warning.AddWarning(r.Context(), "", "first")
		warning.AddWarning(r.Context(), "policy", strings.Repeat("x", 5000))
		started := make(chan struct{})
		go func() {
			defer close(ended)
			close(started)
			for i := 0; ; i++ {
				warning.AddWarning(r.Context(), "", "second")
				if i < 100 {
					continue
				}
				select {
				case <-answered:
					warning.AddWarning(r.Context(), "", "late")
					return
				default:
				}
			}
		}()
		<-started
		for i := range 1000 {
			w.Header().Set("X-Test", strconv.Itoa(i))
		}
		w.WriteHeader(http.StatusGatewayTimeout)
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1/api/v1/namespaces/x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	close(answered)
	<-ended
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	got := response.Header.Values("Warning")
	if i := slices.Index(got, `299 - "second"`); i > 0 {
		got = slices.Delete(got, i, i+1) // it may come before or after the answer
	}
	want := []string{`299 - "first"`, `299 policy "` + strings.Repeat("x", 256) + `"`}
	if !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}
