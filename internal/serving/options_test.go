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
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	with := func(change func(*Options)) Options {
		o := Options{MinVersion: "VersionTLS12"}
		change(&o)
		return o
	}
	certificate := func(o *Options) { o.CertFile, o.KeyFile = "tls.crt", "tls.key" }
	for name, test := range map[string]struct {
		options         Options
		facade, metrics string
		want            []string // parts of the message; empty for no error
	}{
		"plain HTTP on loopback":                {with(func(*Options) {}), "127.0.0.1:8000", ":9090", nil},
		"plain HTTP on IPv6 loopback":           {with(func(*Options) {}), "[::1]:8000", "0", nil},
		"plain HTTP on localhost":               {with(func(*Options) {}), "localhost:8000", "0", nil},
		"plain HTTP on all addresses":           {with(func(*Options) {}), ":8000", "0", []string{":8000", "--tls-cert-file", "--insecure-plain-http"}},
		"plain HTTP on another address":         {with(func(*Options) {}), "10.0.0.1:8000", "0", []string{"10.0.0.1:8000"}},
		"plain HTTP, insisted on":               {with(func(o *Options) { o.PlainHTTP = true }), ":8000", ":9090", nil},
		"HTTPS":                                 {with(certificate), ":8000", ":9090", nil},
		"a certificate without a key":           {with(func(o *Options) { o.CertFile = "tls.crt" }), "127.0.0.1:8000", "0", []string{"--tls-private-key-file"}},
		"TLS 1.1":                               {with(func(o *Options) { o.MinVersion = "VersionTLS11" }), "127.0.0.1:8000", "0", []string{"--tls-min-version", "VersionTLS13"}},
		"no authentication on loopback":         {with(func(o *Options) { o.Unauthenticated = true }), "127.0.0.1:8000", "127.0.0.1:9090", nil},
		"no authentication on all addresses":    {with(func(o *Options) { certificate(o); o.Unauthenticated = true }), ":8000", "0", []string{":8000", "REST API", "--insecure-unauthenticated-network"}},
		"no authentication of who sees metrics": {with(func(o *Options) { o.Unauthenticated = true }), "127.0.0.1:8000", ":9090", []string{":9090", "metrics"}},
		"no authentication, insisted on": {with(func(o *Options) {
			certificate(o)
			o.Unauthenticated, o.UnauthenticatedNetwork = true, true
		}), ":8000", ":9090", nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.options.Check(test.facade, test.metrics)
			if (err != nil) != (len(test.want) > 0) {
				t.Fatalf("Check() = %v, want an error: %v", err, len(test.want) > 0)
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("Check() = %q, want it to name %q", err, part)
				}
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	for name, test := range map[string]struct {
		options                  Options
		address                  string
		wantSecure, wantFiltered bool
	}{
		"on loopback":                    {Options{}, "127.0.0.1:9090", false, true},
		"on the network":                 {Options{}, ":9090", true, true},
		"on the network, without TLS":    {Options{PlainHTTP: true}, ":9090", false, true},
		"without authentication":         {Options{Unauthenticated: true}, "127.0.0.1:9090", false, true}, // by its Host
		"without it, but on the network": {Options{Unauthenticated: true}, ":9090", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.options.Metrics(test.address, nil, Delegation{})
			if got.SecureServing != test.wantSecure || (got.FilterProvider != nil) != test.wantFiltered {
				t.Errorf("Metrics() serves TLS: %v, filters requests: %v; want %v, %v",
					got.SecureServing, got.FilterProvider != nil, test.wantSecure, test.wantFiltered)
			}
		})
	}
}

func TestMinVersion(t *testing.T) {
	config := &tls.Config{}
	Options{MinVersion: "VersionTLS13"}.restrict(config)
	if config.MinVersion != tls.VersionTLS13 {
		t.Errorf("MinVersion is %x, want TLS 1.3", config.MinVersion)
	}
}
