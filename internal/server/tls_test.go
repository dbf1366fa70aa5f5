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

package server_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	certutil "k8s.io/client-go/util/cert"

	"github.com/hyperfleet-io/hyperfleet/internal/server"
	"github.com/hyperfleet-io/hyperfleet/internal/serving"
)

// TestCipherSuites offers each cipher suite of TLS 1.2 alone, to the listeners of the
// REST API and of the Kubernetes API. Both have the same certificate.
func TestCipherSuites(t *testing.T) {
	o := server.NewOptions()
	withPlaneOf(t, o, func(context.Context, plane) {
		cert, key := o.CertFiles()
		options := serving.Options{CertFile: cert, KeyFile: key, MinVersion: "VersionTLS12"}
		certificate, err := options.Certificate()
		if err != nil {
			t.Error(err)
			return
		}
		rest := httptest.NewUnstartedServer(http.NotFoundHandler())
		rest.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are expected
		rest.TLS = options.TLS(certificate)
		rest.StartTLS()
		defer rest.Close()
		roots, err := certutil.NewPool(o.CAFile())
		if err != nil {
			t.Error(err)
			return
		}
		for name, address := range map[string]string{"REST": rest.Listener.Addr().String(), "Kubernetes API": o.BindAddress} {
			accepted := 0
			for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
				conn, err := tls.Dial("tcp", address, &tls.Config{
					RootCAs: roots, ServerName: "localhost", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID},
				})
				if err != nil {
					continue
				}
				_ = conn.Close()
				accepted++
				if strings.Contains(suite.Name, "_CBC_") || !strings.HasPrefix(suite.Name, "TLS_ECDHE_") {
					t.Errorf("%s: %s is accepted", name, suite.Name)
				}
			}
			if accepted != 3 { // the ones for the certificate's type of key
				t.Errorf("%s: %d cipher suites are accepted, want 3", name, accepted)
			}
		}
	})
}
