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
	"bufio"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/client-go/util/keyutil"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// TestNoCredentials requests every path by every method, without credentials and with
// invalid ones. Only the port of the probes is open.
func TestNoCredentials(t *testing.T) {
	anonymous := caller{client: suite.secure.client(t)}
	claims := serviceAccountClaims(t, newCaller(t, "hyperfleet-editor"))
	if got := anonymous.with(signed(t, claims, time.Hour)).get(t, api+"/clusters"); got.status != http.StatusOK {
		t.Fatalf("a token signed by the test is answered %d: %s", got.status, got.body)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: uniqueName(t), Namespace: "default"}}
	if err := suite.env.Client.Create(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	cluster := newCluster(t, "")
	for name, authorization := range map[string]string{
		"none":             "",
		"no such scheme":   "Basic YWRtaW46YWRtaW4=",
		"empty token":      "Bearer ",
		"garbage":          "Bearer garbage",
		"forged":           "Bearer " + tampered(signed(t, claims, time.Hour)),
		"expired":          "Bearer " + signed(t, claims, -time.Hour),
		"another audience": "Bearer " + newToken(t, account, "elsewhere"),
	} {
		t.Run(name, func(t *testing.T) {
			var group errgroup.Group
			group.SetLimit(32)
			for _, path := range allPaths(t, cluster.ID) {
				for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
					group.Go(func() error { return wantUnauthenticated(anonymous.client, method, path, authorization) })
				}
			}
			if err := group.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// wantUnauthenticated fails unless the answer has the status 401, a challenge and problem
// details.
func wantUnauthenticated(client *http.Client, method, path, authorization string) error {
	request, err := http.NewRequest(method, suite.secure.base+path, http.NoBody)
	if err != nil {
		return err
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := direct.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") == "" ||
		response.Header.Get("Content-Type") != "application/problem+json" {
		return fmt.Errorf("%s %s: status %d, header %v; want 401, a challenge and problem details", method, path, response.StatusCode, response.Header)
	}
	if method == http.MethodHead {
		return nil
	}
	want := "HYPERFLEET-AUT-002"
	if authorization == "" {
		want = "HYPERFLEET-AUT-001"
	}
	var problem rest.Problem
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil || problem.Code != want {
		return fmt.Errorf("%s %s as %q: code %s, want %s (%w)", method, path, authorization, problem.Code, want, err)
	}
	return nil
}

// TestNoCredentialsForServer makes requests whose target is not a path.
func TestNoCredentialsForServer(t *testing.T) {
	pool := suite.secure.client(t).Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, line := range []string{"OPTIONS * HTTP/1.1", "CONNECT example.com:80 HTTP/1.1", "GET http://example.com/ HTTP/1.1"} {
		conn, err := tls.Dial("tcp", suite.secure.Address().String(), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "%s\r\nHost: localhost\r\n\r\n", line); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", line, response.StatusCode)
		}
	}
}

// TestHeadersThatName sends the headers by which other servers identify a caller.
func TestHeadersThatName(t *testing.T) {
	viewer, editor := newCaller(t, "hyperfleet-viewer"), newCaller(t, "hyperfleet-editor")
	for token, want := range map[string]int{"": http.StatusUnauthorized, viewer.token: http.StatusForbidden} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, suite.secure.base+api+"/clusters",
			strings.NewReader(fmt.Sprintf(`{"spec":{},"name":%q}`, uniqueName(t))))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		for _, header := range []string{"Impersonate-User", "X-Remote-User", "X-Forwarded-User"} {
			request.Header.Set(header, editor.name)
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		doWith(t, viewer.client, request).want(t, want)
	}
}

// TestDeletedServiceAccount uses the token of a deleted service account. The token works
// while one of two successive caches has it: the API server's cache, for 10 seconds, and
// then HyperFleet's cache, for TokenTTL after the last request that the API server reviewed.
func TestDeletedServiceAccount(t *testing.T) {
	config, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	var reviews atomic.Int64
	server := newHandler(t, authenticates(t, countingReviews(config, &reviews)), authorizerfactory.NewAlwaysAllowAuthorizer())
	c := newCaller(t, "hyperfleet-viewer")
	c.get(t, api+"/clusters").want(t, http.StatusOK)
	name := strings.TrimPrefix(c.name, "system:serviceaccount:default:")
	if err := suite.env.Client.Delete(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}); err != nil {
		t.Fatal(err)
	}
	const slack = time.Minute // the API server may notice the deletion late on a busy machine
	deleted := time.Now()
	reviewed := deleted
	eventually(t, "the token is not good any more", func() bool {
		asked, before := time.Now(), reviews.Load()
		request := httptest.NewRequest(http.MethodGet, api+"/clusters", http.NoBody)
		request.Header.Set("Authorization", "Bearer "+c.token)
		recorded := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorded, request)
		if reviews.Load() > before {
			reviewed = time.Now() // the cache has the review since then at the latest
			if age := asked.Sub(deleted); recorded.Code == http.StatusOK && age > 10*time.Second+slack {
				t.Fatalf("a review accepts the token %s after the deletion, and the API server caches it for 10s", age)
			}
		} else if age := asked.Sub(reviewed); recorded.Code == http.StatusOK && age > delegation().TokenTTL {
			t.Fatalf("a token works %s after its review, and may work for %s", age, delegation().TokenTTL)
		}
		return recorded.Code == http.StatusUnauthorized
	})
	eventually(t, "the token is not good any more over HTTPS", func() bool {
		return c.get(t, api+"/clusters").status == http.StatusUnauthorized
	})
}

