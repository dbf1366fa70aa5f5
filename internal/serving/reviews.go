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

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// tokens authenticates bearer tokens by TokenReview. A refusal is not an error here: the
// token cache does not keep errors, so every use of a refused token would require a
// review.
type tokens struct {
	reviews authenticator.Token
	ready   *readiness
}

// AuthenticateToken implements authenticator.Token.
func (t tokens) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	var response *authenticator.Response
	err := t.ready.ask(ctx, func() (bool, error) {
		var ok bool
		var err error
		if response, ok, err = t.reviews.AuthenticateToken(ctx, token); IsOutage(err) {
			return false, err
		}
		if err != nil {
			log.FromContext(ctx).V(1).Info("Token refused", "reason", err.Error())
		}
		return !ok, nil
	})
	if err != nil {
		return nil, false, err
	}
	return response, response != nil, nil
}

// rights authorizes callers by SubjectAccessReview.
type rights struct {
	authorizer.Authorizer
	ready *readiness
}

// Authorize implements authorizer.Authorizer.
func (a rights) Authorize(ctx context.Context, attributes authorizer.Attributes) (authorizer.Decision, string, error) {
	var decision authorizer.Decision
	var reason string
	err := a.ready.ask(ctx, func() (no bool, err error) {
		decision, reason, err = a.Authorizer.Authorize(ctx, attributes)
		return decision != authorizer.DecisionAllow, err
	})
	if err != nil {
		return authorizer.DecisionNoOpinion, "", err
	}
	return decision, reason, nil
}
