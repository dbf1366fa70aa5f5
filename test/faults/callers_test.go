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

package faults

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certutil "k8s.io/client-go/util/cert"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Callers. Each has the token of a service account. All but the last two have the
// ClusterRole of that name.
const (
	viewer   = "hyperfleet-viewer"
	editor   = "hyperfleet-editor"
	adapter  = "hyperfleet-adapter"
	forcer   = "hyperfleet-force-deleter"
	stranger = "stranger" // has no rights

	// floodCaller has the rights of an editor, who reads and writes.
	floodCaller = "hostile"

	// openUser is the user of all callers of managers without authentication.
	openUser = "dev@hyperfleet.local"
	nobody   = "nobody" // has an invalid token
)

// tokenLife is longer than any run, in seconds.
const tokenLife = int64(24 * 60 * 60)

// newTokens creates the service accounts, and returns a token of each.
func (s *stack) newTokens(t *testing.T) map[string]string {
	t.Helper()
	tokens := map[string]string{}
	for _, name := range []string{viewer, editor, adapter, forcer, floodCaller, stranger} {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault}}
		if err := s.admin.Create(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		tokens[name] = s.newToken(t, account)
		if name == stranger {
			continue
		}
		role := name
		if name == floodCaller {
			role = editor
		}
		if err := s.admin.Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{
				{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: metav1.NamespaceDefault},
				{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: openUser},
			},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{viewer, editor, adapter, forcer, floodCaller} {
		s.waitRight(t, name)
	}
	tokens[nobody] = tokens[viewer][:len(tokens[viewer])-6] + "forged"
	return tokens
}

func (s *stack) newToken(t *testing.T, account *corev1.ServiceAccount) string {
	t.Helper()
	seconds := tokenLife
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := s.admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

// waitRight waits until the API server grants the caller the rights of its role, which the
// server's authorizer learns of only after the role binding is stored.
func (s *stack) waitRight(t *testing.T, name string) {
	t.Helper()
	may := authorizationv1.ResourceAttributes{Namespace: metav1.NamespaceDefault, Group: v1.GroupVersion.Group, Resource: "clusters", Verb: "create"}
	switch name {
	case viewer:
		may.Verb = "list"
	case adapter:
		may.Resource = "adapterstatuses"
	case forcer:
		may.Verb = v1.VerbForceDelete
	}
	eventually(t, name+" has its rights", func() bool {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:" + metav1.NamespaceDefault + ":" + name, ResourceAttributes: &may,
		}}
		return s.admin.Create(t.Context(), review) == nil && review.Status.Allowed
	})
}

// callerOf returns the only caller that has the right to a request.
func callerOf(method, path string) string {
	switch {
	case method == http.MethodGet:
		return viewer
	case strings.HasSuffix(path, "/statuses"):
		return adapter
	case strings.HasSuffix(path, forceDeletePath):
		return forcer
	default:
		return editor
	}
}

// trespass makes requests for which the caller lacks the right.
func (w *workload) trespass(random *rand.Rand, through *replica) {
	caller, want := stranger, http.StatusForbidden
	if random.IntN(2) == 0 {
		caller, want = nobody, http.StatusUnauthorized
	}
	method, path, body := http.MethodGet, clustersPath, ""
	if all := w.all(); len(all) > 0 && random.IntN(2) == 0 {
		if id, _ := all[random.IntN(len(all))].identity(); id != "" {
			path += "/" + id
		}
	} else if random.IntN(2) == 0 {
		method, body = http.MethodPost, `{"spec":{},"name":"trespass"}`
		if want == http.StatusForbidden {
			caller = []string{stranger, viewer, adapter}[random.IntN(3)]
		}
	}
	what := fmt.Sprintf("%s %s as %s", method, path, caller)
	a := through.send(request{caller: caller, method: method, path: path, body: body})
	switch {
	case w.unavailable(through, a, what):
		w.count("trespasses unavailable")
	case a.status == want:
		w.count("trespasses refused")
	default:
		w.wrong("%s through %s: %s, want %d", what, through.name, a, want)
	}
}

// The managers' certificate is self-signed.
type certificate struct{ certFile, keyFile string }

func newCertificate(t *testing.T, dir string) certificate {
	t.Helper()
	cert, key, err := certutil.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := certificate{certFile: filepath.Join(dir, "tls.crt"), keyFile: filepath.Join(dir, "tls.key")}
	for file, content := range map[string][]byte{c.certFile: cert, c.keyFile: key} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// client returns a client that trusts the certificate.
func (c certificate) client(t *testing.T) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(c.certFile)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	return &http.Client{
		Timeout: requestLimit,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			TLSClientConfig:     &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
		},
	}
}
