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

// Delegation is how the API server is asked who a caller is (TokenReview) and
// what the caller may do (SubjectAccessReview). Its flags are named as those of
// Kubernetes' extension API servers.
type Delegation struct {
	// Audiences are those of which a token must have one; that of the API server
	// where there are none.
	Audiences []string
	// TokenTTL is how long what the API server says of a token holds, at most.
	TokenTTL time.Duration
	// AllowTTL and DenyTTL are how long its answer to what a caller may do holds,
	// at most.
	AllowTTL, DenyTTL time.Duration
	// ClientCAFile holds the authorities that sign the certificates of clients, as
	// PEM. Where it is empty, they are the API server's own.
	ClientCAFile string
	// SkipLookup keeps from taking over the API server's own authorities.
	SkipLookup bool
}

// BindFlags adds the flags, with the defaults of Kubernetes' own API servers:
// very short for responsiveness, but enough to handle storms.
func (d *Delegation) BindFlags(flags *flag.FlagSet) {
	flags.Func("api-audiences", "The audiences, separated by commas, of which a token must have one. The API server's where not given.", func(text string) error {
		d.Audiences = strings.Split(text, ",")
		if slices.Contains(d.Audiences, "") {
			return errors.New("an audience is empty")
		}
		return nil
	})
	flags.DurationVar(&d.TokenTTL, "authentication-token-webhook-cache-ttl", 10*time.Second, "How long what the API server says of a token is kept.")
	flags.DurationVar(&d.AllowTTL, "authorization-webhook-cache-authorized-ttl", 10*time.Second, "How long it is kept that a caller may do something.")
	flags.DurationVar(&d.DenyTTL, "authorization-webhook-cache-unauthorized-ttl", 10*time.Second, "How long it is kept that a caller may not.")
	flags.StringVar(&d.ClientCAFile, "client-ca-file", "", "The authorities that sign client certificates. Those of the API server where not given.")
	flags.BoolVar(&d.SkipLookup, "authentication-skip-lookup", false, "Do not take over the API server's authorities of client certificates: accept none without --client-ca-file.")
}

// reviewTimeout bounds one request to the API server about a caller.
const reviewTimeout = 10 * time.Second

// reviewBackoff is when such a request is tried again after a passing failure.
// A caller waits for it.
var reviewBackoff = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 4}

// Setup returns what asks the API server who callers are and what they may do.
// Client certificates come by TLS only, so their authorities are followed only
// where the facade is served by it.
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

// NewAuthenticator authenticates callers by bearer tokens and, where clientCA is
// not nil, by client certificates. Nobody is anonymous.
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
	// The API server must say that the token is for one of them; if it says nothing
	// of audiences, the token is not.
	return authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return delegating.AuthenticateRequest(r.WithContext(authenticator.WithAudiences(r.Context(), d.Audiences)))
	}), nil
}

// NewAuthorizer decides by SubjectAccessReview what a caller may do.
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

// client returns a client whose requests take as long as the timeout at most, or
// as long as their contexts where it is 0.
func (d Delegation) client(config *rest.Config, timeout time.Duration) (kubernetes.Interface, error) {
	config = rest.CopyConfig(config)
	config.Timeout = timeout
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for reviews: %w", err)
	}
	return client, nil
}
