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
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// staleRetrySeconds is the Retry-After of a replica with a stale index.
const staleRetrySeconds = 2

// checkCurrent fails with a problem while reads could miss an existing object or return
// an old state.
func (s *Server) checkCurrent() error { return fromReplica(s.replica.CheckCurrent()) }

// fromReplica returns the problem for an error of the replica, nil for nil. If the
// replica passes on an error of the API server, the request was made with the facade's
// own rights.
func fromReplica(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, replica.ErrTooManyLookups) {
		return problem.TooManyRequests.Transient("The caller asks for too many ids that this replica does not know").WithCause(err)
	}
	if loading, ok := errors.AsType[*replica.LoadingError](err); ok {
		return problem.NotReady.Transient("%s", sentence(loading))
	}
	if stale, ok := errors.AsType[*replica.StaleError](err); ok {
		return problem.Stale.Transient("%s", sentence(stale)).RetryAfter(staleRetrySeconds)
	}
	if missing, ok := errors.AsType[*replica.NotArrivedError](err); ok {
		return problem.Stale.Transient("%s", sentence(missing))
	}
	return fromOwnRequest(err)
}

// sentence returns the text of an error as the start of a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// fromOwnRequest returns the problem for an error of a request that the facade makes with
// its own rights. If the API server forbids such a request, the caller can do nothing
// about it: an API server that has just started has not loaded the roles yet.
func fromOwnRequest(err error) error {
	if apierrors.IsForbidden(err) {
		return problem.Unavailable.Transient("The API server forbids a look-up that the facade needs for this request").WithCause(err)
	}
	return err
}

// isStaleReport reports whether the API server refused a report because a newer one is
// recorded.
func isStaleReport(err error) bool {
	return hasCause(err, func(cause metav1.StatusCause) bool { return strings.Contains(cause.Message, v1.StaleReportMessage) })
}

// isAboutAnother reports whether the API server refused a report because the recorded
// report seems to be about another resource. resourceRef is immutable.
func isAboutAnother(err error) bool {
	return hasCause(err, func(cause metav1.StatusCause) bool { return cause.Field == "spec.resourceRef" })
}

// hasCause reports whether one of the causes of a refusal of the API server is like that.
func hasCause(err error, is func(metav1.StatusCause) bool) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Details != nil && slices.ContainsFunc(status.Status().Details.Causes, is)
}
