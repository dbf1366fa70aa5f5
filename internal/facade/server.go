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
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel/trace"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/hyperfleet-io/hyperfleet/internal/clocks"
	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// fieldManager is the field manager of what is written through the facade.
const fieldManager = "hyperfleet-facade"

// Options are what a Server needs.
type Options struct {
	// BindAddress is the address to listen on, such as ":8000".
	BindAddress string
	// PageSize is the number of items of a page if the request does not specify it, 1 to
	// 1000.
	PageSize int
	// WriteVisibility is the maximum time that the answer to a write waits until reads show
	// the write.
	WriteVisibility time.Duration
	// Limits bound the time and memory of requests.
	Limits Limits
	// DrainDelay is how long Drain continues to serve requests after readiness has begun
	// to fail.
	DrainDelay time.Duration
	// Version of the program, for GET /api/hyperfleet.
	Version string
	// Authenticator identifies the caller of a request.
	Authenticator authenticator.Request
	// Authorizer decides what the caller may do.
	Authorizer authorizer.Authorizer
	// AdapterIdentity requires that a caller who reports as an adapter has the right to do
	// so, even if the report changes nothing. The policy in config/adapter-identity requires
	// the right only for writes.
	AdapterIdentity bool
	// LoopbackHostsOnly refuses requests whose Host is neither localhost nor a loopback
	// address. A Server that listens on loopback without authentication needs it: a page
	// whose host name resolves to a loopback address would otherwise have the same origin.
	LoopbackHostsOnly bool
	// TLS is the configuration of HTTPS; nil for plain HTTP.
	TLS *tls.Config
	// TracerProvider makes spans of requests; nil for none.
	TracerProvider trace.TracerProvider
	// SlowRequest is the duration from which a request is logged as slow; 0 disables.
	SlowRequest time.Duration
	// Clock defaults to the real clock.
	Clock clock.PassiveClock
}

// Server is the REST facade. Every replica of the program runs one. It answers reads
// from the replica's copy of the fleet, and writes to the API server.
type Server struct {
	options    Options
	log        logr.Logger
	contract   *contract
	replica    *replica.Replica
	queries    *queryCache
	unpaged    unpagedClients
	tracer     trace.Tracer // nil if no spans are made
	inFlight   inFlight
	draining   atomic.Bool
	shutdown   func() error
	own        client.Client // with the facade's own rights: to look before a write
	caller     client.Client // with the rights of the user in the request's context
	clocks     *clocks.Comparison
	listener   net.Listener
	httpServer *http.Server
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters;nodepools;adapterstatuses,verbs=get
// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters;nodepools,verbs=patch
// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=delete

// New returns a Server that serves a replica, and begins to listen. The config has the
// facade's own identity, which must be allowed to impersonate the callers.
func New(config *rest.Config, scheme *runtime.Scheme, rep *replica.Replica, options Options, log logr.Logger) (*Server, error) {
	if options.Authenticator == nil || options.Authorizer == nil {
		return nil, errors.New("an authenticator and an authorizer are required")
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	contract, err := loadContract(options.PageSize)
	if err != nil {
		return nil, err
	}
	if err := options.Limits.check(); err != nil {
		return nil, err
	}
	config = ClientConfig(config)
	own, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	// Discovery uses the facade's own rights, because it has no caller.
	caller, err := client.New(asCaller(config), client.Options{Scheme: scheme, Mapper: own.RESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("make an impersonating client: %w", err)
	}
	options.Limits = options.Limits.withDefaults()
	s := &Server{
		inFlight: newInFlight(options.Limits),
		options:  options,
		log:      log,
		contract: contract,
		replica:  rep,
		queries:  newQueryCache(),
		own:      own,
		caller:   caller,
		clocks:   clocks.NewComparison(options.Clock, own),
	}
	s.shutdown = sync.OnceValue(s.finish)
	if options.TracerProvider != nil {
		s.tracer = options.TracerProvider.Tracer(tracerName)
	}
	listener, err := net.Listen("tcp", options.BindAddress)
	if err != nil {
		return nil, fmt.Errorf("listen for REST requests: %w", err)
	}
	s.listener = &sharedListener{TCPListener: listener.(*net.TCPListener), places: fairness.NewShares(options.Limits.MaxConnections)}
	s.httpServer = &http.Server{
		Handler:           s.handler(),
		TLSConfig:         options.TLS,
		ReadHeaderTimeout: options.Limits.ReadHeaderTimeout,
		ReadTimeout:       options.Limits.ReadTimeout,
		WriteTimeout:      options.Limits.ReadTimeout + options.Limits.RequestTimeout + options.Limits.WriteStallTimeout, // of the first piece
		IdleTimeout:       options.Limits.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,

		DisableGeneralOptionsHandler: true, // it would answer without authentication
	}
	return s, nil
}

// NeedLeaderElection returns false: every replica serves.
func (s *Server) NeedLeaderElection() bool { return false }

// Address returns the address that the Server listens on.
func (s *Server) Address() net.Addr { return s.listener.Addr() }

// Start serves until the Server is drained or the context ends, and returns once
// the requests under way have finished.
func (s *Server) Start(ctx context.Context) error {
	s.log.Info("Serving REST", "address", s.Address().String())
	stop := context.AfterFunc(ctx, func() { _ = s.shutdown() }) // Start returns its error below
	defer stop()
	serve := s.httpServer.Serve
	if s.options.TLS != nil {
		serve = func(l net.Listener) error { return s.httpServer.ServeTLS(l, "", "") }
	}
	if err := serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve REST requests: %w", err)
	}
	if err := s.shutdown(); err != nil {
		return fmt.Errorf("stop serving REST requests: %w", err)
	}
	return nil
}

// Ready fails until the indexes are filled, while one of them is stale, and from the call
// of Drain on. It is a healthz.Checker.
func (s *Server) Ready(*http.Request) error {
	if s.draining.Load() {
		return errors.New("shutting down")
	}
	return s.replica.CheckCurrent()
}
