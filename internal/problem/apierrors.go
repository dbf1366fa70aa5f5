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
	"context"
	"errors"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// From returns the problem to answer with for any error of a handler. An error of the API
// server becomes a problem of this API; only the log shows details of the API server.
func From(err error) *Error {
	if problem, ok := errors.AsType[*Error](err); ok {
		return problem
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return fromTransport(err)
	}
	switch s := status.Status(); {
	case apierrors.IsInvalid(err):
		return fromInvalid(s).WithCause(err)
	case apierrors.IsForbidden(err):
		return Forbidden.Because("%s", forbiddenDetail(s)).WithCause(err)
	case apierrors.IsUnauthorized(err):
		return Unavailable.Because("The API server does not accept the facade's credentials").WithCause(err)
	case apierrors.IsAlreadyExists(err):
		return NameTaken.Because("An object with this name already exists").WithCause(err)
	case apierrors.IsConflict(err):
		return Conflict.Because("The resource was changed at the same time; try again").WithCause(err)
	case apierrors.IsTooManyRequests(err):
		seconds, _ := apierrors.SuggestsClientDelay(err)
		return TooManyRequests.Because("The API server is busy; try again later").
			RetryAfter(seconds).WithCause(err)
	case apierrors.IsRequestEntityTooLargeError(err), isTooLarge(s):
		return TooLarge.Because("The resource is larger than the store takes").WithCause(err)
	case isFull(s):
		return Unavailable.Because("The store has no space for the change").WithCause(err)
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), s.Code == http.StatusGatewayTimeout:
		return Timeout.Because("The API server did not answer in time; the change may have been made or not").WithCause(err)
	case apierrors.IsBadRequest(err):
		return Refused.Because("%s", s.Message).WithCause(err)
	default:
		problem := Unavailable.Because("The API server cannot serve the request now").WithCause(err)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			problem = problem.RetryAfter(seconds)
		}
		return problem
	}
}

// fromTransport returns the problem for an error that did not come from an API server.
func fromTransport(err error) *Error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Timeout.Because("The request was not finished in time; the change may have been made or not").WithCause(err)
	}
	return Unavailable.Because("The API server cannot be reached").WithCause(err)
}

// isTooLarge reports whether etcd, or the API server's connection to etcd, refused an
// object for its size. The API server passes on only the message.
func isTooLarge(status metav1.Status) bool {
	return strings.Contains(status.Message, "request is too large") ||
		strings.Contains(status.Message, "message larger than max")
}

// isFull reports whether etcd refused a write because its database, or the disk of the
// server, is full.
func isFull(status metav1.Status) bool {
	return strings.Contains(status.Message, "database space exceeded")
}

// fromInvalid returns the problem for a 422. It translates the names of fields to their
// names in the REST contract.
func fromInvalid(status metav1.Status) *Error {
	var fields []rest.FieldError
	if status.Details != nil {
		for _, cause := range status.Details.Causes {
			fields = append(fields, rest.FieldError{
				Field:      restField(cause.Field),
				Constraint: restConstraint(cause.Type),
				Message:    policyMessage(cause.Message),
			})
		}
	}
	if len(fields) == 0 {
		return Refused.Because("%s", status.Message)
	}
	return Refused.InFields(fields...)
}

// restFields maps object fields to their REST names, where these differ by more than
// the prefix "spec.".
var restFields = map[string]string{
	"metadata":                "name", // the CEL rules on metadata.name report this field
	"metadata.name":           "name",
	"metadata.labels":         "labels",
	"spec.observedGeneration": "observed_generation",
	"spec.observedTime":       "observed_time",
	"spec.clusterName":        "cluster_id",
	"<nil>":                   "",
}

func restField(field string) string {
	if name, ok := restFields[field]; ok {
		return name
	}
	for _, own := range []string{"spec.conditions", "spec.adapter", "spec.data", "spec.metadata"} {
		if strings.HasPrefix(field, own) {
			return strings.TrimPrefix(field, "spec.")
		}
	}
	return field
}

func restConstraint(cause metav1.CauseType) string {
	switch cause {
	case metav1.CauseTypeFieldValueRequired:
		return "required"
	case metav1.CauseTypeFieldValueDuplicate:
		return "unique"
	case metav1.CauseTypeFieldValueNotSupported:
		return "enum"
	case metav1.CauseTypeTooLong:
		return "maxLength"
	case metav1.CauseTypeTypeInvalid:
		return "type"
	}
	return "rule"
}

// forbiddenDetail returns the reason of a 403, without the API server's prefix, which
// names the object and the resource path.
func forbiddenDetail(status metav1.Status) string {
	if strings.Contains(status.Message, " cannot impersonate") { // the facade lacks a right, not the caller
		return "The facade may not write as this caller: " + status.Message
	}
	if _, detail, ok := strings.Cut(status.Message, " is forbidden: "); ok {
		return policyMessage(detail)
	}
	return status.Message
}

// policyMessage returns the message of a ValidatingAdmissionPolicy's rule without the
// names of the policy and its binding.
func policyMessage(message string) string {
	if !strings.HasPrefix(message, "ValidatingAdmissionPolicy ") {
		return message
	}
	if _, rule, ok := strings.Cut(message, " denied request: "); ok {
		return rule
	}
	return message
}
