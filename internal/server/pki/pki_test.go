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

package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var hosts = []string{"localhost", "127.0.0.1"}

// content returns the files of a folder.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(text)
	}
	return files
}

// wantPrivate checks that nobody but the owner may read the files of a folder.
func wantPrivate(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode of %s is %v (%v), want 600", entry.Name(), info.Mode(), err)
		}
	}
}

func load(t *testing.T, dir string, hosts []string, now time.Time) *Credentials {
	t.Helper()
	c, err := Load(dir, hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verify checks a certificate like a peer that trusts the authority.
func verify(t *testing.T, ca, cert []byte, now time.Time, usage x509.ExtKeyUsage, host string) error {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatal("the authority is no certificate")
	}
	block, _ := pem.Decode(cert)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parsed.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}, DNSName: host})
	return err
}

func TestLoadKeepsWhatIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	load(t, dir, hosts, start)
	first := content(t, dir)
	load(t, dir, hosts, start.Add(certLife-certMargin-time.Minute))
	second := content(t, dir)
	if len(first) != 6 {
		t.Errorf("%d files, want 6", len(first))
	}
	for name, text := range first {
		if second[name] != text {
			t.Errorf("%s has changed", name)
		}
	}
}

// TestLoadRenews: Load replaces certificates that expire soon or lack a host, and no
// other files.
func TestLoadRenews(t *testing.T) {
	for name, test := range map[string]struct {
		hosts   []string
		now     time.Time
		changed []string
	}{
		"serving certificate near its end":  {hosts, start.Add(certLife - certMargin), []string{servingCertFile}},
		"serving certificate after its end": {hosts, start.Add(certLife + time.Hour), []string{servingCertFile}},
		"another host":                      {append([]string{"fleet.example.com", "10.1.2.3"}, hosts...), start, []string{servingCertFile}},
		"authority near its end":            {hosts, start.Add(caLife - caMargin), []string{caCertFile, servingCertFile}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old := load(t, dir, hosts, start)
			before := content(t, dir)
			c := load(t, dir, test.hosts, test.now)
			after := content(t, dir)
			want := map[string]bool{}
			for _, file := range test.changed {
				want[file] = true
			}
			for file := range before {
				if changed := before[file] != after[file]; changed != want[file] {
					t.Errorf("%s has changed: %t, want %t", file, changed, want[file])
				}
			}
			for _, host := range test.hosts {
				if err := verify(t, c.CA(), []byte(after[servingCertFile]), test.now, x509.ExtKeyUsageServerAuth, host); err != nil {
					t.Errorf("%s: %v", host, err)
				}
			}
			// Clients keep the authority's certificate that they have until it expires.
			if err := verify(t, old.CA(), []byte(after[servingCertFile]), test.now, x509.ExtKeyUsageServerAuth, "localhost"); err != nil {
				t.Errorf("with the authority from before: %v", err)
			}
		})
	}
}

// TestLoadContinues removes one file after the other, as if the first Load had been
// interrupted before it wrote that file.
func TestLoadContinues(t *testing.T) {
	complete := t.TempDir()
	load(t, complete, hosts, start)
	for name := range content(t, complete) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(complete)); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			c, err := Load(dir, hosts, start)
			if name == caKeyFile {
				// A lost key is no interruption: the key is written first.
				if err == nil {
					t.Error("Load() made a new key for an authority that clients trust")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(t, c.CA(), []byte(content(t, dir)[servingCertFile]), start, x509.ExtKeyUsageServerAuth, "localhost"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClientCert(t *testing.T) {
	c := load(t, t.TempDir(), hosts, start)
	cert, _, err := c.ClientCert("somebody", []string{"a", "b"}, start)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, c.CA(), cert, start, x509.ExtKeyUsageClientAuth, ""); err != nil {
		t.Error(err)
	}
	if err := verify(t, c.CA(), cert, start, x509.ExtKeyUsageServerAuth, ""); err == nil {
		t.Error("a client's certificate passes as a server's")
	}
	serving, err := os.ReadFile(c.file(servingCertFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, c.CA(), serving, start, x509.ExtKeyUsageClientAuth, ""); err == nil {
		t.Error("the server's certificate passes as a client's")
	}
}

func TestRotateAdmin(t *testing.T) {
	dir := t.TempDir()
	before := load(t, dir, hosts, start)
	const added = `7d1f,poller@example.com,poller,"readers,pollers"` + "\n"
	tokens, err := os.ReadFile(before.TokensFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(before.TokensFile(), append(tokens, added...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RotateAdmin(dir); err != nil {
		t.Fatal(err)
	}
	after := load(t, dir, hosts, start)
	if rotated, err := os.ReadFile(after.TokensFile()); err != nil || !strings.Contains(string(rotated), added) {
		t.Errorf("the token that was added is gone: %v", err)
	}
	if before.AdminToken() == after.AdminToken() || len(after.AdminToken()) < 20 {
		t.Errorf("the token was %q and is %q", before.AdminToken(), after.AdminToken())
	}
	file := filepath.Join(dir, "kubeconfig")
	if err := after.WriteKubeconfig(file, "https://127.0.0.1:6443", "fleet"); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		t.Fatal(err)
	}
	if config.BearerToken != after.AdminToken() || config.Insecure || !bytes.Equal(config.CAData, after.CA()) {
		t.Error("the kubeconfig lacks the token or the authority")
	}
	wantPrivate(t, dir)
}
