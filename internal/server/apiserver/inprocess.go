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

package apiserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/filters/impersonation"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/klog/v2"
)

// callee serves the requests of callers in this process. It is the handler of network
// requests, behind the filters that decide and record what a caller may do and that bound
// the time of a request: audit, impersonation, authorization and deadline. Admission,
// validation and storage are parts of the handler itself.
//
// The other filters of a network server are left out. They authenticate callers and bound
// the requests of many clients, but a caller in this process is known and bounds its own
// requests. The response itself collects the warnings.
type callee struct {
	http.Handler
	resolver   request.RequestInfoResolver
	authorizer authorizer.Authorizer
}

func newCallee(handler http.Handler, config *genericapiserver.RecommendedConfig) *callee {
	c := &callee{resolver: config.RequestInfoResolver, authorizer: config.Authorization.Authorizer}
	handler = filters.WithAuthorization(handler, c.authorizer, config.Serializer)
	handler = impersonation.WithConstrainedImpersonation(handler, c.authorizer, config.Serializer)
	handler = filters.WithAudit(handler, config.AuditBackend, config.AuditPolicyRuleEvaluator, config.LongRunningFunc)
	handler = filters.WithRequestDeadline(handler, config.AuditBackend, config.AuditPolicyRuleEvaluator, config.LongRunningFunc, config.Serializer, config.RequestTimeout)
	handler = filters.WithRequestReceivedTimestamp(handler)
	c.Handler = filters.WithAuditInit(handler)
	return c
}

// InProcess returns a wrapper of transports. Requests for one resource do not leave this
// process: the API server's own handler serves them on behalf of the caller, who may
// impersonate as on the network. Lists, watches and everything else go to the wrapped
// transport.
func (s *Server) InProcess(caller user.Info) func(http.RoundTripper) http.RoundTripper {
	return func(wire http.RoundTripper) http.RoundTripper {
		return &transport{callee: s.callee, caller: caller, wire: wire}
	}
}

type transport struct {
	callee *callee
	caller user.Info
	wire   http.RoundTripper
}

// single are the verbs of requests for one resource.
var single = []string{"get", "create", "update", "patch", "delete"}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	info, err := t.callee.resolver.NewRequestInfo(r)
	if err != nil || !info.IsResourceRequest || !slices.Contains(single, info.Verb) {
		return t.wire.RoundTrip(r)
	}
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	response := &response{header: http.Header{}}
	ctx := request.WithRequestInfo(request.WithUser(r.Context(), t.caller), info)
	served := r.Clone(warning.WithWarningRecorder(ctx, &response.warnings)) // the filters change its headers
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "127.0.0.1:0" // for the audit log
	if served.Body == nil {
		served.Body = http.NoBody
	}
	if err := t.serve(response, served); err != nil {
		return nil, err
	}
	// On the network, a client that gives up does not see the server's answer.
	if err := r.Context().Err(); err != nil && response.code >= http.StatusInternalServerError {
		return nil, err
	}
	return response.of(r), nil
}

// serve turns a panic into an error. A network server would close the connection.
func (t *transport) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			klog.FromContext(r.Context()).Error(nil, "The API server panicked", "method", r.Method, "path", r.URL.Path, "panic", cause)
			err = fmt.Errorf("the API server panicked at %s %s", r.Method, r.URL.Path)
		}
	}()
	t.callee.ServeHTTP(w, r)
	return nil
}

// WrappedRoundTripper gives client-go access to the wrapped transport.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.wire }

// response records the answer of a handler.
type response struct {
	header   http.Header
	code     int
	body     bytes.Buffer
	warnings warnings
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
		w.warnings.end(w)
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// of returns the response to a request.
func (w *response) of(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.code, http.StatusText(w.code)),
		StatusCode:    w.code,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}
}
