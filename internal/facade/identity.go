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

package facade

import (
	"errors"
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/serving"
)

// FixedUser authenticates every request as one user. It is for development, without
// authentication.
func FixedUser(name string) authenticator.Request {
	caller := &user.DefaultInfo{Name: name, Groups: []string{user.AllAuthenticated}}
	return authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: caller}, true, nil
	})
}

// authenticate puts the caller into the request's context.
func (s *Server) authenticate(r *http.Request) (*http.Request, error) {
	needed := checkOf(r)
	if !s.inFlight.authenticating.begin(needed) {
		return nil, problem.TooManyRequests.Transient("Too many credentials from %s wait for their authentication", needed.network)
	}
	defer s.inFlight.authenticating.end(needed)
	response, ok, err := s.options.Authenticator.AuthenticateRequest(r)
	switch {
	case ok && err == nil:
		if err := serving.CheckUser(response.User); err != nil {
			return nil, problem.UnusableUser.Because("The facade cannot impersonate this user: %s", err)
		}
		ctx := fairness.WithCaller(r.Context(), response.User.GetName())
		return r.WithContext(request.WithUser(ctx, response.User)), nil
	case serving.IsOutage(err):
		return nil, problem.Unavailable.Transient("The API server cannot check the credentials now").WithCause(err)
	default:
		return nil, unauthenticated(r).WithHeader("WWW-Authenticate", serving.Challenge).WithCause(err)
	}
}

// unauthenticated returns the problem of a request without a caller. It distinguishes a
// client that must renew its credentials from a client that has none.
func unauthenticated(r *http.Request) *problem.Error {
	if r.Header.Get("Authorization") == "" && (r.TLS == nil || len(r.TLS.PeerCertificates) == 0) {
		return problem.Unauthenticated.Because("The request has no credentials")
	}
	return problem.InvalidCredentials.Because("The credentials of the request are not valid: they are malformed, unknown or expired")
}

// asCaller returns a copy of config whose requests are made as the user in
// their context. All callers share its connections.
func asCaller(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &impersonator{next: next}
	})
	return config
}

// impersonator makes each request as the user in its context. client-go's own
// impersonation is fixed for each client, and a client for each caller would need
// connections for each caller.
type impersonator struct {
	next http.RoundTripper
}

var errNoCaller = errors.New("no caller in the request's context")

// RoundTrip implements http.RoundTripper.
func (i *impersonator) RoundTrip(r *http.Request) (*http.Response, error) {
	caller, ok := request.UserFrom(r.Context())
	if !ok || caller.GetName() == "" {
		return nil, errNoCaller // never use the facade's own rights
	}
	return transport.NewImpersonatingRoundTripper(impersonationOf(caller), i.next).RoundTrip(r)
}

// impersonationOf returns the whole user, but only the name of a service account. The API
// server derives the groups of a service account from its name, and constrains the
// impersonation (impersonate-on:serviceaccount:create and the like) only of a name alone.
// If the facade impersonated more than the name, it would need the right to act as any
// user in any request.
func impersonationOf(caller user.Info) transport.ImpersonationConfig {
	if _, _, err := serviceaccount.SplitUsername(caller.GetName()); err == nil {
		return transport.ImpersonationConfig{UserName: caller.GetName()}
	}
	return transport.ImpersonationConfig{
		UserName: caller.GetName(),
		UID:      caller.GetUID(),
		Groups:   caller.GetGroups(),
		Extra:    caller.GetExtra(),
	}
}

// WrappedRoundTripper gives client-go access to the wrapped RoundTripper.
func (i *impersonator) WrappedRoundTripper() http.RoundTripper { return i.next }
