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
	"net/http"
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// Metrics returns the options of the metrics server. A caller needs the right to get the
// path. Without a certificate, the server uses a self-signed one, or plain HTTP on
// loopback.
func (o Options) Metrics(address string, certificate *certwatcher.CertWatcher, d Delegation) metricsserver.Options {
	options := metricsserver.Options{
		BindAddress:   address,
		SecureServing: certificate != nil || !o.PlainHTTP && !IsLoopback(address),
		TLSOpts:       []func(*tls.Config){o.restrict},
	}
	if certificate != nil {
		options.TLSOpts = append(options.TLSOpts, func(config *tls.Config) { config.GetCertificate = certificate.GetCertificate })
	}
	switch {
	case !o.Unauthenticated:
		options.FilterProvider = d.filterByPath
	case IsLoopback(address):
		options.FilterProvider = filterByHost
	}
	return options
}

// filterByHost serves only requests whose Host is a loopback name or address, so that no
// page of another site can read the metrics.
func filterByHost(*rest.Config, *http.Client) (metricsserver.Filter, error) {
	return func(_ logr.Logger, handler http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !HasLoopbackHost(r) {
				http.Error(w, http.StatusText(http.StatusMisdirectedRequest), http.StatusMisdirectedRequest)
				return
			}
			handler.ServeHTTP(w, r)
		}), nil
	}, nil
}

// filterByPath serves only callers that have the right to apply the method to the path.
// controller-runtime's own filter answers with 500 if a token is not valid.
func (d Delegation) filterByPath(config *rest.Config, _ *http.Client) (metricsserver.Filter, error) {
	who, err := d.NewAuthenticator(config, nil)
	if err != nil {
		return nil, err
	}
	may, err := d.NewAuthorizer(config)
	if err != nil {
		return nil, err
	}
	return func(_ logr.Logger, handler http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status := admit(who, may, r)
			switch status {
			case http.StatusOK:
				handler.ServeHTTP(w, r)
				return
			case http.StatusUnauthorized:
				w.Header().Set("WWW-Authenticate", Challenge)
			case http.StatusServiceUnavailable:
				w.Header().Set("Retry-After", "1")
			}
			http.Error(w, http.StatusText(status), status)
		}), nil
	}, nil
}

// admit returns the HTTP status of the response, 200 if the request may be served.
func admit(who authenticator.Request, may authorizer.Authorizer, r *http.Request) int {
	caller, ok, err := who.AuthenticateRequest(r)
	switch {
	case IsOutage(err):
		return http.StatusServiceUnavailable
	case !ok || err != nil:
		return http.StatusUnauthorized
	}
	decision, _, err := may.Authorize(r.Context(), authorizer.AttributesRecord{
		User: caller.User,
		Verb: strings.ToLower(r.Method),
		Path: r.URL.Path,
	})
	switch {
	case decision == authorizer.DecisionAllow:
		return http.StatusOK
	case err != nil:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}
