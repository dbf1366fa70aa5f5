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
	"crypto/tls"
	"crypto/x509"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
)

func TestAuthenticator(t *testing.T) {
	account, name := newServiceAccount(t, "")
	for test, c := range map[string]struct {
		accepted []string // audiences
		token    string
		want     string // the user, "" if the token is refused
	}{
		"a token of the API server":                     {nil, tokenOf(t, account), name},
		"no token":                                      {nil, "", ""},
		"a token that is none":                          {nil, "abc", ""},
		"a token for another audience":                  {nil, tokenOf(t, account, "other"), ""},
		"a token for the audience":                      {[]string{"fleet"}, tokenOf(t, account, "fleet"), name},
		"a token for one of the audiences":              {[]string{"one", "fleet"}, tokenOf(t, account, "fleet", "two"), name},
		"a token of the API server, not for the fleet":  {[]string{"fleet"}, tokenOf(t, account), ""},
		"a token for neither the fleet nor the cluster": {[]string{"fleet"}, tokenOf(t, account, "other"), ""},
	} {
		t.Run(test, func(t *testing.T) {
			who, err := delegation(c.accepted...).NewAuthenticator(env.Config, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, ok, err := who.AuthenticateRequest(withToken(t, http.MethodGet, "/", c.token))
			if IsOutage(err) || ok != (c.want != "") {
				t.Fatalf("AuthenticateRequest() = %v, %v, want authenticated: %v", ok, err, c.want != "")
			}
			if !ok {
				return
			}
			if got := response.User.GetName(); got != c.want {
				t.Errorf("user %q, want %q", got, c.want)
			}
			if !slices.Contains(response.User.GetGroups(), user.AllAuthenticated) {
				t.Errorf("groups %v, want %s among them", response.User.GetGroups(), user.AllAuthenticated)
			}
		})
	}
}

func TestAuthorizer(t *testing.T) {
	_, allowed := newServiceAccount(t, "/fleet", "get")
	_, other := newServiceAccount(t, "")
	may, err := delegation().NewAuthorizer(env.Config)
	if err != nil {
		t.Fatal(err)
	}
	decide := func(user, verb string) authorizer.Decision {
		t.Helper()
		decision, _, err := may.Authorize(t.Context(), authorizer.AttributesRecord{User: userNamed(user), Verb: verb, Path: "/fleet"})
		if err != nil {
			t.Fatal(err)
		}
		return decision
	}
	eventually(t, "the role is in force", func() bool { return decide(allowed, "get") == authorizer.DecisionAllow })
	for _, refused := range [][2]string{{allowed, "put"}, {other, "get"}} {
		if got := decide(refused[0], refused[1]); got == authorizer.DecisionAllow {
			t.Errorf("%s may %s /fleet", refused[0], refused[1])
		}
	}
}

// TestReviewsOfUnreachableAPIServer: without an answer of the API server, a caller is
// neither refused nor accepted.
func TestReviewsOfUnreachableAPIServer(t *testing.T) {
	unreachable := &rest.Config{Host: "127.0.0.1:1"}
	who, err := delegation().NewAuthenticator(unreachable, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := who.AuthenticateRequest(withToken(t, http.MethodGet, "/", "abc")); ok || !IsOutage(err) {
		t.Errorf("AuthenticateRequest() = %v, %v, want an outage", ok, err)
	}
	may, err := delegation().NewAuthorizer(unreachable)
	if err != nil {
		t.Fatal(err)
	}
	decision, _, err := may.Authorize(t.Context(), authorizer.AttributesRecord{User: userNamed("ann"), Verb: "get", Path: "/"})
	if decision == authorizer.DecisionAllow || !IsOutage(err) {
		t.Errorf("Authorize() = %v, %v, want an outage", decision, err)
	}
}

// TestClientCertificates: the client CAs come from a file, if there is one, else from the
// API server. Without TLS, or if the look-up is disabled, there are none.
func TestClientCertificates(t *testing.T) {
	known, err := env.ClientCertificate("ann", "admins")
	if err != nil {
		t.Fatal(err)
	}
	apiServers := parseCertificate(t, known.CertData)
	stranger := parseCertificate(t, selfSigned(t))
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, selfSigned(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		delegation Delegation
		tls        bool
		want       bool // true if the API server's certificate is accepted
	}{
		"published CAs":             {delegation(), true, true},
		"CAs of a file":             {Delegation{ClientCAFile: file}, true, false},
		"no CAs":                    {Delegation{SkipLookup: true}, true, false},
		"published CAs without TLS": {delegation(), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			mgr := newManager(t, env.Config)
			who, may, err := test.delegation.Setup(mgr, test.tls)
			if err != nil || may == nil {
				t.Fatalf("Setup() = %v, %v", may, err)
			}
			start(t, mgr)
			var response *authenticator.Response
			var ok bool
			eventually(t, "the CAs are known", func() bool {
				response, ok, err = who.AuthenticateRequest(withCertificate(t, apiServers))
				return !IsOutage(err)
			})
			if ok != test.want {
				t.Fatalf("a certificate of the API server is accepted: %v, %v, want %v", ok, err, test.want)
			}
			if ok && (response.User.GetName() != "ann" || !slices.Contains(response.User.GetGroups(), "admins")) {
				t.Errorf("user %v, want ann of admins", response.User)
			}
			if _, ok, _ := who.AuthenticateRequest(withCertificate(t, stranger)); ok {
				t.Error("a self-signed certificate is accepted")
			}
		})
	}
}

func TestClientCAFileIsMissing(t *testing.T) {
	d := Delegation{ClientCAFile: filepath.Join(t.TempDir(), "none.crt")}
	if _, _, err := d.Setup(newManager(t, env.Config), true); err == nil || !strings.Contains(err.Error(), "--client-ca-file") {
		t.Errorf("Setup() = %v, want an error that names --client-ca-file", err)
	}
}

// TestNoCAsArePublished: a certificate is an outage until the API server has answered
// that it publishes no CAs. From then on, certificates are refused.
func TestNoCAsArePublished(t *testing.T) {
	asked := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-asked
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
	}))
	t.Cleanup(api.Close)
	mgr := newManager(t, &rest.Config{Host: api.URL})
	who, _, err := delegation().Setup(mgr, true)
	if err != nil {
		t.Fatal(err)
	}
	start(t, mgr)
	request := withCertificate(t, parseCertificate(t, selfSigned(t)))
	if _, ok, err := who.AuthenticateRequest(request); ok || !IsOutage(err) {
		t.Errorf("AuthenticateRequest() before the API server has answered = %v, %v, want an outage", ok, err)
	}
	close(asked)
	eventually(t, "the certificate is refused", func() bool {
		_, ok, err := who.AuthenticateRequest(request)
		return !ok && !IsOutage(err)
	})
}

