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
	"errors"
	"flag"
	"fmt"
	"net"
)

// Options say how to serve.
type Options struct {
	// CertFile and KeyFile hold the certificate, with its chain, and its key, as
	// PEM. They are read again when they change.
	CertFile, KeyFile string
	// MinVersion of TLS: VersionTLS12 or VersionTLS13.
	MinVersion string
	// PlainHTTP allows plain HTTP on other addresses than loopback.
	PlainHTTP bool
	// Unauthenticated lets anyone in, on loopback.
	Unauthenticated bool
	// UnauthenticatedNetwork allows that on other addresses, too.
	UnauthenticatedNetwork bool
}

// Flags that messages name.
const (
	certFlag                   = "tls-cert-file"
	keyFlag                    = "tls-private-key-file"
	minVersionFlag             = "tls-min-version"
	plainHTTPFlag              = "insecure-plain-http"
	unauthenticatedFlag        = "insecure-disable-authentication"
	unauthenticatedNetworkFlag = "insecure-unauthenticated-network"
)

// BindFlags adds the flags.
func (o *Options) BindFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.CertFile, certFlag, "", "The certificate, and its chain, of the REST API and the metrics. It is read again when it changes.")
	flags.StringVar(&o.KeyFile, keyFlag, "", "The key of --"+certFlag+".")
	flags.StringVar(&o.MinVersion, minVersionFlag, "VersionTLS12", "The oldest version of TLS to accept: VersionTLS12 or VersionTLS13.")
	flags.BoolVar(&o.PlainHTTP, plainHTTPFlag, false, "Serve plain HTTP also where it is not on loopback, for a proxy in front that does TLS: tokens cross the network in the clear up to there.")
	flags.BoolVar(&o.Unauthenticated, unauthenticatedFlag, false, "Ask nobody who they are: make every REST request as --user, and show metrics to anyone. For development, on loopback.")
	flags.BoolVar(&o.UnauthenticatedNetwork, unauthenticatedNetworkFlag, false, "Allow --"+unauthenticatedFlag+" on other addresses than loopback: anyone who reaches them may do what --user may.")
}

// minVersions are those that --tls-min-version takes.
var minVersions = map[string]uint16{"VersionTLS12": tls.VersionTLS12, "VersionTLS13": tls.VersionTLS13}

// Check fails where the options contradict themselves, or would expose what is
// served at those addresses and no flag insists. An address of "0" serves nothing.
func (o Options) Check(facade, metrics string) error {
	if _, ok := minVersions[o.MinVersion]; !ok {
		return fmt.Errorf("--%s is %q, want VersionTLS12 or VersionTLS13", minVersionFlag, o.MinVersion)
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return fmt.Errorf("--%s and --%s belong together: give both or neither", certFlag, keyFlag)
	}
	var failures []error
	if o.Unauthenticated && !o.UnauthenticatedNetwork {
		for _, listener := range [][2]string{{"REST API", facade}, {"metrics", metrics}} {
			if !isLoopback(listener[1]) {
				failures = append(failures, fmt.Errorf("--%s lets anyone use the %s at %s, who can reach it over the network: listen on loopback (127.0.0.1), or insist by --%s",
					unauthenticatedFlag, listener[0], listener[1], unauthenticatedNetworkFlag))
			}
		}
	}
	if o.CertFile == "" && !o.PlainHTTP && !isLoopback(facade) {
		failures = append(failures, fmt.Errorf("the REST API at %s needs a certificate: give --%s and --%s, listen on loopback (127.0.0.1), or insist on plain HTTP by --%s",
			facade, certFlag, keyFlag, plainHTTPFlag))
	}
	return errors.Join(failures...)
}

// isLoopback tells whether what listens on an address is reached from this
// machine only.
func isLoopback(address string) bool {
	if address == "0" {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false // listening fails, and says why
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
