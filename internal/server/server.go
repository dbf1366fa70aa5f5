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

package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/config"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/server/apiserver"
	"github.com/hyperfleet-io/hyperfleet/internal/server/etcd"
	"github.com/hyperfleet-io/hyperfleet/internal/server/install"
	"github.com/hyperfleet-io/hyperfleet/internal/server/kubecontrollers"
	"github.com/hyperfleet-io/hyperfleet/internal/server/pki"
)

// managerUser and managerGroups are the identity of the service account in config/rbac.
const managerUser = "system:serviceaccount:hyperfleet-system:hyperfleet-manager"

var managerGroups = []string{"system:serviceaccounts", "system:serviceaccounts:hyperfleet-system"}

// renewInterval is the interval at which a running server checks whether its certificate
// expires soon.
const renewInterval = 24 * time.Hour

// reportInterval is the time between two messages about a long start.
const reportInterval = 10 * time.Second

// A Connection is how the manager reaches an API server.
type Connection struct {
	Config *rest.Config
	// Watch watches the custom resources of HyperFleet in a namespace without the
	// network. It is nil if the API server is another process.
	Watch feed.WatchFunc
	// Database has metrics of the store. It is nil if the API server is another process.
	Database prometheus.Collector
	// InForce is closed once the admission policies are in force. Until then, writes of
	// HyperFleet's resources with Config wait. It is nil if the API server is another
	// process.
	InForce <-chan struct{}
	// Loaded tells the control plane that the manager has loaded the fleet. Until then,
	// the garbage collector waits, because it would load the fleet at the same time. It
	// is nil if the API server is another process.
	Loaded func()
}

// CheckInForce returns an error until InForce is closed.
func (c Connection) CheckInForce(*http.Request) error {
	select {
	case <-c.InForce:
		return nil
	default:
		return errors.New("the admission policies are not in force yet")
	}
}

// control is a control plane that starts, runs and stops.
type control struct {
	*Options
	log         *zap.Logger
	progress    func(string)
	hosts       []string
	credentials *pki.Credentials
	etcd        *etcd.Server
	api         *apiserver.Server
}

// Run starts the control plane and calls serve, with a connection that has the manager's
// identity. serve must return when its context ends: when Run's context ends, or when a
// part of the control plane fails. The control plane runs until serve has returned. Run
// calls progress with the name of each part that it starts.
func Run(ctx context.Context, o *Options, log *zap.Logger, progress func(string), serve func(context.Context, Connection) error) (err error) {
	held, err := acquire(o.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.release()) }()
	c := &control{Options: o, log: log, progress: progress}
	if err := c.loadCredentials(); err != nil {
		return err
	}
	progress("Starting etcd and the API server")
	if err := c.startEtcd(ctx); err != nil {
		return err
	}
	defer c.etcd.Stop()
	if c.api, err = apiserver.New(ctx, c.apiServer); err != nil {
		return err
	}
	return c.run(ctx, serve)
}

func (c *control) loadCredentials() (err error) {
	if c.hosts, err = c.Options.hosts(); err != nil {
		return err
	}
	url, err := c.URL()
	if err != nil {
		return err
	}
	if c.credentials, err = pki.Load(pkiDir(c.DataDir), c.hosts, time.Now()); err != nil {
		return fmt.Errorf("load the credentials in %s: %w", pkiDir(c.DataDir), err)
	}
	return c.credentials.WriteKubeconfig(c.KubeconfigFile(), url, c.Namespace)
}

