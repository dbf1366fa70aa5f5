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

package adapter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Config configures Run. The zero value is valid.
type Config struct {
	Options

	// Kubernetes is the configuration of the API server's client. The default is
	// kubectl's, or the Pod's.
	Kubernetes *restclient.Config

	// Namespace is the namespace of the parents. The default is all namespaces, which
	// needs the role in all of them.
	Namespace string

	// LeaderElect makes only one of several processes of the adapter call and report, by
	// a Lease. Instances with the same Selector elect one leader. Over REST there is no
	// Lease: run one process.
	LeaderElect bool

	// LeaderElectionNamespace is the namespace of the Lease. The default is the Pod's.
	LeaderElectionNamespace string

	// Server, if it is not empty, is the URL of a REST API, to which Run sets
	// Options.REST. TokenFile contains the bearer token, and CAFile the certificates of
	// the authorities that sign the server's certificate.
	Server, TokenFile, CAFile string

	// MetricsAddress is the address of /metrics, and HealthAddress of /healthz and
	// /readyz. By default, they are not served.
	MetricsAddress, HealthAddress string
}

// Main runs an adapter as a program: it reads the flags that Config.BindFlags binds, runs
// until SIGTERM or SIGINT, and exits with 1 after an error.
func Main(a Adapter) {
	var c Config
	flags := flag.CommandLine
	c.BindFlags(flags)
	klog.InitFlags(flags)
	flag.Parse()
	ctrl.SetLogger(klog.NewKlogr())
	if err := Run(ctrl.SetupSignalHandler(), a, c); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// Run runs an adapter until the context ends.
func Run(ctx context.Context, a Adapter, c Config) error {
	if err := a.validate(); err != nil {
		return err
	}
	if c.Server != "" {
		client, err := restclient.HTTPClientFor(&restclient.Config{
			Host: c.Server, BearerTokenFile: c.TokenFile, TLSClientConfig: restclient.TLSClientConfig{CAFile: c.CAFile},
		})
		if err != nil {
			return fmt.Errorf("access the REST API: %w", err)
		}
		c.REST = &REST{Server: c.Server, Client: client}
	}
	m, err := c.manager(a)
	if err != nil {
		return fmt.Errorf("set up adapter %s: %w", a.Name, err)
	}
	if err := a.SetupWithManager(m, c.Options); err != nil {
		return err
	}
	return m.Start(ctx)
}

func (c Config) manager(a Adapter) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := hyperfleetv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	options := ctrl.Options{
		Scheme:                        scheme,
		Cache:                         c.cache(a),
		Metrics:                       server.Options{BindAddress: orNone(c.MetricsAddress)},
		HealthProbeBindAddress:        orNone(c.HealthAddress),
		LeaderElection:                c.LeaderElect,
		LeaderElectionID:              c.leaseName(a),
		LeaderElectionNamespace:       c.LeaderElectionNamespace,
		LeaderElectionReleaseOnCancel: true, // nothing runs after Start
		// A process may run an adapter more than once, each time with its own manager.
		Controller: config.Controller{SkipNameValidation: new(true)},
	}
	access, err := c.access()
	if err != nil {
		return nil, err
	}
	m, err := ctrl.NewManager(access, options)
	if err != nil {
		return nil, err
	}
	return m, errors.Join(m.AddHealthzCheck("ping", healthz.Ping), m.AddReadyzCheck("ping", healthz.Ping))
}

// access returns the access to the API server.
func (c Config) access() (*restclient.Config, error) {
	switch {
	case c.REST != nil && c.LeaderElect:
		return nil, errors.New("leader election needs the Kubernetes API, and the adapter works over REST")
	case c.REST != nil:
		return &restclient.Config{Host: c.REST.Server}, nil // a manager requires one, but nothing uses it
	case c.Kubernetes != nil:
		return c.Kubernetes, nil
	}
	return ctrl.GetConfig()
}

// cache returns options for a cache of the objects that this instance needs, without
// managed fields.
func (c Config) cache(a Adapter) cache.Options {
	if c.REST != nil {
		return cache.Options{} // no object is cached
	}
	o := cache.Options{ByObject: map[client.Object]cache.ByObject{}, DefaultTransform: cache.TransformStripManagedFields()}
	for _, kind := range a.Kinds {
		o.ByObject[newParent(kind)] = cache.ByObject{Label: c.Selector}
	}
	if c.Namespace != "" {
		o.DefaultNamespaces = map[string]cache.Config{c.Namespace: {}}
	}
	return o
}

// leaseName returns a name for each selector, because instances with different selectors
// do not compete.
func (c Config) leaseName(a Adapter) string {
	name := "hyperfleet-adapter-" + a.Name
	if c.Selector != nil && !c.Selector.Empty() {
		sum := sha256.Sum256([]byte(c.Selector.String()))
		name += "-" + hex.EncodeToString(sum[:5])
	}
	return name
}

func orNone(address string) string {
	if address == "" {
		return "0"
	}
	return address
}
