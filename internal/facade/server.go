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
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// fieldManager is the field manager of what is written through the facade.
const fieldManager = "hyperfleet-facade"

// Options are what a Server needs.
type Options struct {
	// BindAddress is where to listen, such as ":8000".
	BindAddress string
	// Namespace is the one that the facade serves.
	Namespace string
	// PageSize is how many items a page has where a request does not say, 1 to 1000.
	PageSize int
	// WriteVisibility bounds how long the answer to a write waits until reads
	// show the write.
	WriteVisibility time.Duration
	// MaxStaleness is how far behind the API server the indexes may be before reads
	// are refused; 0 for any.
	MaxStaleness time.Duration
	// Limits bound what requests may take.
	Limits Limits
	// DrainDelay is how long Drain serves on when readiness fails already.
	DrainDelay time.Duration
	// Version of the program, for GET /api/hyperfleet.
	Version string
	// Authenticator says who makes a request.
	Authenticator authenticator.Request
	// Authorizer says what they may do.
	Authorizer authorizer.Authorizer
	// TLS is how to serve HTTPS; nil for plain HTTP.
	TLS *tls.Config
	// RequiredAdapters returns the names of the adapters required for a Kind.
	RequiredAdapters func(kind string) []string
	// Announce is called before a report is written, and what it returns once the
	// request is answered. It may be nil.
	Announce func(*v1.AdapterStatus) (done func())
	// TracerProvider makes spans of requests; nil for none.
	TracerProvider trace.TracerProvider
	// SlowRequest is how long a request takes that is logged as slow; 0 for none.
	SlowRequest time.Duration
	// Clock is the time; the real one where it is nil.
	Clock clock.PassiveClock
}

// Server is the REST facade. It answers reads from its own indexes, on every
// replica.
type Server struct {
	options    Options
	log        logr.Logger
	contract   *contract
	renderer   renderer
	clusters   collection
	nodePools  collection
	statuses   collection
	reports    *Reports
	queries    *queryCache
	tracer     trace.Tracer // nil where no spans are made
	feeds      []manager.Runnable
	finders    map[string]*finder // by the plural of their collection
	inFlight   inFlight
	draining   atomic.Bool
	shutdown   func() error
	own        client.Client // with the facade's own rights: to look before a write
	caller     client.Client // with the rights of the user in the request's context
	listener   net.Listener
	httpServer *http.Server
}

// +kubebuilder:rbac:groups=hyperfleet.io,resources=clusters;nodepools;adapterstatuses,verbs=get;list;watch
// +kubebuilder:rbac:groups=hyperfleet.io,resources=adapterstatuses,verbs=delete

// New makes a Server and begins to listen. The config is of the facade's own
// identity, which must be allowed to impersonate those who call.
func New(config *rest.Config, scheme *runtime.Scheme, options Options, log logr.Logger) (*Server, error) {
	if options.Authenticator == nil || options.Authorizer == nil {
		return nil, errors.New("an authenticator and an authorizer are required")
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Announce == nil {
		options.Announce = func(*v1.AdapterStatus) func() { return func() {} }
	}
	contract, err := loadContract(options.PageSize)
	if err != nil {
		return nil, err
	}
	if err := options.Limits.check(); err != nil {
		return nil, err
	}
	config = withoutRetries(config)
	config = withAuditIDs(config)
	own, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	// Discovery is the facade's own: there is no caller then.
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
		renderer: renderer{required: options.RequiredAdapters},
		queries:  newQueryCache(),
		own:      own,
		caller:   caller,
	}
	s.shutdown = sync.OnceValue(s.finish)
	if options.TracerProvider != nil {
		s.tracer = options.TracerProvider.Tracer(tracerName)
	}
	watches, err := feed.NewWatchClient(config, scheme, v1.GroupVersion)
	if err != nil {
		return nil, err
	}
	s.feed(own, watches)
	if s.listener, err = net.Listen("tcp", options.BindAddress); err != nil {
		return nil, fmt.Errorf("listen for REST requests: %w", err)
	}
	s.httpServer = &http.Server{
		Handler:           s.handler(),
		TLSConfig:         options.TLS,
		ReadHeaderTimeout: options.Limits.ReadHeaderTimeout,
		ReadTimeout:       options.Limits.ReadTimeout,
		WriteTimeout:      options.Limits.ReadTimeout + options.Limits.RequestTimeout + options.Limits.WriteStallTimeout, // of the first piece
		IdleTimeout:       options.Limits.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,

		DisableGeneralOptionsHandler: true, // it would answer without asking who calls
	}
	return s, nil
}

