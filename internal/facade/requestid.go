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
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/http"

	"k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/client-go/rest"
)

// requestIDHeader carries the id of a request, in the request and in its answer. It has
// the canonical form of net/http.
const requestIDHeader = "X-Request-Id"

// maxRequestIDBytes is the API server's limit of an audit ID.
const maxRequestIDBytes = 64

// requestID returns the id that the client has given the request if logs can contain it,
// else a new id.
func requestID(header http.Header) string {
	if given := header[requestIDHeader]; len(given) == 1 && isRequestID(given[0]) {
		return given[0]
	}
	return newRequestID()
}

func isRequestID(id string) bool {
	if id == "" || len(id) > maxRequestIDBytes {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}

// newRequestID returns 128 random bits in hexadecimal digits.
func newRequestID() string {
	var id [16]byte
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	return hex.EncodeToString(id[:])
}

// requestIDOf returns the id of the request of a context, "" if there is none.
func requestIDOf(ctx context.Context) string {
	if o := observationOf(ctx); o != nil {
		return o.id
	}
	return ""
}

// withAuditIDs returns a copy of config. For a call that serves a REST request, the API
// server's audit log then contains the id of the REST request.
func withAuditIDs(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &auditIDs{next: next} })
	return config
}

type auditIDs struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (a *auditIDs) RoundTrip(r *http.Request) (*http.Response, error) {
	if id := requestIDOf(r.Context()); id != "" {
		r = r.Clone(r.Context())
		r.Header.Set(audit.HeaderAuditID, id)
	}
	return a.next.RoundTrip(r)
}

// WrappedRoundTripper gives client-go access to the wrapped RoundTripper.
func (a *auditIDs) WrappedRoundTripper() http.RoundTripper { return a.next }
