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
	"net/http"

	"k8s.io/client-go/rest"
)

// WhenReady returns a copy of config for requests that an API server must not forbid only
// because it has just started. A forbidden request is sent again once the API server is
// ready. While the API server is not ready, the request fails as unavailable.
func (d Delegation) WhenReady(config *rest.Config) (*rest.Config, error) {
	api, err := d.client(config, reviewTimeout)
	if err != nil {
		return nil, err
	}
	ready := newReadiness(api.Discovery().RESTClient())
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return requests{next, ready} })
	return config, nil
}

// requests sends requests to the API server, and sends forbidden requests again.
type requests struct {
	next  http.RoundTripper
	ready *readiness
}

// RoundTrip implements http.RoundTripper.
func (t requests) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.GetBody == nil {
		return t.next.RoundTrip(r) // the body cannot be sent again
	}
	var response *http.Response
	err := t.ready.ask(r.Context(), func() (no bool, err error) {
		request := r
		if response != nil {
			_ = response.Body.Close()
			if request, err = again(r); err != nil {
				return false, err
			}
		}
		response, err = t.next.RoundTrip(request) //nolint:bodyclose // closed before the next attempt, otherwise returned
		return err == nil && response.StatusCode == http.StatusForbidden, err
	})
	if err == nil {
		return response, nil
	}
	if response != nil {
		_ = response.Body.Close()
	}
	return nil, err
}

// again returns a copy of a request to send once more.
func again(r *http.Request) (*http.Request, error) {
	request := r.Clone(r.Context())
	if r.Body == nil {
		return request, nil
	}
	var err error
	request.Body, err = r.GetBody()
	return request, err
}

// WrappedRoundTripper implements net.RoundTripperWrapper of apimachinery, by which
// client-go finds the transport.
func (t requests) WrappedRoundTripper() http.RoundTripper { return t.next }
