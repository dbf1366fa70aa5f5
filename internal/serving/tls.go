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
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// Certificate reads the certificate. The result keeps the certificate current once it is
// added to a manager. It is nil if no certificate is configured.
func (o Options) Certificate() (*certwatcher.CertWatcher, error) {
	if o.CertFile == "" {
		return nil, nil
	}
	certificate, err := certwatcher.New(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("--%s and --%s: %w", certFlag, keyFlag, err)
	}
	return certificate, nil
}

// TLS returns the TLS configuration of the REST API, nil if certificate is nil. The TLS
// handshake requests a client certificate and does not verify it: the authenticator
// verifies it for each request.
func (o Options) TLS(certificate *certwatcher.CertWatcher) *tls.Config {
	if certificate == nil {
		return nil
	}
	config := &tls.Config{
		GetCertificate: certificate.GetCertificate,
		ClientAuth:     tls.RequestClientCert,
		NextProtos:     []string{"h2", "http/1.1"},
	}
	o.restrict(config)
	return config
}

// CipherSuites are the cipher suites of TLS 1.2 with forward secrecy and authenticated
// encryption. Go's defaults include suites with CBC, for clients from before 2012. TLS
// 1.3 has its own suites.
var CipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

func (o Options) restrict(config *tls.Config) {
	config.MinVersion, config.CipherSuites = minVersions[o.MinVersion], CipherSuites
}
