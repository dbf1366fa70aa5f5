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

package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/csv"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files of a credentials folder.
const (
	servingCertFile       = "apiserver.crt"
	servingKeyFile        = "apiserver.key"
	serviceAccountKeyFile = "service-account.key"
	tokensFile            = "tokens.csv"
)

// credentials are the keys, certificates and tokens of kube-apiserver.
type credentials struct {
	dir         string
	servingCert []byte            // PEM; self-signed, so clients trust the certificate itself
	tokens      map[string]string // by user name
}

func (c *credentials) file(name string) string { return filepath.Join(c.dir, name) }

// loadOrCreateCredentials creates the folder in one step. A run that is killed
// meanwhile leaves no partial folder.
func loadOrCreateCredentials(dir string) (*credentials, error) {
	_, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		err = createCredentials(dir)
	}
	if err != nil {
		return nil, err
	}
	return loadCredentials(dir)
}

func createCredentials(dir string) error {
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		return err
	}
	servingKey, servingKeyPEM, err := newKey()
	if err != nil {
		return err
	}
	servingCertPEM, err := newServingCert(servingKey)
	if err != nil {
		return err
	}
	_, serviceAccountKeyPEM, err := newKey()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		servingCertFile:       servingCertPEM,
		servingKeyFile:        servingKeyPEM,
		serviceAccountKeyFile: serviceAccountKeyPEM,
		tokensFile:            newTokens(),
	} {
		if err := os.WriteFile(filepath.Join(unfinished, name), content, 0o600); err != nil {
			return err
		}
	}
	return os.Rename(unfinished, dir)
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// newServingCert returns a certificate that is valid for ten years, which is
// longer than a development folder is used.
func newServingCert(key *ecdsa.PrivateKey) ([]byte, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "kube-apiserver"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(10, 0, 0),
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.ParseIP(loopback)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// newTokens returns a static token file: token, user name, user id, groups.
func newTokens() []byte {
	var file strings.Builder
	for _, user := range Users() {
		fmt.Fprintf(&file, "%s,%s,%s,%q\n", rand.Text(), user.Name, user.Name, strings.Join(user.Groups, ","))
	}
	return []byte(file.String())
}

func loadCredentials(dir string) (*credentials, error) {
	c := &credentials{dir: dir, tokens: map[string]string{}}
	var err error
	if c.servingCert, err = os.ReadFile(c.file(servingCertFile)); err != nil {
		return nil, err
	}
	file, err := os.Open(c.file(tokensFile))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	for _, record := range records {
		if len(record) > 1 {
			c.tokens[record[1]] = record[0]
		}
	}
	for _, user := range Users() {
		if c.tokens[user.Name] == "" {
			return nil, fmt.Errorf("%s holds no token of %s; remove %s to create new credentials", file.Name(), user.Name, dir)
		}
	}
	return c, nil
}