func (c *control) startEtcd(ctx context.Context) error {
	quota, err := c.quota()
	if err != nil {
		return err
	}
	defer c.report("etcd replays the writes since its last snapshot")()
	if c.etcd, err = etcd.Start(ctx, c.DataDir, quota, c.log); err != nil {
		return err
	}
	err = c.withEtcd(func(client *clientv3.Client) error {
		if _, err := checkServed(ctx, client, c.Namespace); err != nil {
			return err
		}
		return claim(ctx, client, current(c.Version))
	})
	if err != nil {
		c.etcd.Stop()
		return err
	}
	a := c.apiServer
	a.Etcd = c.etcd.Endpoint()
	a.CertFile, a.KeyFile = c.CertFiles()
	a.MinTLSVersion = c.MinTLSVersion
	a.ClientCAFile, a.TokensFile = c.CAFile(), c.credentials.TokensFile()
	a.ServiceAccountKeyFile = c.credentials.ServiceAccountKeyFile()
	a.Storage = map[schema.GroupResource]apiserver.Storage{
		v1.GroupVersion.WithResource("clusters").GroupResource():        {Encoded: true, Defaulted: "status", Created: initialStatus(c.Namespace, c.InitialStatus)},
		v1.GroupVersion.WithResource("nodepools").GroupResource():       {Encoded: true, Defaulted: "status"},
		v1.GroupVersion.WithResource("adapterstatuses").GroupResource(): {Encoded: true},
	}
	a.Host, a.Port, err = c.listener()
	return err
}

// withEtcd calls do with a client of etcd.
func (c *control) withEtcd(do func(*clientv3.Client) error) error {
	client, err := c.etcd.Client()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return do(client)
}

// run runs the API server, the controllers and serve. When the context ends, serve
// returns first, while the others still accept its last writes.
func (c *control) run(ctx context.Context, serve func(context.Context, Connection) error) error {
	// The parts of the control plane outlive ctx: they stop in order.
	parts, failed := newParts(context.WithoutCancel(ctx))
	defer parts.stop()
	parts.start("the watch of the disk's free space", c.etcd.WatchSpace)
	parts.start("the API server", c.api.Run)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-failed:
			cancel(err)
		case err := <-c.etcd.Failed():
			cancel(fmt.Errorf("etcd has stopped: %w", err))
		case <-ctx.Done():
		}
	}()
	err := c.serve(ctx, parts, serve)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// report calls progress every ten seconds with what the start waits for, until the
// returned function is called.
func (c *control) report(what string) (stop func()) {
	began, ticker, done := time.Now(), time.NewTicker(reportInterval), make(chan struct{})
	go func() {
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				c.progress(fmt.Sprintf("Still starting after %s: %s", time.Since(began).Round(time.Second), what))
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

func (c *control) serve(ctx context.Context, parts *parts, serve func(context.Context, Connection) error) error {
	stop := c.report("the API server is not ready")
	err := c.api.WaitReady(ctx)
	stop()
	if err != nil {
		c.finishStart(ctx)
		return err
	}
	parts.start("the renewal of certificates", c.renew)
	loopback := c.api.Loopback()
	if err := c.beginToServe(ctx, loopback); err != nil {
		return err
	}
	changes, err := c.install(ctx, loopback)
	if err != nil {
		return err
	}
	// The manager loads the fleet while the policies come into force.
	gate := newGate(ctx)
	parts.start("the admission policies", func(ctx context.Context) error { return c.openInForce(ctx, loopback, changes, gate) })
	watch, err := c.watcher(loopback, &user.DefaultInfo{Name: user.APIServerUser, Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}})
	if err != nil {
		return err
	}
	loaded := make(chan struct{})
	parts.start("the controllers of Kubernetes", func(ctx context.Context) error { return kubecontrollers.Run(ctx, loopback, watch, loaded) })
	manager, err := c.manager(gate)
	if err != nil {
		return err
	}
	manager.Loaded = sync.OnceFunc(func() { close(loaded) })
	return serve(ctx, manager)
}

// openInForce opens the gate once the admission policies are in force, including the changes
// that install returned a marker of, and runs until the context ends.
func (c *control) openInForce(ctx context.Context, loopback *rest.Config, changes *install.Marker, gate gate) error {
	stop := c.report("the API server does not enforce the custom resources and admission policies yet")
	err := install.WaitInForce(ctx, loopback, c.Namespace, changes)
	stop()
	if err != nil {
		return fmt.Errorf("wait until they are in force: %w", err)
	}
	if err := c.withEtcd(func(client *clientv3.Client) error { return recordServed(ctx, client, c.Namespace) }); err != nil {
		return err
	}
	close(gate.open)
	<-ctx.Done()
	return nil
}

// beginToServe requests the custom resources that an earlier start has installed, so that
// the API server fills their watch caches while the server waits for other things.
func (c *control) beginToServe(ctx context.Context, loopback *rest.Config) error {
	objects, err := metadata.NewForConfig(loopback)
	if err != nil {
		return err
	}
	for _, resource := range []string{"clusters", "nodepools", "adapterstatuses"} {
		_, err := objects.Resource(v1.GroupVersion.WithResource(resource)).Namespace(c.Namespace).List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			c.log.Debug("A custom resource is not served yet", zap.String("resource", resource), zap.Error(err))
		}
	}
	return nil
}

