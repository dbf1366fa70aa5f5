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
	"errors"
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// asProblem turns any error of a handler into the problem to answer with.
// Refusals of the API server become problems of this API; what they say about
// its insides goes to the log only.
func asProblem(err error) *problemError {
	if problem, ok := errors.AsType[*problemError](err); ok {
		return problem
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return transportProblem(err)
	}
	switch s := status.Status(); {
	case apierrors.IsInvalid(err):
		return invalidProblem(s).withCause(err)
	case apierrors.IsForbidden(err):
		return problemForbidden.because("%s", forbiddenDetail(s)).withCause(err)
	case apierrors.IsUnauthorized(err):
		return problemUnavailable.because("The API server does not accept the facade's credentials").withCause(err)
	case apierrors.IsAlreadyExists(err):
		return problemNameTaken.because("There already is one of that name").withCause(err)
	case apierrors.IsConflict(err):
		return problemConflict.because("The resource was changed at the same time; try again").withCause(err)
	case apierrors.IsTooManyRequests(err):
		seconds, _ := apierrors.SuggestsClientDelay(err)
		return problemTooMany.because("The API server is busy; try again later").
			withHeader("Retry-After", strconv.Itoa(max(seconds, 1))).withCause(err)
	case apierrors.IsRequestEntityTooLargeError(err), isTooLarge(s):
		return problemTooLarge.because("The resource is larger than the store takes").withCause(err)
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), s.Code == http.StatusGatewayTimeout:
		return problemTimeout.because("The API server did not answer in time; the change may have been made or not").withCause(err)
	case apierrors.IsBadRequest(err):
		return problemRefused.because("%s", s.Message).withCause(err)
	default:
		problem := problemUnavailable.because("The API server cannot serve the request now").withCause(err)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			problem = problem.withHeader("Retry-After", strconv.Itoa(max(seconds, 1)))
		}
		return problem
	}
}

// ofOwnRights is for errors of requests that the facade makes with its own rights.
// That it may not make one is not for the caller to mend: an API server that has
// only just started knows no roles yet.
func ofOwnRights(err error) error {
	if apierrors.IsForbidden(err) {
		return problemUnavailable.because("The API server does not let the facade look up what it has to know; try again in a moment").
			withHeader("Retry-After", "1").withCause(err)
	}
	return err
}

// transportProblem is for errors that no API server answered with.
func transportProblem(err error) *problemError {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return problemTimeout.because("The request was not finished in time; the change may have been made or not").withCause(err)
	}
	return problemUnavailable.because("The API server cannot be reached").withCause(err)
}

// isTooLarge tells whether etcd, or the API server's connection to it, refused
// an object for its size. The API server passes on the text alone.
func isTooLarge(status metav1.Status) bool {
	return strings.Contains(status.Message, "request is too large") ||
		strings.Contains(status.Message, "message larger than max")
}

// invalidProblem names the fields of a 422 as the REST contract does.
func invalidProblem(status metav1.Status) *problemError {
	var fields []FieldError
	if status.Details != nil {
		for _, cause := range status.Details.Causes {
			fields = append(fields, FieldError{
				Field:      restField(cause.Field),
				Constraint: restConstraint(cause.Type),
				Message:    policyMessage(cause.Message),
			})
		}
	}
	if len(fields) == 0 {
		return problemRefused.because("%s", status.Message)
	}
	return problemRefused.inFields(fields)
}

// restFields are the object fields whose REST name differs by more than the
// prefix "spec.".
var restFields = map[string]string{
	"metadata":                "name", // where the rules on metadata.name put their causes
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

// forbiddenDetail says what is not allowed, without the API server's prefix
// about which object and resource path it was.
func forbiddenDetail(status metav1.Status) string {
	if strings.Contains(status.Message, " cannot impersonate") { // which is no right of the caller's
		return "The facade may not write as this caller: " + status.Message
	}
	if _, detail, ok := strings.Cut(status.Message, " is forbidden: "); ok {
		return policyMessage(detail)
	}
	return status.Message
}

// policyMessage returns the message of a ValidatingAdmissionPolicy's rule without
// the names of the policy and its binding.
func policyMessage(message string) string {
	if !strings.HasPrefix(message, "ValidatingAdmissionPolicy ") {
		return message
	}
	if _, rule, ok := strings.Cut(message, " denied request: "); ok {
		return rule
	}
	return message
}

// isStaleReport tells whether the API server refused a report because a newer
// one is recorded.
func isStaleReport(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	for _, cause := range status.Status().Details.Causes {
		if strings.Contains(cause.Message, v1.StaleReportMessage) {
			return true
		}
	}
	return false
}
