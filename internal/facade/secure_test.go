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
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certutil "k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	"github.com/hyperfleet-io/hyperfleet/internal/serving"
)

// delegation caches the API server's answers for a moment only, because the tests grant
// and revoke rights.
func delegation() serving.Delegation {
	return serving.Delegation{TokenTTL: time.Second, AllowTTL: time.Second, DenyTTL: time.Second}
}

// secureServer is a facade in the form for production: HTTPS, and callers that the API
// server authenticates.
type secureServer struct {
	*facade.Server
	serving serving.Options
	base    string
	log     *syncBuffer
}

// newSecureServer adds a secure server of a replica to the manager. Its certificate is in
// the folder.
func newSecureServer(mgr ctrl.Manager, folder string, rep *replica.Replica) (*secureServer, error) {
	s := &secureServer{log: &syncBuffer{}}
	s.serving = serving.Options{
		CertFile:   filepath.Join(folder, "tls.crt"),
		KeyFile:    filepath.Join(folder, "tls.key"),
		MinVersion: "VersionTLS12",
	}
	if err := s.renewCertificate(); err != nil {
		return nil, err
	}
	certificate, err := s.serving.Certificate()
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(certificate); err != nil {
		return nil, err
	}
	who, may, err := delegation().Setup(mgr, true)
	if err != nil {
		return nil, err
	}
	s.Server, err = facade.New(mgr.GetConfig(), mgr.GetScheme(), rep, facade.Options{
		BindAddress:     "127.0.0.1:0",
		PageSize:        20,
		WriteVisibility: writeVisibility,
		Limits:          facade.Limits{RequestTimeout: 2 * writeVisibility},
		Version:         "v0.0.0-test",
		Authenticator:   who,
		Authorizer:      may,
		TLS:             s.serving.TLS(certificate),
	}, zap.New(zap.UseDevMode(true), zap.WriteTo(s.log)))
	if err != nil {
		return nil, err
	}
	s.base = "https://" + s.Address().String()
	return s, mgr.Add(s.Server)
}

// renewCertificate writes another certificate, of the same name.
func (s *secureServer) renewCertificate() error {
	certificate, key, err := certutil.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.serving.KeyFile, key, 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.serving.CertFile, certificate, 0o600)
}

// client returns a client that trusts the server's present certificate, and presents its
// own certificate if there is one.
func (s *secureServer) client(t testing.TB, own ...tls.Certificate) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(s.serving.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: trusted, Certificates: own, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// A caller makes requests to the secure facade.
type caller struct {
	client *http.Client
	name   string
	token  string // empty for none
}

// newCaller returns a service account of its own with those ClusterRoles in the
// served namespace.
func newCaller(t testing.TB, roles ...string) caller {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: uniqueName(t), Namespace: "default"}}
	if err := suite.env.Client.Create(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	c := caller{client: suite.secure.client(t), name: "system:serviceaccount:default:" + account.Name, token: newToken(t, account)}
	for _, role := range roles {
		bind(t, "default", role, c.name)
		waitForRight(t, c.name, "list", "clusters", "")
	}
	return c
}

func newToken(t testing.TB, account *corev1.ServiceAccount, audiences ...string) string {
	t.Helper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences}}
	if err := suite.env.Client.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

func bind(t testing.TB, namespace, role, user string) {
	t.Helper()
	if err := suite.env.Client.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: uniqueName(t), Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}); err != nil {
		t.Fatal(err)
	}
}

// waitForRight waits until the API server, which reads roles by a watch, grants the
// right.
func waitForRight(t testing.TB, user, verb, resource, name string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s may %s %s %s", user, verb, resource, name), func() bool {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               user,
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "default", Verb: verb, Group: "hyperfleet.io", Resource: resource, Name: name},
		}}
		if err := suite.env.Client.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		return review.Status.Allowed
	})
}

func (c caller) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, suite.secure.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	return doWith(t, c.client, request)
}

func (c caller) get(t *testing.T, path string) answer {
	t.Helper()
	return c.call(t, http.MethodGet, path, "")
}

func (c caller) post(t *testing.T, path, body string) answer {
	t.Helper()
	return c.call(t, http.MethodPost, path, body)
}

// syncBuffer is a buffer that several goroutines write to.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