// startLimit bounds the rest of an interrupted start.
const startLimit = 2 * time.Minute

// finishStart waits until the API server has started if the server is told to end during
// its start. If the API server were stopped earlier, Kubernetes' code would end the whole
// process at once.
func (c *control) finishStart(interrupted context.Context) {
	if !errors.Is(context.Cause(interrupted), context.Canceled) {
		return // a part has failed
	}
	c.progress("Stopping once the API server has started")
	defer c.report("the server stops once the API server has started")()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(interrupted), startLimit)
	defer cancel()
	if err := c.api.WaitReady(ctx); err != nil {
		c.log.Error("The API server is stopped before it has started", zap.Error(err))
	}
}

// install installs the custom resources, roles and policies, and returns when the API
// server serves the resources. If it changed anything, it returns a marker of the changes,
// otherwise nil. So a start that changes nothing needs no write, which a full disk would
// refuse.
func (c *control) install(ctx context.Context, loopback *rest.Config) (changes *install.Marker, err error) {
	if !c.SkipInstall {
		c.progress("Installing the custom resources, roles and admission policies")
		objects, err := install.Manifests(config.Manifests, c.Namespace, c.AdapterIdentity)
		if err != nil {
			return nil, err
		}
		changed, err := install.Apply(ctx, loopback, objects)
		if err != nil {
			return nil, err
		}
		if changed {
			if changes, err = install.Mark(ctx, loopback, c.Namespace); err != nil {
				return nil, err
			}
		}
	}
	defer c.report("the API server does not serve the custom resources yet")()
	if err := install.WaitServed(ctx, loopback); err != nil {
		return nil, fmt.Errorf("wait for the custom resources: %w", err)
	}
	return changes, nil
}

// manager returns the manager's connection. Its certificate exists in memory only. It
// does not impersonate the service account, because the facade impersonates callers, with
// the service account's right to do so. Its writes and its watches of custom resources do
// not leave the process.
func (c *control) manager(gate gate) (Connection, error) {
	url, err := c.URL()
	if err != nil {
		return Connection{}, err
	}
	cert, key, err := c.credentials.ClientCert(managerUser, managerGroups, time.Now())
	if err != nil {
		return Connection{}, err
	}
	caller := &user.DefaultInfo{Name: managerUser, Groups: append([]string{user.AllAuthenticated}, managerGroups...)}
	config := &rest.Config{Host: url, TLSClientConfig: rest.TLSClientConfig{CertData: cert, KeyData: key, CAData: c.credentials.CA()}}
	config.Wrap(c.api.InProcess(caller))
	config.Wrap(gate.wrap)
	watch, err := c.watcher(config, caller)
	return Connection{Config: config, Watch: watch, Database: c.etcd, InForce: gate.open}, err
}

// watcher returns a WatchFunc for the resources of HyperFleet, which acts as a caller in
// this process. The configuration must be that of the same caller.
func (c *control) watcher(config *rest.Config, caller user.Info) (feed.WatchFunc, error) {
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, resource, namespace string, options metav1.ListOptions, object func() runtime.Object) (watch.Interface, error) {
		watched := v1.GroupVersion.WithResource(resource)
		// The API server begins to serve a custom resource when a network request needs
		// it.
		if _, err := objects.Resource(watched).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
			return nil, err
		}
		return c.api.Watch(ctx, caller, watched, namespace, options, object)
	}, nil
}

// renew renews the server's certificate while the server runs. The listeners reload the
// file.
func (c *control) renew(ctx context.Context) error {
	ticker := time.NewTicker(renewInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if err := c.credentials.Renew(c.hosts, now); err != nil {
				c.log.Error("Failed to renew the certificate", zap.Error(err))
			}
		}
	}
}
