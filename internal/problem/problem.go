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

package problem

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A Kind is one kind of problem. Its code is stable: no other kind ever gets the same
// code. docs/errors.md lists all kinds.
type Kind struct {
	Code   string
	Status int    // of the HTTP response
	Name   string // the last part of the problem's type URI
	Title  string
}

// The kinds of problems. HYPERFLEET-NTF-001 is retired: it was NoSuchPath before clients
// agreed on HYPERFLEET-NTF-000.
var (
	MalformedBody        = Kind{"HYPERFLEET-VAL-001", http.StatusBadRequest, "malformed-body", "Malformed body"}
	InvalidBody          = Kind{"HYPERFLEET-VAL-002", http.StatusBadRequest, "invalid-body", "Invalid body"}
	InvalidParameter     = Kind{"HYPERFLEET-VAL-003", http.StatusBadRequest, "invalid-parameter", "Invalid query parameter"}
	InvalidSearch        = Kind{"HYPERFLEET-VAL-004", http.StatusBadRequest, "invalid-search", "Invalid search"}
	UnsupportedMediaType = Kind{"HYPERFLEET-VAL-005", http.StatusUnsupportedMediaType, "unsupported-media-type", "Unsupported media type"}
	MethodNotAllowed     = Kind{"HYPERFLEET-VAL-006", http.StatusMethodNotAllowed, "method-not-allowed", "Method not allowed"}
	Refused              = Kind{"HYPERFLEET-VAL-007", http.StatusBadRequest, "refused", "Refused by the rules of the resource"}
	Unauthenticated      = Kind{"HYPERFLEET-AUT-001", http.StatusUnauthorized, "unauthenticated", "Not authenticated"}
	InvalidCredentials   = Kind{"HYPERFLEET-AUT-002", http.StatusUnauthorized, "invalid-credentials", "Invalid credentials"}
	Forbidden            = Kind{"HYPERFLEET-AUZ-001", http.StatusForbidden, "forbidden", "Not allowed"}
	UnusableUser         = Kind{"HYPERFLEET-AUZ-002", http.StatusForbidden, "unusable-user", "Unusable user"}
	CrossOrigin          = Kind{"HYPERFLEET-AUZ-003", http.StatusForbidden, "cross-origin", "From another origin"}
	Misdirected          = Kind{"HYPERFLEET-AUZ-004", http.StatusMisdirectedRequest, "misdirected", "For another host"}
	NoSuchPath           = Kind{"HYPERFLEET-NTF-000", http.StatusNotFound, "no-such-path", "No such path"}
	NoSuchCluster        = Kind{"HYPERFLEET-NTF-002", http.StatusNotFound, "no-such-cluster", "No such cluster"}
	NoSuchNodePool       = Kind{"HYPERFLEET-NTF-003", http.StatusNotFound, "no-such-nodepool", "No such nodepool"}
	NameTaken            = Kind{"HYPERFLEET-CNF-001", http.StatusConflict, "name-taken", "Name is taken"}
	Conflict             = Kind{"HYPERFLEET-CNF-002", http.StatusConflict, "conflict", "Changed by others at the same time"}
	Terminating          = Kind{"HYPERFLEET-CNF-003", http.StatusConflict, "terminating", "Being deleted"}
	PreconditionFailed   = Kind{"HYPERFLEET-CNF-004", http.StatusPreconditionFailed, "precondition-failed", "Changed since it was read"}
	PatchFailed          = Kind{"HYPERFLEET-CNF-005", http.StatusConflict, "patch-failed", "Patch does not fit the resource"}
	NotTerminating       = Kind{"HYPERFLEET-CNF-006", http.StatusConflict, "not-terminating", "Not being deleted"}
	TooLarge             = Kind{"HYPERFLEET-LMT-001", http.StatusRequestEntityTooLarge, "too-large", "Body too large"}
	TooManyRequests      = Kind{"HYPERFLEET-LMT-002", http.StatusTooManyRequests, "too-many-requests", "Too many requests"}
	URITooLong           = Kind{"HYPERFLEET-LMT-003", http.StatusRequestURITooLong, "uri-too-long", "URI too long"}
	TooSlow              = Kind{"HYPERFLEET-LMT-004", http.StatusRequestTimeout, "too-slow", "Request came too slowly"}
	Internal             = Kind{"HYPERFLEET-INT-001", http.StatusInternalServerError, "internal", "Internal error"}
	Unavailable          = Kind{"HYPERFLEET-SVC-001", http.StatusServiceUnavailable, "unavailable", "Service unavailable"}
	Timeout              = Kind{"HYPERFLEET-SVC-002", http.StatusGatewayTimeout, "timeout", "Timed out"}
	NotReady             = Kind{"HYPERFLEET-SVC-003", http.StatusServiceUnavailable, "not-ready", "Not ready"}
	Stale                = Kind{"HYPERFLEET-SVC-004", http.StatusServiceUnavailable, "stale", "Index is behind"}
	ClockSkew            = Kind{"HYPERFLEET-SVC-005", http.StatusServiceUnavailable, "clock-skew", "Clocks differ"}
)

