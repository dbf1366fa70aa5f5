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
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func TestCertificates(t *testing.T) {
	reader, err := kubernetes.NewForConfig(&rest.Config{Host: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	shown := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	for name, test := range map[string]struct {
		tls  *tls.ConnectionState
		none bool
		want bool // true if the certificate is checked, false for an outage
	}{
		"authorities not read yet":                  {shown, false, false},
		"no authorities published":                  {shown, true, true},
		"authorities not read, no TLS":              {nil, false, true},
		"authorities not read, and no certificates": {&tls.ConnectionState{}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			ca, err := dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", "kube-system", publishedName, publishedKey, reader)
			if err != nil {
				t.Fatal(err)
			}
			p := &published{ConfigMapCAController: ca}
			p.none.Store(test.none)
			looked := false
			c := certificates{authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
				looked = true
				return nil, false, nil
			}), p}
			request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			request.TLS = test.tls
			_, _, err = c.AuthenticateRequest(request)
			if looked != test.want || IsOutage(err) == test.want {
				t.Errorf("AuthenticateRequest() looked at it: %t, %v; want %t", looked, err, test.want)
			}
		})
	}
}
