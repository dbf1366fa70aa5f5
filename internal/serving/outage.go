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
	"context"
	"errors"
	"net/url"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Challenge is the WWW-Authenticate header of a 401 response.
const Challenge = `Bearer realm="hyperfleet"`

// IsOutage reports whether credentials could not be checked, instead of being wrong. The
// authenticators return an error in both cases: for wrong credentials, a plain error or
// an error of crypto/x509; for an outage, an error of client-go.
func IsOutage(err error) bool {
	if all, ok := errors.AsType[utilerrors.Aggregate](err); ok {
		return slices.ContainsFunc(all.Errors(), IsOutage)
	}
	if _, ok := errors.AsType[*url.Error](err); ok { // no response
		return true
	}
	var status apierrors.APIStatus // a response other than a review
	return errors.As(err, &status) || wait.Interrupted(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
