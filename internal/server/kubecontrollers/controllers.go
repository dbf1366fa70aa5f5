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

package kubecontrollers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"

	"github.com/hyperfleet-io/hyperfleet/internal/feed"
)

const (
	resync         = 12 * time.Hour // as in kube-controller-manager
	namespaceSync  = 5 * time.Minute
	discoverySync  = 30 * time.Second
	workers        = 5
	garbageWorkers = 20
)

// manager contains what the controllers share.
type manager struct {
	loopback *rest.Config
	typed    informers.SharedInformerFactory
	objects  informerfactory.InformerFactory
	started  chan struct{} // closed once the informers run
	run      []func(context.Context)
}

// Run runs the controllers until the context ends. The configuration has all rights: each
// controller uses it to impersonate its own account, which has the rights that Kubernetes
// gives it. Watch watches the resources of HyperFleet; nil means the network. The garbage
// collector waits until loaded is closed.
func Run(ctx context.Context, loopback *rest.Config, watch feed.WatchFunc, loaded <-chan struct{}) error {
	m, err := newManager(loopback, watch)
	if err != nil {
		return err
	}
	if err := errors.Join(m.addNamespaces(ctx), m.addServiceAccounts(ctx), m.addRoles(), m.addGarbageCollector(ctx, loaded)); err != nil {
		return err
	}
	m.objects.Start(ctx.Done())
	close(m.started)
	var running sync.WaitGroup
	for _, run := range m.run {
		running.Go(func() { run(ctx) })
	}
	running.Wait()
	return nil
}

func newManager(loopback *rest.Config, watch feed.WatchFunc) (*manager, error) {
	m := &manager{loopback: loopback, started: make(chan struct{})}
	config := m.as("shared-informers")
	config.Impersonate = rest.ImpersonationConfig{} // as in kube-controller-manager, informers read with all rights
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	var objects metadata.Interface
	if objects, err = metadata.NewForConfig(config); err != nil {
		return nil, err
	}
	if watch != nil {
		objects = inProcess{objects, watch}
	}
	m.typed = informers.NewSharedInformerFactoryWithOptions(client, resync, informers.WithTransform(trim))
	m.objects = informerfactory.NewInformerFactory(m.typed,
		metadatainformer.NewSharedInformerFactoryWithOptions(objects, resync, metadatainformer.WithTransform(trim)))
	return m, nil
}

// trim drops the fields that no controller reads and that take most of the memory.
func trim(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

// as returns the configuration of a controller's client. The name is that of the
// controller's service account in kube-system.
func (m *manager) as(name string) *rest.Config {
	config := rest.AddUserAgent(rest.CopyConfig(m.loopback), name)
	config.QPS = -1 // the API server's priority and fairness decides
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:kube-system:" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"},
	}
	return config
}

// addNamespaces adds the controller that empties a deleted namespace.
func (m *manager) addNamespaces(ctx context.Context) error {
	client, objects, err := m.clients("namespace-controller")
	if err != nil {
		return err
	}
	c := namespace.NewNamespaceController(ctx, client, objects, client.Discovery().ServerPreferredNamespacedResources,
		m.typed.Core().V1().Namespaces(), namespaceSync, corev1.FinalizerKubernetes)
	m.run = append(m.run, func(ctx context.Context) { c.Run(ctx, workers) })
	return nil
}

// addServiceAccounts adds the controller that creates the account default in each
// namespace.
func (m *manager) addServiceAccounts(ctx context.Context) error {
	client, _, err := m.clients("service-account-controller")
	if err != nil {
		return err
	}
	c, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), m.typed.Core().V1().ServiceAccounts(), m.typed.Core().V1().Namespaces(),
		client, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return fmt.Errorf("make the service account controller: %w", err)
	}
	m.run = append(m.run, func(ctx context.Context) { c.Run(ctx, 1) })
	return nil
}

// addRoles adds the controller that fills aggregated ClusterRoles.
func (m *manager) addRoles() error {
	client, _, err := m.clients("clusterrole-aggregation-controller")
	if err != nil {
		return err
	}
	c := clusterroleaggregation.NewClusterRoleAggregation(m.typed.Rbac().V1().ClusterRoles(), client.RbacV1())
	m.run = append(m.run, func(ctx context.Context) { c.Run(ctx, workers) })
	return nil
}

// addGarbageCollector adds the controller that deletes objects whose owners no longer
// exist, and that orphans them or waits for them if a delete requests it.
func (m *manager) addGarbageCollector(ctx context.Context, loaded <-chan struct{}) error {
	client, objects, err := m.clients("generic-garbage-collector")
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	ignored := garbagecollector.DefaultIgnoredResources()
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, objects, mapper, ignored, m.objects, m.started)
	c, err := garbagecollector.NewComposedGarbageCollector(ctx, client, objects, mapper, graph)
	if err != nil {
		return fmt.Errorf("make the garbage collector: %w", err)
	}
	found := discovery.NewDiscoveryClientForConfigOrDie(m.as("generic-garbage-collector")) // not the mapper's: Sync says why
	for _, run := range []func(context.Context){
		func(ctx context.Context) { c.Run(ctx, garbageWorkers, discoverySync) },
		func(ctx context.Context) { c.Sync(ctx, found, discoverySync) },
		func(ctx context.Context) {
			wait.UntilWithContext(ctx, func(context.Context) { mapper.Reset() }, discoverySync)
		},
	} {
		m.run = append(m.run, func(ctx context.Context) {
			select {
			case <-loaded:
				run(ctx)
			case <-ctx.Done():
			}
		})
	}
	return nil
}

func (m *manager) clients(name string) (kubernetes.Interface, metadata.Interface, error) {
	config := m.as(name)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("make a client of the %s: %w", name, err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("make a metadata client of the %s: %w", name, err)
	}
	return client, objects, nil
}