// TestAudiences requires tokens with the audience of HyperFleet.
func TestAudiences(t *testing.T) {
	config, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	own := delegation()
	own.Audiences = []string{"hyperfleet", "fleet.example.com"}
	who, err := own.NewAuthenticator(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := newHandler(t, who, authorizes(t, config))
	c := newCaller(t, "hyperfleet-viewer")
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: strings.TrimPrefix(c.name, "system:serviceaccount:default:"), Namespace: "default"}}
	for name, test := range map[string]struct {
		token string
		want  int
	}{
		"the API server's": {c.token, http.StatusUnauthorized},
		"one of its own":   {newToken(t, account, "fleet.example.com", "other"), http.StatusOK},
		"another's":        {newToken(t, account, "other"), http.StatusUnauthorized},
	} {
		request := httptest.NewRequest(http.MethodGet, api+"/clusters", http.NoBody)
		request.Header.Set("Authorization", "Bearer "+test.token)
		recorded := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorded, request)
		if recorded.Code != test.want {
			t.Errorf("%s: status %d, want %d: %s", name, recorded.Code, test.want, recorded.Body)
		}
	}
}

// TestClientCertificate calls with a certificate that the API server's authority for
// clients has signed, and with a self-signed one.
func TestClientCertificate(t *testing.T) {
	name := uniqueName(t) + "@example.com"
	config, err := suite.env.ClientCertificate(name, "fleet-owners")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(config.CertData, config.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	bind(t, "default", "hyperfleet-editor", name)
	waitForRight(t, name, "create", "clusters", "")
	c := caller{client: suite.secure.client(t, certificate)}
	eventually(t, "the facade knows the authority", func() bool {
		response, err := c.client.Get(suite.secure.base + api + "/clusters")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusUnauthorized {
			t.Fatal("a good certificate is refused")
		}
		return response.StatusCode == http.StatusOK
	})
	var cluster rest.Cluster
	c.post(t, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":%q}`, uniqueName(t))).want(t, http.StatusCreated).decode(t, &cluster)
	if cluster.CreatedBy != name {
		t.Errorf("created_by is %q, want %q", cluster.CreatedBy, name)
	}

	stranger, err := tls.LoadX509KeyPair(suite.secure.serving.CertFile, suite.secure.serving.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	caller{client: suite.secure.client(t, stranger)}.get(t, api+"/clusters").want(t, http.StatusUnauthorized)
}

// TestUnusableUser calls with certificates whose names do not fit into the headers of an
// impersonation. The facade also refuses reads, so that such a caller learns of the
// problem at once.
func TestUnusableUser(t *testing.T) {
	for _, name := range []string{"line\nbreak", "dev@hyperfleet.local ", "\tadmin"} {
		config, err := suite.env.ClientCertificate(name, "fleet-owners")
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := tls.X509KeyPair(config.CertData, config.KeyData)
		if err != nil {
			t.Fatal(err)
		}
		c := caller{client: suite.secure.client(t, certificate)}
		eventually(t, "the facade knows the authority", func() bool {
			response, err := c.client.Get(suite.secure.base + api)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			return response.StatusCode != http.StatusServiceUnavailable
		})
		for _, answer := range []answer{c.get(t, api+"/clusters"), c.post(t, api+"/clusters", `{"name":"unusable","spec":{}}`)} {
			if p := answer.want(t, http.StatusForbidden).problem(t); p.Code != "HYPERFLEET-AUZ-002" || !strings.Contains(p.Detail, fmt.Sprintf("%q", name)) {
				t.Errorf("%q: %s, %s", name, p.Code, p.Detail)
			}
		}
	}
}

// TestCertificateIsRenewed replaces the server's certificate while it serves.
func TestCertificateIsRenewed(t *testing.T) {
	if err := suite.secure.renewCertificate(); err != nil {
		t.Fatal(err)
	}
	c := caller{client: suite.secure.client(t)}
	eventually(t, "the server shows its new certificate", func() bool {
		response, err := c.client.Get(suite.secure.base + api)
		if err == nil {
			_ = response.Body.Close()
		}
		return err == nil && response.ProtoMajor == 2
	})
	// By default, the client itself has a minimum version.
	old := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}
	conn, err := tls.Dial("tcp", suite.secure.Address().String(), old)
	if err == nil {
		_ = conn.Close()
		t.Fatal("TLS 1.1 is accepted, want 1.2 at least")
	}
	if !strings.Contains(err.Error(), "protocol version not supported") {
		t.Errorf("TLS 1.1: %v, want the alert that the protocol version is not supported", err)
	}
}

// allPaths are the paths of the OpenAPI document, and other paths.
func allPaths(t *testing.T, clusterID string) []string {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(rest.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{
		"/", "/healthz", "/metrics", "/nothing", "//", "/api/../x", api + "/", api + "/openapi.html", api + "/openapi.html/swagger-ui.css",
		api + "/clusters/", api + "/clusters?page=x", api + "/%2e%2e/clusters",
	}
	for path := range doc.Paths.Map() {
		paths = append(paths, strings.NewReplacer("{cluster_id}", clusterID, "{nodepool_id}", clusterID).Replace(path))
	}
	return paths
}

func (c caller) with(token string) caller {
	c.token = token
	return c
}

// serviceAccountClaims returns the claims of the token of a caller.
func serviceAccountClaims(t *testing.T, c caller) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(c.token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// signed returns a token with those claims that expires after the time, signed by the key
// of the API server. The API server itself makes no expired tokens.
func signed(t *testing.T, claims map[string]any, validity time.Duration) string {
	t.Helper()
	pem, err := suite.env.ServiceAccountKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyutil.ParsePrivateKeyPEM(pem)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	claims["iat"], claims["nbf"] = now.Add(-2*time.Hour).Unix(), now.Add(-2*time.Hour).Unix()
	claims["exp"] = now.Add(validity).Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	r, other, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	other.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature[:])
}

// tampered changes the signature of a token.
func tampered(token string) string {
	at := len(token) - 10
	other := byte('A')
	if token[at] == other {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}

// TestLogsKeepSecrets looks for the secrets of requests in the logs of these requests, at
// the most verbose level.
func TestLogsKeepSecrets(t *testing.T) {
	const spec, data = "a-secret-of-the-spec", "a-secret-of-the-data"
	editor, adapter := newCaller(t, "hyperfleet-editor"), newCaller(t, "hyperfleet-adapter")
	bad := editor.with(tampered(editor.token))
	name := uniqueName(t)
	var cluster rest.Cluster
	editor.post(t, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{"a":%q}}`, name, spec)).want(t, http.StatusCreated).decode(t, &cluster)
	editor.post(t, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{"a":%q}}`, name, spec)).want(t, http.StatusConflict)
	editor.post(t, api+"/clusters", fmt.Sprintf(`{"name":"X","spec":{"a":%q}}`, spec)).want(t, http.StatusBadRequest)
	bad.post(t, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{"a":%q}}`, name, spec)).want(t, http.StatusUnauthorized)
	report := func(status string) string {
		return fmt.Sprintf(`{"adapter":"dns","observed_generation":1,"observed_time":"2026-01-01T10:00:00Z","conditions":[{"type":"Available","status":%q}],"data":{"a":%q}}`, status, data)
	}
	adapter.post(t, cluster.Href+"/statuses", report("True")).want(t, http.StatusCreated)
	adapter.post(t, cluster.Href+"/statuses", report("Yes")).want(t, http.StatusBadRequest)
	editor.post(t, cluster.Href+"/statuses", report("True")).want(t, http.StatusForbidden)

	logged := suite.secure.log.String()
	if !strings.Contains(logged, "HYPERFLEET-AUT-002") || !strings.Contains(logged, "HYPERFLEET-CNF-001") {
		t.Fatalf("the log is not that of the requests:\n%s", logged)
	}
	for what, secret := range map[string]string{"spec": spec, "data": data, "token": editor.token, "signature": bad.token[len(bad.token)-40:]} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log holds the %s", what)
		}
	}
}
