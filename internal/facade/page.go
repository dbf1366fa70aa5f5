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
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"

	"github.com/swaggest/swgui/v5emb"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// servePage serves the page that shows the OpenAPI document, and the files of the page.
func (s *Server) servePage() handlerFunc {
	page := v5emb.New(s.contract.doc.Info.Title, rest.OpenAPIPath, rest.OpenAPIPagePath)
	policy := []string{contentPolicyOf(page)}
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.maySend(w, r) {
			return nil
		}
		w.Header()[contentPolicyHeader] = policy
		found := &foundWriter{ResponseWriter: w}
		page.ServeHTTP(found, r)
		if found.not {
			return noPath(r)
		}
		return nil
	}
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// contentPolicyOf returns the Content-Security-Policy of the page: the page may load from
// this server, and run the inline scripts that it contains when the Server starts.
func contentPolicyOf(page http.Handler) string {
	rendered := &bufferWriter{header: http.Header{}}
	page.ServeHTTP(rendered, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: rest.OpenAPIPagePath}})
	scripts := "'self'"
	for _, script := range inlineScript.FindAllSubmatch(rendered.Bytes(), -1) {
		digest := sha256.Sum256(script[1])
		scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
	}
	return "default-src 'none'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src " + scripts +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// A bufferWriter keeps a response in memory.
type bufferWriter struct {
	bytes.Buffer
	header http.Header
}

// Header implements http.ResponseWriter.
func (w *bufferWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *bufferWriter) WriteHeader(int) {}

// noPath returns the problem of a path without a route.
func noPath(r *http.Request) error {
	return problem.NoSuchPath.Because("There is nothing at %s", r.URL.Path)
}

// A foundWriter does not pass on a 404 to the client.
type foundWriter struct {
	http.ResponseWriter
	not bool
}

// WriteHeader implements http.ResponseWriter.
func (w *foundWriter) WriteHeader(status int) {
	if w.not = status == http.StatusNotFound; !w.not {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *foundWriter) Write(body []byte) (int, error) {
	if w.not {
		return len(body), nil
	}
	return w.ResponseWriter.Write(body)
}
