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
	"net/http"
	"strings"
)

// Options configure TLS and authentication of the REST API and the metrics.
type Options struct {
	// CertFile and KeyFile are PEM files with the certificate chain and its key. The program
	// reads them again when they change.
	CertFile, KeyFile string
	// MinVersion is the minimum TLS version: VersionTLS12 or VersionTLS13.
	MinVersion string
	// PlainHTTP allows plain HTTP on addresses other than loopback.
	PlainHTTP bool
	// Unauthenticated disables authentication, on loopback.
	Unauthenticated bool
	// UnauthenticatedNetwork allows Unauthenticated on addresses other than loopback.
	UnauthenticatedNetwork bool
}

// Flags that error messages name.
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
	flags.StringVar(&o.CertFile, certFlag, "", "PEM file with the certificate chain of the REST API and the metrics. It is read again when it changes.")
	flags.StringVar(&o.KeyFile, keyFlag, "", "PEM file with the private key of --"+certFlag+". It is read again when it changes.")
	flags.StringVar(&o.MinVersion, minVersionFlag, "VersionTLS12", "Minimum TLS version of the REST API, the metrics and the Kubernetes API of hyperfleet server: VersionTLS12 or VersionTLS13.")
	flags.BoolVar(&o.PlainHTTP, plainHTTPFlag, false, "Serve plain HTTP on addresses other than loopback, for a proxy that terminates TLS. Tokens cross the network unencrypted between the proxy and the manager.")
	flags.BoolVar(&o.Unauthenticated, unauthenticatedFlag, false, "Disable authentication: make every REST request as --user, and serve metrics to anyone. For development, on loopback only.")
	flags.BoolVar(&o.UnauthenticatedNetwork, unauthenticatedNetworkFlag, false, "Allow --"+unauthenticatedFlag+" on addresses other than loopback. Anyone who can reach them has the rights of --user.")
}

// minVersions are the values of --tls-min-version.
var minVersions = map[string]uint16{"VersionTLS12": tls.VersionTLS12, "VersionTLS13": tls.VersionTLS13}

// Check fails if the options contradict each other, or would expose the REST API or the
// metrics at these addresses without a flag that allows it. At the address "0", nothing
// is served.
func (o Options) Check(facade, metrics string) error {
	if _, ok := minVersions[o.MinVersion]; !ok {
		return fmt.Errorf("--%s is %q, want VersionTLS12 or VersionTLS13", minVersionFlag, o.MinVersion)
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return fmt.Errorf("--%s and --%s require each other: set both or neither", certFlag, keyFlag)
	}
	var failures []error
	if o.Unauthenticated && !o.UnauthenticatedNetwork {
		for _, listener := range [][2]string{{"REST API", facade}, {"metrics", metrics}} {
			if !IsLoopback(listener[1]) {
				failures = append(failures, fmt.Errorf("--%s lets anyone on the network use the %s at %s: listen on loopback (127.0.0.1), or allow it with --%s",
					unauthenticatedFlag, listener[0], listener[1], unauthenticatedNetworkFlag))
			}
		}
	}
	if o.CertFile == "" && !o.PlainHTTP && !IsLoopback(facade) {
		failures = append(failures, fmt.Errorf("the REST API at %s needs a certificate: set --%s and --%s, listen on loopback (127.0.0.1), or allow plain HTTP with --%s",
			facade, certFlag, keyFlag, plainHTTPFlag))
	}
	return errors.Join(failures...)
}

// UnauthenticatedLoopback reports whether the options disable authentication for a listener
// at an address that only this machine can reach.
func (o Options) UnauthenticatedLoopback(address string) bool {
	return o.Unauthenticated && IsLoopback(address)
}

// HasLoopbackHost reports whether the Host of a request is localhost or a loopback address.
func HasLoopbackHost(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil { // without a port
		host = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]")
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// IsLoopback reports whether only this machine can reach a listener at the address.
func IsLoopback(address string) bool {
	if address == "0" {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false // net.Listen returns the reason
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
