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
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"

	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// Lifetimes of certificates, and how long before its end a certificate is renewed.
const (
	caLife       = 10 * 365 * 24 * time.Hour
	caMargin     = 2 * 365 * 24 * time.Hour
	certLife     = 365 * 24 * time.Hour
	certMargin   = 90 * 24 * time.Hour
	clockMargin  = time.Hour // the clocks of clients may be behind
	caCommonName = "hyperfleet"
)

// loadCA loads the authority. A new certificate of the authority has the same key and
// name, so certificates that the previous one signed stay valid.
func (c *Credentials) loadCA(now time.Time) error {
	var err error
	if c.caKey, err = loadKey(c.file(caKeyFile)); err != nil {
		return err
	}
	c.ca, err = loadCert(c.file(caCertFile))
	if err != nil {
		return err
	}
	if c.ca != nil {
		if err := sameKey(c.ca, c.caKey); err != nil {
			return fmt.Errorf("%s: %w", c.file(caCertFile), err)
		}
	}
	if c.ca != nil && now.Before(c.ca.NotAfter.Add(-caMargin)) {
		return nil
	}
	template := newTemplate(pkix.Name{CommonName: caCommonName}, now, now.Add(caLife))
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign
	template.IsCA, template.BasicConstraintsValid = true, true
	der, err := x509.CreateCertificate(rand.Reader, template, template, c.caKey.Public(), c.caKey)
	if err != nil {
		return err
	}
	if c.ca, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	return writeFile(c.file(caCertFile), certPEM(der))
}

// Renew signs the server's certificate again if it expires soon, lacks one of the
// hosts, or is not signed by the authority. A running server reads the file again.
func (c *Credentials) Renew(hosts []string, now time.Time) error {
	key, err := loadKey(c.file(servingKeyFile))
	if err != nil {
		return fmt.Errorf("the server's key: %w", err)
	}
	current, err := loadCert(c.file(servingCertFile))
	if err != nil {
		return fmt.Errorf("the server's certificate: %w", err)
	}
	if current != nil && c.serves(current, key, hosts, now) {
		return nil
	}
	template := newTemplate(pkix.Name{CommonName: "hyperfleet-server"}, now, now.Add(certLife))
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := c.sign(template, key.Public())
	if err != nil {
		return fmt.Errorf("the server's certificate: %w", err)
	}
	return writeFile(c.file(servingCertFile), certPEM(der))
}

func (c *Credentials) serves(cert *x509.Certificate, key crypto.Signer, hosts []string, now time.Time) bool {
	for _, host := range hosts {
		if cert.VerifyHostname(host) != nil {
			return false
		}
	}
	return now.Before(cert.NotAfter.Add(-certMargin)) && cert.CheckSignatureFrom(c.ca) == nil && sameKey(cert, key) == nil
}

// ClientCert returns a new certificate and key of a client, as PEM. The certificate is
// valid as long as the authority's.
func (c *Credentials) ClientCert(user string, groups []string, now time.Time) (cert, key []byte, err error) {
	signer, key, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	template := newTemplate(pkix.Name{CommonName: user, Organization: groups}, now, c.ca.NotAfter)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	der, err := c.sign(template, signer.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("certificate of %s: %w", user, err)
	}
	return certPEM(der), key, nil
}

func (c *Credentials) sign(template *x509.Certificate, key crypto.PublicKey) ([]byte, error) {
	return x509.CreateCertificate(rand.Reader, template, c.ca, key, c.caKey)
}

func newTemplate(name pkix.Name, now, end time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(rand.Text())[:16]),
		Subject:      name,
		NotBefore:    now.Add(-clockMargin),
		NotAfter:     end,
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// loadKey loads a private key, and creates it if the file does not exist.
func loadKey(file string) (crypto.Signer, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, encoded, err := newKey()
		if err != nil {
			return nil, err
		}
		return key, writeFile(file, encoded)
	}
	if err != nil {
		return nil, err
	}
	key, err := keyutil.ParsePrivateKeyPEM(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a %T cannot sign", file, key)
	}
	return signer, nil
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := keyutil.MarshalPrivateKeyToPEM(key)
	return key, encoded, err
}

// loadCert returns nil if the file does not exist.
func loadCert(file string) (*x509.Certificate, error) {
	certs, err := certutil.CertsFromFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return certs[0], nil
}

func sameKey(cert *x509.Certificate, key crypto.Signer) error {
	want, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if !bytes.Equal(cert.RawSubjectPublicKeyInfo, want) {
		return errors.New("the certificate and the key do not belong together")
	}
	return nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certutil.CertificateBlockType, Bytes: der})
}
