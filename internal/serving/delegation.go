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
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/token/cache"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/webhook"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Delegation configures how the API server authenticates callers (TokenReview) and
// authorizes them (SubjectAccessReview). The flags have the names that extension API
// servers of Kubernetes use.
type Delegation struct {
	// Audiences are the accepted token audiences. A token must have one of them. If there
	// are none, the API server's own audience is accepted.
	Audiences []string
	// TokenTTL is the time for which the result of a TokenReview is cached.
	TokenTTL time.Duration
	// AllowTTL and DenyTTL are the times for which the results of a
	// SubjectAccessReview are cached.
	AllowTTL, DenyTTL time.Duration
	// ClientCAFile is a PEM file with the CAs of client certificates. If it is empty, the
	// API server's client CAs are used.
	ClientCAFile string
	// SkipLookup disables the use of the API server's client CAs.
	SkipLookup bool
}

// BindFlags adds the flags. The defaults are those of Kubernetes' own API servers. They
// are short enough that a change of rights takes effect soon, and long enough to absorb
// bursts of requests.
func (d *Delegation) BindFlags(flags *flag.FlagSet) {
	flags.Func("api-audiences", "Comma-separated list of accepted token audiences. Defaults to the API server's.", func(text string) error {
		d.Audiences = strings.Split(text, ",")
		if slices.Contains(d.Audiences, "") {
			return errors.New("an audience is empty")
		}
		return nil
	})
	flags.DurationVar(&d.TokenTTL, "authentication-token-webhook-cache-ttl", 10*time.Second, "Time to cache the result of a token review.")
	flags.DurationVar(&d.AllowTTL, "authorization-webhook-cache-authorized-ttl", 10*time.Second, "Time to cache the decision that a request is authorized.")
	flags.DurationVar(&d.DenyTTL, "authorization-webhook-cache-unauthorized-ttl", 10*time.Second, "Time to cache the decision that a request is not authorized.")
	flags.StringVar(&d.ClientCAFile, "client-ca-file", "", "PEM file with the CAs of client certificates. Defaults to the API server's client CAs.")
	flags.BoolVar(&d.SkipLookup, "authentication-skip-lookup", false, "Do not use the API server's client CAs: without --client-ca-file, accept no client certificates.")
}

// reviewTimeout is the timeout of one review.
const reviewTimeout = 10 * time.Second

// reviewBackoff spaces the retries of a review after a transient failure. It is short,
// because a caller waits.
var reviewBackoff = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 4}

// Setup returns the authenticator and the authorizer of the REST API. Client certificates
// need TLS, so Setup follows their CAs only if tls is true.
func (d Delegation) Setup(mgr manager.Manager, tls bool) (authenticator.Request, authorizer.Authorizer, error) {
	var clientCA dynamiccertificates.CAContentProvider
	if tls {
		var err error
		if clientCA, err = d.clientCA(mgr); err != nil {
			return nil, nil, err
		}
	}
	who, err := d.NewAuthenticator(mgr.GetConfig(), clientCA)
	if err != nil {
		return nil, nil, err
	}
	may, err := d.NewAuthorizer(mgr.GetConfig())
	if err != nil {
		return nil, nil, err
	}
	return who, may, nil
}

// NewAuthenticator returns an authenticator of bearer tokens and, if clientCA is not nil,
// of client certificates. It accepts no anonymous requests.
func (d Delegation) NewAuthenticator(config *rest.Config, clientCA dynamiccertificates.CAContentProvider) (authenticator.Request, error) {
	reviews, err := d.client(config, reviewTimeout)
	if err != nil {
		return nil, err
	}
	authenticatorfactory.RegisterMetrics()
	review, err := webhook.NewFromInterface(reviews.AuthenticationV1(), nil, reviewBackoff, reviewTimeout, webhook.AuthenticatorMetrics{
		RecordRequestTotal:   authenticatorfactory.RecordRequestTotal,
		RecordRequestLatency: authenticatorfactory.RecordRequestLatency,
	})
	if err != nil {
		return nil, fmt.Errorf("make an authenticator: %w", err)
	}
	asked := tokens{review, newReadiness(reviews.Discovery().RESTClient())}
	var handlers []authenticator.Request
	if clientCA != nil {
		handlers = append(handlers, certificates{x509.NewDynamic(clientCA.VerifyOptions, x509.CommonNameUserConversion), clientCA})
	}
	handlers = append(handlers, bearertoken.New(cache.New(asked, false, d.TokenTTL, d.TokenTTL)))
	delegating := group.NewAuthenticatedGroupAdder(union.New(handlers...))
	if len(d.Audiences) == 0 {
		return delegating, nil
	}
	// The review must return one of the audiences. A review without audiences
	// refuses the token.
	return authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return delegating.AuthenticateRequest(r.WithContext(authenticator.WithAudiences(r.Context(), d.Audiences)))
	}), nil
}

// NewAuthorizer returns an authorizer that decides by SubjectAccessReview.
func (d Delegation) NewAuthorizer(config *rest.Config) (authorizer.Authorizer, error) {
	reviews, err := d.client(config, reviewTimeout)
	if err != nil {
		return nil, err
	}
	delegating, err := authorizerfactory.DelegatingAuthorizerConfig{
		SubjectAccessReviewClient: reviews.AuthorizationV1(),
		WebhookRetryBackoff:       &reviewBackoff,
	}.New()
	if err != nil {
		return nil, fmt.Errorf("make an authorizer: %w", err)
	}
	asked := rights{delegating, newReadiness(reviews.Discovery().RESTClient())}
	return newDecisions(asked, d.AllowTTL, d.DenyTTL), nil
}

// client returns a client with the timeout for each request. A timeout of 0 leaves
// the deadline to the contexts.
func (d Delegation) client(config *rest.Config, timeout time.Duration) (kubernetes.Interface, error) {
	config = rest.CopyConfig(config)
	config.Timeout = timeout
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for reviews: %w", err)
	}
	return client, nil
}
