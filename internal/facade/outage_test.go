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

package facade_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
)

// TestReviewsFail calls while the API server can review neither tokens nor rights. That
// is not the caller's fault, and the answer must not look so.
func TestReviewsFail(t *testing.T) {
	config, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	unreachable := rest.CopyConfig(config)
	unreachable.Host = "https://127.0.0.1:1"                      // no program of a test gets this port
	unentitled, err := suite.env.ClientCertificate(uniqueName(t)) // a user who may not make reviews
	if err != nil {
		t.Fatal(err)
	}
	anyone := authorizerfactory.NewAlwaysAllowAuthorizer()
	token := newCaller(t, "hyperfleet-viewer").token

	for name, test := range map[string]struct {
		who  authenticator.Request
		may  authorizer.Authorizer
		want int
	}{
		"all is well":                          {authenticates(t, config), authorizes(t, config), http.StatusOK},
		"no API server to ask who":             {authenticates(t, unreachable), anyone, http.StatusServiceUnavailable},
		"not entitled to ask who":              {authenticates(t, unentitled), anyone, http.StatusServiceUnavailable},
		"no API server to ask what is allowed": {authenticates(t, config), authorizes(t, unreachable), http.StatusServiceUnavailable},
		"not entitled to ask what is allowed":  {authenticates(t, config), authorizes(t, unentitled), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := newHandler(t, test.who, test.may)
			for _, path := range []string{api + "/clusters", api + "/clusters/20000000000000000000000000"} {
				request := httptest.NewRequest(http.MethodGet, path, http.NoBody)
				request.Header.Set("Authorization", "Bearer "+token)
				recorded := httptest.NewRecorder()
				server.Handler().ServeHTTP(recorded, request)
				want := test.want
				if want == http.StatusOK && path != api+"/clusters" {
					want = http.StatusNotFound
				}
				if recorded.Code != want {
					t.Errorf("GET %s: status %d, want %d: %s", path, recorded.Code, want, recorded.Body)
				}
				if want == http.StatusServiceUnavailable && (recorded.Header().Get("Retry-After") == "" || recorded.Header().Get("WWW-Authenticate") != "") {
					t.Errorf("GET %s: header %v, want Retry-After and no challenge", path, recorded.Header())
				}
			}
		})
	}
}

// TestAuthoritiesNotReadYet presents a valid certificate before and after the facade has
// read the certificate authorities of clients.
func TestAuthoritiesNotReadYet(t *testing.T) {
	config, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: suite.env.Scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	who, _, err := delegation().Setup(mgr, true)
	if err != nil {
		t.Fatal(err)
	}
	server := newHandler(t, who, authorizerfactory.NewAlwaysAllowAuthorizer())
	viewer, err := suite.env.ClientCertificate(uniqueName(t))
	if err != nil {
		t.Fatal(err)
	}
	certificates, err := certutil.ParseCertsPEM(viewer.CertData)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() int {
		request := httptest.NewRequest(http.MethodGet, api+"/clusters", http.NoBody)
		request.TLS = &tls.ConnectionState{PeerCertificates: certificates}
		recorded := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorded, request)
		return recorded.Code
	}
	if got := ask(); got != http.StatusServiceUnavailable {
		t.Errorf("before: status %d, want 503", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(ctx) }()
	eventually(t, "the authorities are read", func() bool {
		got := ask()
		if got != http.StatusOK && got != http.StatusServiceUnavailable {
			t.Fatalf("meanwhile: status %d", got)
		}
		return got == http.StatusOK
	})
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestBadTokensAreKept presents the same invalid tokens repeatedly. The API server's
// answer for each is cached, so that not every request needs a review.
func TestBadTokensAreKept(t *testing.T) {
	config, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	var reviews atomic.Int64
	config = countingReviews(config, &reviews)
	d := delegation()
	d.TokenTTL = time.Hour
	who, err := d.NewAuthenticator(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := newHandler(t, who, authorizerfactory.NewAlwaysAllowAuthorizer())
	token := newCaller(t, "hyperfleet-viewer").token
	tokens := map[string]int{"garbage": http.StatusUnauthorized, tampered(token): http.StatusUnauthorized, token: http.StatusOK}
	for range 50 {
		for token, want := range tokens {
			request := httptest.NewRequest(http.MethodGet, api+"/clusters", http.NoBody)
			request.Header.Set("Authorization", "Bearer "+token)
			recorded := httptest.NewRecorder()
			server.Handler().ServeHTTP(recorded, request)
			if recorded.Code != want || (want == http.StatusUnauthorized) != (recorded.Header().Get("WWW-Authenticate") != "") {
				t.Fatalf("status %d, header %v; want %d: %s", recorded.Code, recorded.Header(), want, recorded.Body)
			}
		}
	}
	// A refused token may be reviewed twice, to be sure.
	if got := reviews.Load(); got > 5 {
		t.Errorf("%d reviews of 3 tokens", got)
	}
}

// countingReviews returns a copy of config that counts the reviews of tokens.
func countingReviews(config *rest.Config, reviews *atomic.Int64) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/tokenreviews") {
				reviews.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	return config
}

func authenticates(tb testing.TB, config *rest.Config) authenticator.Request {
	tb.Helper()
	who, err := delegation().NewAuthenticator(config, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return who
}

func authorizes(tb testing.TB, config *rest.Config) authorizer.Authorizer {
	tb.Helper()
	may, err := delegation().NewAuthorizer(config)
	if err != nil {
		tb.Fatal(err)
	}
	return may
}

// newHandler returns a facade of the suite's replica. A test calls its handler without a
// connection.
func newHandler(tb testing.TB, who authenticator.Request, may authorizer.Authorizer) *facade.Server {
	tb.Helper()
	server, err := facade.New(suite.env.Config, suite.env.Scheme, suite.replica, facade.Options{
		BindAddress:   "127.0.0.1:0",
		PageSize:      20,
		Authenticator: who,
		Authorizer:    may,
	}, log.Log)
	if err != nil {
		tb.Fatal(err)
	}
	return server
}
