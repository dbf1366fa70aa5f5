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
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	certutil "k8s.io/client-go/util/cert"
)

// TestTLS: the server accepts every client certificate, because the authenticator
// verifies it, and no version below the minimum.
func TestTLS(t *testing.T) {
	for name, test := range map[string]struct {
		minVersion string
		client     uint16
		want       bool
	}{
		"TLS 1.3":            {"VersionTLS12", tls.VersionTLS13, true},
		"TLS 1.2":            {"VersionTLS12", tls.VersionTLS12, true},
		"TLS 1.1":            {"VersionTLS12", tls.VersionTLS11, false},
		"TLS 1.2 is too old": {"VersionTLS13", tls.VersionTLS12, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := certified(t, t.TempDir())
			o.MinVersion = test.minVersion
			certificate, err := o.Certificate()
			if err != nil {
				t.Fatal(err)
			}
			var presented []*x509.Certificate
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				presented = r.TLS.PeerCertificates
			}))
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // of refused handshakes
			server.TLS = o.TLS(certificate)
			server.StartTLS()
			t.Cleanup(server.Close)

			own, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
			if err != nil {
				t.Fatal(err)
			}
			client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
				RootCAs: roots(t, o.CertFile), ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: test.client, Certificates: []tls.Certificate{own},
			}}}
			response, err := client.Get(server.URL)
			if (err == nil) != test.want {
				t.Fatalf("Get() = %v, want a response: %v", err, test.want)
			}
			if err != nil {
				return
			}
			_ = response.Body.Close()
			if len(presented) == 0 || !bytes.Equal(presented[0].Raw, own.Certificate[0]) {
				t.Errorf("the handler sees %d certificates of the client, want the client's own first", len(presented))
			}
		})
	}
}

// TestCertificateIsReloaded: a running server serves a new certificate.
func TestCertificateIsReloaded(t *testing.T) {
	dir := t.TempDir()
	o := certified(t, dir)
	certificate, err := o.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	mgr := newManager(t, env.Config)
	if err := mgr.Add(certificate); err != nil {
		t.Fatal(err)
	}
	start(t, mgr)
	serial := func() string {
		served, err := o.TLS(certificate).GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return parseDER(t, served.Certificate[0]).SerialNumber.String()
	}
	first := serial()
	certified(t, dir)
	eventually(t, "the new certificate is served", func() bool { return serial() != first })
}

func TestCertificateIsMissing(t *testing.T) {
	o := certified(t, t.TempDir())
	o.KeyFile = filepath.Join(t.TempDir(), "none.key")
	if _, err := o.Certificate(); err == nil || !strings.Contains(err.Error(), "--tls-private-key-file") {
		t.Errorf("Certificate() = %v, want an error that names the flags", err)
	}
	none := Options{}
	certificate, err := none.Certificate()
	if certificate != nil || err != nil || none.TLS(certificate) != nil {
		t.Errorf("Certificate() = %v, %v without files, want nothing", certificate, err)
	}
}

func TestOptionFlags(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want Options
	}{
		"defaults": {nil, Options{MinVersion: "VersionTLS12"}},
		"all": {
			[]string{"--tls-cert-file=a", "--tls-private-key-file=b", "--tls-min-version=VersionTLS13", "--insecure-plain-http",
				"--insecure-disable-authentication", "--insecure-unauthenticated-network"},
			Options{CertFile: "a", KeyFile: "b", MinVersion: "VersionTLS13", PlainHTTP: true, Unauthenticated: true, UnauthenticatedNetwork: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got Options
			flags := flag.NewFlagSet("test", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			got.BindFlags(flags)
			err := flags.Parse(test.args)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("flags (-want +got):\n%s%v", diff, err)
			}
		})
	}
}

// certified returns options with a new certificate of localhost in the folder.
func certified(t *testing.T, dir string) Options {
	t.Helper()
	certificate, key, err := certutil.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key"), MinVersion: "VersionTLS12"}
	for file, content := range map[string][]byte{o.CertFile: certificate, o.KeyFile: key} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func roots(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	pool, err := certutil.NewPool(file)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func parseDER(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
