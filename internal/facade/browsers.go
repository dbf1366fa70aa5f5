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
	"net/http"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/serving"
)

// The values of security headers. Only the OpenAPI page is a document for a browser, and
// no answer may be embedded in a page of another site.
var (
	noSniffing  = []string{"nosniff"}
	noContent   = []string{"default-src 'none'; frame-ancestors 'none'"}
	noFrames    = []string{"DENY"} // for browsers that do not support frame-ancestors
	noReferrer  = []string{"no-referrer"}
	alwaysHTTPS = []string{"max-age=31536000"}
)

const contentPolicyHeader = "Content-Security-Policy"

// protectBrowsers prevents pages of other sites from using a browser's access to this
// Server: the client certificate of the browser, or the fact that it runs on the machine
// of a Server without authentication.
func (s *Server) protectBrowsers(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header["X-Content-Type-Options"] = noSniffing
		header[contentPolicyHeader] = noContent
		header["X-Frame-Options"] = noFrames
		header["Referrer-Policy"] = noReferrer
		if r.TLS != nil {
			header["Strict-Transport-Security"] = alwaysHTTPS
		}
		if s.options.LoopbackHostsOnly && !serving.HasLoopbackHost(r) {
			s.answerError(w, r, problem.Misdirected.Because("The Host is %q; without authentication, this server answers only for localhost and loopback addresses", r.Host))
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			s.answerError(w, r, problem.CrossOrigin.Because("A page of another origin made the request").WithCause(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}
