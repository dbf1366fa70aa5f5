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
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
)

// A problemKind is one kind of problem that the API can answer with. Its code is
// stable: it is never reused for something else. docs/errors.md lists them all.
type problemKind struct {
	code   string
	status int
	name   string // the last part of the problem's type URI
	title  string
}

var (
	problemMalformedBody    = problemKind{"HYPERFLEET-VAL-001", http.StatusBadRequest, "malformed-body", "Malformed body"}
	problemInvalidBody      = problemKind{"HYPERFLEET-VAL-002", http.StatusBadRequest, "invalid-body", "Invalid body"}
	problemInvalidParameter = problemKind{"HYPERFLEET-VAL-003", http.StatusBadRequest, "invalid-parameter", "Invalid query parameter"}
	problemInvalidSearch    = problemKind{"HYPERFLEET-VAL-004", http.StatusBadRequest, "invalid-search", "Invalid search"}
	problemMediaType        = problemKind{"HYPERFLEET-VAL-005", http.StatusUnsupportedMediaType, "unsupported-media-type", "Unsupported media type"}
	problemMethod           = problemKind{"HYPERFLEET-VAL-006", http.StatusMethodNotAllowed, "method-not-allowed", "Method not allowed"}
	problemRefused          = problemKind{"HYPERFLEET-VAL-007", http.StatusBadRequest, "refused", "Refused by the rules of the resource"}
	problemUnauthenticated  = problemKind{"HYPERFLEET-AUT-001", http.StatusUnauthorized, "unauthenticated", "Not authenticated"}
	problemForbidden        = problemKind{"HYPERFLEET-AUZ-001", http.StatusForbidden, "forbidden", "Not allowed"}
	problemNoPath           = problemKind{"HYPERFLEET-NTF-001", http.StatusNotFound, "no-such-path", "No such path"}
	problemNoCluster        = problemKind{"HYPERFLEET-NTF-002", http.StatusNotFound, "no-such-cluster", "No such cluster"}
	problemNoNodePool       = problemKind{"HYPERFLEET-NTF-003", http.StatusNotFound, "no-such-nodepool", "No such nodepool"}
	problemNameTaken        = problemKind{"HYPERFLEET-CNF-001", http.StatusConflict, "name-taken", "Name is taken"}
	problemConflict         = problemKind{"HYPERFLEET-CNF-002", http.StatusConflict, "conflict", "Changed by others at the same time"}
	problemTerminating      = problemKind{"HYPERFLEET-CNF-003", http.StatusConflict, "terminating", "Being deleted"}
	problemTooLarge         = problemKind{"HYPERFLEET-LMT-001", http.StatusRequestEntityTooLarge, "too-large", "Body too large"}
	problemTooMany          = problemKind{"HYPERFLEET-LMT-002", http.StatusTooManyRequests, "too-many-requests", "Too many requests"}
	problemURITooLong       = problemKind{"HYPERFLEET-LMT-003", http.StatusRequestURITooLong, "uri-too-long", "URI too long"}
	problemTooSlow          = problemKind{"HYPERFLEET-LMT-004", http.StatusRequestTimeout, "too-slow", "Request came too slowly"}
	problemInternal         = problemKind{"HYPERFLEET-INT-001", http.StatusInternalServerError, "internal", "Internal error"}
	problemUnavailable      = problemKind{"HYPERFLEET-SVC-001", http.StatusServiceUnavailable, "unavailable", "Service unavailable"}
	problemTimeout          = problemKind{"HYPERFLEET-SVC-002", http.StatusGatewayTimeout, "timeout", "Timed out"}
	problemNotReady         = problemKind{"HYPERFLEET-SVC-003", http.StatusServiceUnavailable, "not-ready", "Not ready"}
	problemStale            = problemKind{"HYPERFLEET-SVC-004", http.StatusServiceUnavailable, "stale", "Index is behind"}
)

// problemTypePrefix starts the type URI of every problem.
const problemTypePrefix = "urn:hyperfleet:problem:"

// A problemError is a problem on its way to the client.
type problemError struct {
	problemKind
	detail string
	errors []FieldError
	header http.Header
	cause  error // for the log, never for the client
}

func (k problemKind) because(format string, args ...any) *problemError {
	return &problemError{problemKind: k, detail: fmt.Sprintf(format, args...)}
}

// The bounds of a problem's errors, so that the answer to a hostile request is
// not many times the size of the request.
const (
	maxFieldErrors = 100
	maxFieldBytes  = 1024 // of a field's name, and of what is said about it
)

// inFields says which fields are at fault; the first one is the detail.
func (k problemKind) inFields(errors []FieldError) *problemError {
	more := len(errors) - 1
	errors = errors[:min(len(errors), maxFieldErrors)]
	for i, e := range errors {
		errors[i] = FieldError{Field: clip(e.Field), Constraint: e.Constraint, Message: clip(e.Message)}
	}
	detail := errors[0].Message
	if more > 0 {
		detail = fmt.Sprintf("%s (and %d more, see errors)", detail, more)
	}
	return &problemError{problemKind: k, detail: detail, errors: errors}
}

// clip cuts out the middle of a text that is too long.
func clip(text string) string {
	if len(text) <= maxFieldBytes {
		return text
	}
	half := maxFieldBytes / 2
	return strings.ToValidUTF8(text[:half], "") + "…" + strings.ToValidUTF8(text[len(text)-half:], "")
}

func (p *problemError) withHeader(key, value string) *problemError {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(key, value)
	return p
}

func (p *problemError) withCause(err error) *problemError {
	p.cause = err
	return p
}

func (p *problemError) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %s: %v", p.code, p.detail, p.cause)
	}
	return fmt.Sprintf("%s: %s", p.code, p.detail)
}

func (p *problemError) Unwrap() error { return p.cause }

func (p *problemError) write(w http.ResponseWriter, r *http.Request, now time.Time) {
	body, err := marshal(Problem{
		Type:      problemTypePrefix + p.name,
		Title:     p.title,
		Status:    int32(p.status),
		Detail:    p.detail,
		Code:      p.code,
		Instance:  r.URL.EscapedPath(),
		Timestamp: now.UTC().Truncate(time.Millisecond),
		RequestID: requestIDOf(r.Context()),
		TraceID:   traceIDOf(r.Context()),
		Errors:    p.errors,
	})
	if err != nil { // no field of a Problem can fail to marshal
		panic(err)
	}
	metrics.Problems.WithLabelValues(p.code).Inc()
	for key, values := range p.header {
		w.Header()[key] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.status)
	_, _ = w.Write(body) // the client may have gone
}