// SetupWithManager adds the indexes' feeds and the HTTP server to the manager.
func (s *Server) SetupWithManager(mgr ctrl.Manager) error {
	for _, feed := range s.feeds {
		if err := mgr.Add(feed); err != nil {
			return fmt.Errorf("add a feed of the fleet index: %w", err)
		}
	}
	if err := metrics.Registry.Register(s); err != nil {
		return fmt.Errorf("register the metrics of the fleet index: %w", err)
	}
	return mgr.Add(s)
}

// NeedLeaderElection is false: every replica serves.
func (s *Server) NeedLeaderElection() bool { return false }

// Address is where the Server listens.
func (s *Server) Address() net.Addr { return s.listener.Addr() }

// Start serves until the Server is drained or the context ends, and returns once
// the requests under way have finished.
func (s *Server) Start(ctx context.Context) error {
	s.log.Info("Serving REST", "address", s.Address().String())
	stop := context.AfterFunc(ctx, func() { _ = s.shutdown() }) // its error is returned below
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

// WaitForSync returns nil once the indexes have been filled, and the error of ctx
// where that is done first.
func (s *Server) WaitForSync(ctx context.Context) error {
	for _, of := range []collection{s.clusters, s.nodePools, s.statuses} {
		if err := of.index.WaitForSync(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A collection is one of the lists of resources.
type collection struct {
	index    *fleet.Index
	kind     string // of the list's JSON
	plural   string // for people
	resource string // of the API server
}

func (s *Server) feed(c client.WithWatch, watches rest.Interface) {
	s.clusters = collection{fleet.New(fleet.Clusters), "ClusterList", "clusters", clustersResource}
	s.nodePools = collection{fleet.New(fleet.NodePools), "NodePoolList", "nodepools", nodePoolsResource}
	s.statuses = collection{fleet.New(fleet.AdapterStatuses), "AdapterStatusList", "statuses", adapterStatusesResource}
	s.reports = &Reports{index: s.statuses.index}
	source := func(of collection, list client.ObjectList) cache.ListerWatcher {
		return feed.Watching(watches, of.resource, s.options.Namespace, feed.ListWatch(c, list, s.options.Namespace))
	}
	fresh := newFreshness(s.options.RequiredAdapters, s.clusters.index, s.nodePools.index, s.statuses.index)
	clusters := feed.New(fresh.resources(v1.ClusterKind), source(s.clusters, &v1.ClusterList{}), s.renderer.cluster)
	nodePools := feed.New(fresh.resources(v1.NodePoolKind), source(s.nodePools, &v1.NodePoolList{}), s.renderer.nodePool)
	statuses := feed.New(reportStore{fresh.statuses(), s.reports}, source(s.statuses, &v1.AdapterStatusList{}), s.renderer.adapterStatus)
	s.feeds = []manager.Runnable{
		clusters, s.prober(c, s.clusters, clusters.Rewatch),
		nodePools, s.prober(c, s.nodePools, nodePools.Rewatch),
		statuses, s.prober(c, s.statuses, statuses.Rewatch),
	}
	s.finders = map[string]*finder{}
	for _, of := range []collection{s.clusters, s.nodePools} {
		s.finders[of.plural] = newFinder(of.index, c, s.options.Namespace, of.kind, s.options.WriteVisibility)
	}
}