// typePrefix starts the type URI of every problem.
const typePrefix = "urn:hyperfleet:problem:"

// Type returns the type URI of the problem.
func (k Kind) Type() string { return typePrefix + k.Name }

// An Error is a problem on its way to the client.
type Error struct {
	Kind
	// Detail is the explanation for the client.
	Detail string
	// Fields are the fields at fault, at most maxFieldErrors.
	Fields []rest.FieldError
	// Header is added to the response; it may be nil.
	Header http.Header

	cause error // for the log, never for the client
}

// Because returns a problem of this kind. The format describes the detail.
func (k Kind) Because(format string, args ...any) *Error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// Transient returns a problem of this kind that ends without action by the client. The
// answer asks the client to repeat the request after a second, and so does the detail.
func (k Kind) Transient(format string, args ...any) *Error {
	return k.Because(format+"; try again in a moment", args...).RetryAfter(1)
}

// These limits of a problem's fields keep the answer to a hostile request from being many
// times as large as the request.
const (
	maxFieldErrors = 100
	maxFieldBytes  = 1024 // of a field's name, and of its message
)

// InFields returns a problem of this kind with the fields at fault, at least one. The
// message of the first field is the detail. Fields beyond maxFieldErrors are only
// counted.
func (k Kind) InFields(fields ...rest.FieldError) *Error {
	kept := make([]rest.FieldError, min(len(fields), maxFieldErrors))
	for i := range kept {
		f := fields[i]
		kept[i] = rest.FieldError{Field: shorten(f.Field), Constraint: f.Constraint, Message: shorten(f.Message)}
	}
	detail := kept[0].Message
	if more := len(fields) - 1; more > 0 {
		detail = fmt.Sprintf("%s (and %d more, see errors)", detail, more)
	}
	return &Error{Kind: k, Detail: detail, Fields: kept}
}

// shorten cuts out the middle of a string that is too long.
func shorten(s string) string {
	if len(s) <= maxFieldBytes {
		return s
	}
	half := maxFieldBytes / 2
	return strings.ToValidUTF8(s[:half], "") + "…" + strings.ToValidUTF8(s[len(s)-half:], "")
}

// WithHeader sets a header of the response.
func (e *Error) WithHeader(key, value string) *Error {
	if e.Header == nil {
		e.Header = http.Header{}
	}
	e.Header.Set(key, value)
	return e
}

// RetryAfter asks the client to repeat the request after a number of seconds, at
// least 1.
func (e *Error) RetryAfter(seconds int) *Error {
	return e.WithHeader("Retry-After", strconv.Itoa(max(seconds, 1)))
}

// WithCause sets the error that caused the problem. The log shows it, the answer does
// not.
func (e *Error) WithCause(err error) *Error {
	e.cause = err
	return e
}

// Error implements error.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Detail)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }
