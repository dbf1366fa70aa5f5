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

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/controllers"
	"github.com/hyperfleet-io/hyperfleet/internal/adapters"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/leader"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
	contract "github.com/hyperfleet-io/hyperfleet/internal/rest"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
	"github.com/hyperfleet-io/hyperfleet/internal/version"
)

// kubeconfigFlag is controller-runtime's flag, which every program that imports it has.
const kubeconfigFlag = "kubeconfig"

func newManagerCommand() *cobra.Command {
	o := newOptions()
	command := &cobra.Command{
		Use:   "manager",
		Short: "Run the reconcilers and the REST facade with the API server of a cluster",
		Long:  "Run the reconcilers (on the leader) and the REST facade (on every replica) with the API server of a Kubernetes cluster.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			logger := zap.New(zap.UseFlagOptions(&o.log))
			ctrl.SetLogger(logger)
			klog.SetLogger(logger)
			if err := o.check(); err != nil {
				return err
			}
			required, err := adapters.NewSource(o.adaptersFile)
			if err != nil {
				return err
			}
			config, err := ctrl.GetConfig()
			if err != nil {
				return fmt.Errorf("find the API server: %w", err)
			}
			return runManager(ctrl.SetupSignalHandler(), server.Connection{Config: config}, required, o, observer{
				loading: func(progress string) { logger.Info("Loading the fleet", "progress", progress) },
				ready:   func() {},
			})
		},
	}
	flags := flag.NewFlagSet(command.Name(), flag.ContinueOnError)
	o.bind(flags)
	o.bindLeaderElection(flags)
	command.Flags().AddGoFlagSet(flags)
	command.Flags().AddGoFlag(flag.CommandLine.Lookup(kubeconfigFlag))
	return command
}

// runManager builds the reconcilers and the facade and serves until the context ends. It
// reports the progress of the start to the observer.
func runManager(ctx context.Context, to server.Connection, required *adapters.Source, o *options, observed observer) error {
	config := to.Config
	config.QPS = -1 // the API server's priority and fairness decides
	// The API server would compress each event of a watch separately. Within a cluster,
	// this costs both sides more than sending the event uncompressed.
	config.DisableCompression = true
	stopTracing, err := startTracing(ctx, config, &o.facade)
	if err != nil {
		return err
	}
	defer stopTracing()
	certificate, err := o.serving.Certificate()
	if err != nil {
		return err
	}
	// watch is for the reconcilers. If it uses the network, the replica gets a WatchFunc
	// of its own, with a configuration that waits for the API server.
	watch := to.Watch
	if watch == nil {
		if watch, err = feed.NewWatchFunc(config, newScheme(), v1.GroupVersion); err != nil {
			return err
		}
	}
	mgr, lease, err := newManager(config, watch, certificate, o)
	if err != nil {
		return fmt.Errorf("set up the manager: %w", err)
	}
	if err := mgr.Add(required); err != nil {
		return fmt.Errorf("watch the required adapters: %w", err)
	}
	if config, err = o.delegation.WhenReady(mgr.GetConfig()); err != nil {
		return err
	}
	rep, err := setupReplica(mgr, config, to.Watch, required, o)
	if err != nil {
		return fmt.Errorf("set up the replica: %w", err)
	}
	api, err := setupFacade(mgr, config, certificate, rep, o)
	if err != nil {
		return fmt.Errorf("set up the REST facade: %w", err)
	}
	if err := addReconcilers(mgr, lease, rep, required, o); err != nil {
		return fmt.Errorf("set up the reconcilers: %w", err)
	}
	if err := addLeftBehindReport(mgr, o); err != nil {
		return err
	}
	if err := setupMetrics(mgr, rep, to.Database); err != nil {
		return fmt.Errorf("set up the metrics: %w", err)
	}
	if err := setupProbes(mgr, api, to); err != nil {
		return fmt.Errorf("set up the probes: %w", err)
	}
	ready := api.Ready
	if to.InForce != nil {
		ready = func(r *http.Request) error { return errors.Join(api.Ready(r), to.CheckInForce(r)) }
	}
	if err := mgr.Add(announcement{observer: observed, check: ready, progress: rep.Loading}); err != nil {
		return err
	}
	return serve(ctx, mgr, api)
}

// serve runs the manager until the context ends. Then requests in flight finish, before
// the manager stops the components that requests wait for and gives up its lease.
func serve(ctx context.Context, mgr manager.Manager, server *facade.Server) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	stopDraining := context.AfterFunc(ctx, func() {
		defer stop()
		if err := server.Drain(running); err != nil {
			mgr.GetLogger().Error(err, "Failed to finish the requests under way")
		}
	})
	defer stopDraining()
	return mgr.Start(running)
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(v1.AddToScheme(scheme))
	return scheme
}

// leaseName is the name of the leader's lease.
const leaseName = "manager.hyperfleet.io"

// newManager returns the manager and the lease that its leader holds.
func newManager(config *rest.Config, watch feed.WatchFunc, certificate *certwatcher.CertWatcher, o *options) (mgr manager.Manager, lease *leader.Lease, err error) {
	lease, err = leader.NewLease(config, o.leaseNamespace, leaseName, o.lease.renewDeadline, func() events.EventRecorder {
		return mgr.GetEventRecorder(leaseName)
	})
	if err != nil {
		return nil, nil, err
	}
	caches := controllers.CacheOptions(o.namespace)
	caches.NewInformer = informers(watch, o.namespace)
	mgr, err = ctrl.NewManager(config, ctrl.Options{
		Scheme: newScheme(),
		Cache:  caches,
		// If the API server is unavailable, the caches do not fill. The manager then
		// waits, as its index does, and is not ready.
		Controller:                          ctrlconfig.Controller{CacheSyncTimeout: math.MaxInt64},
		Metrics:                             o.serving.Metrics(o.metricsAddress, certificate, o.delegation),
		HealthProbeBindAddress:              o.probeAddress,
		LeaderElection:                      o.leaderElect,
		LeaderElectionID:                    leaseName,
		LeaderElectionResourceLockInterface: lease,
		LeaderElectionReleaseOnCancel:       true,
		LeaseDuration:                       &o.lease.duration,
		RenewDeadline:                       &o.lease.renewDeadline,
		RetryPeriod:                         &o.lease.retryPeriod,
	})
	return mgr, lease, err
}

// informers returns the constructor of the informers of the manager's cache. Informers of
// Clusters and NodePools use the given WatchFunc.
func informers(watch feed.WatchFunc, namespace string) func(cache.ListerWatcher, runtime.Object, time.Duration, cache.Indexers) cache.SharedIndexInformer {
	return func(source cache.ListerWatcher, example runtime.Object, resync time.Duration, indexers cache.Indexers) cache.SharedIndexInformer {
		switch example.(type) {
		case *v1.Cluster:
			source = feed.Watching[*v1.Cluster](watch, "clusters", namespace, source)
		case *v1.NodePool:
			source = feed.Watching[*v1.NodePool](watch, "nodepools", namespace, source)
		}
		return feed.NewInformer(source, example, resync, indexers)
	}
}

func setupReplica(mgr manager.Manager, config *rest.Config, watch feed.WatchFunc, required *adapters.Source, o *options) (*replica.Replica, error) {
	identities, err := contract.NewIdentities(o.identityDomain)
	if err != nil {
		return nil, fmt.Errorf("--identity-domain: %w", err)
	}
	rep, err := replica.New(facade.ClientConfig(config), mgr.GetScheme(), replica.Options{
		Namespace:          o.namespace,
		RequiredAdapters:   required.Required,
		FinalizingAdapters: required.Finalizing,
		ConditionNames:     o.conditionNames,
		Identities:         identities,
		MaxStaleness:       o.maxStaleness,
		ArrivalTimeout:     o.facade.WriteVisibility,
		StuckAfter:         o.stuckAfter,
		Watch:              watch,
	})
	if err != nil {
		return nil, err
	}
	return rep, rep.SetupWithManager(mgr)
}

func setupFacade(mgr manager.Manager, config *rest.Config, certificate *certwatcher.CertWatcher, rep *replica.Replica, o *options) (*facade.Server, error) {
	settings := o.facade
	settings.Version = version.Get().Version
	settings.TLS = o.serving.TLS(certificate)
	settings.LoopbackHostsOnly = o.serving.UnauthenticatedLoopback(o.facade.BindAddress)
	var err error
	if settings.Authenticator, settings.Authorizer, err = o.delegation.Setup(mgr, certificate != nil); err != nil {
		return nil, err
	}
	if o.serving.Unauthenticated {
		mgr.GetLogger().Info("Authentication is disabled: every REST request acts as the user", "user", o.user, "address", o.facade.BindAddress)
		settings.Authenticator = facade.FixedUser(o.user)
	}
	if certificate != nil {
		if err := mgr.Add(certificate); err != nil {
			return nil, err
		}
	}
	server, err := facade.New(config, mgr.GetScheme(), rep, settings, mgr.GetLogger().WithName("facade"))
	if err != nil {
		return nil, err
	}
	return server, mgr.Add(server)
}

func setupProbes(mgr manager.Manager, api *facade.Server, to server.Connection) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	if to.InForce != nil {
		if err := mgr.AddReadyzCheck("admission-policies", to.CheckInForce); err != nil {
			return err
		}
	}
	return mgr.AddReadyzCheck("fleet-index", api.Ready)
}