func TestDelegationFlags(t *testing.T) {
	for name, test := range map[string]struct {
		args    []string
		want    Delegation
		wantErr string
	}{
		"defaults": {nil, Delegation{TokenTTL: 10 * time.Second, AllowTTL: 10 * time.Second, DenyTTL: 10 * time.Second}, ""},
		"all": {
			[]string{"--api-audiences=a,b", "--authentication-token-webhook-cache-ttl=1s", "--authorization-webhook-cache-authorized-ttl=2s",
				"--authorization-webhook-cache-unauthorized-ttl=3s", "--client-ca-file=ca.crt", "--authentication-skip-lookup"},
			Delegation{Audiences: []string{"a", "b"}, TokenTTL: time.Second, AllowTTL: 2 * time.Second, DenyTTL: 3 * time.Second, ClientCAFile: "ca.crt", SkipLookup: true}, "",
		},
		"an empty audience": {[]string{"--api-audiences=a,"}, Delegation{}, "an audience is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			var got Delegation
			flags := flag.NewFlagSet("test", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			got.BindFlags(flags)
			err := flags.Parse(test.args)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("Parse() = %v, want an error with %q", err, test.wantErr)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("flags (-want +got):\n%s%v", diff, err)
			}
		})
	}
}

func userNamed(name string) user.Info {
	return &user.DefaultInfo{Name: name, Groups: []string{user.AllAuthenticated}}
}

func withCertificate(t *testing.T, certificate *x509.Certificate) *http.Request {
	t.Helper()
	request := withToken(t, http.MethodGet, "/", "")
	request.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}}
	return request
}

func parseCertificate(t *testing.T, pem []byte) *x509.Certificate {
	t.Helper()
	certificates, err := certutil.ParseCertsPEM(pem)
	if err != nil {
		t.Fatal(err)
	}
	return certificates[0]
}

// selfSigned returns a certificate of an unknown CA.
func selfSigned(t *testing.T) []byte {
	t.Helper()
	certificate, _, err := certutil.GenerateSelfSignedCertKey("localhost", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
