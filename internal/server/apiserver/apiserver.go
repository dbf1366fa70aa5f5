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

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsserver "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/endpoints/filters"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/notfoundhandler"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver"
	aggregatorscheme "k8s.io/kube-aggregator/pkg/apiserver/scheme"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	kubernetescontrolplane "k8s.io/kubernetes/pkg/controlplane"
	"k8s.io/kubernetes/pkg/controlplane/apiserver"
	"k8s.io/kubernetes/pkg/controlplane/apiserver/options"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

// Name is the name of the API server in its metrics and its identity lease.
const Name = "hyperfleet-server"

// Server is an API server that is built and does not serve yet.
type Server struct {
	chain  *aggregator.APIAggregator
	callee *callee
	stores *stores
}

// New builds the API server and opens its listener. etcd must already answer.
func New(ctx context.Context, o *Options) (*Server, error) {
	completed, err := o.complete(ctx)
	if err != nil {
		return nil, err
	}
	return newServer(ctx, completed, o)
}

// Loopback returns the configuration of a client in this process that has all rights.
func (s *Server) Loopback() *rest.Config {
	config := rest.CopyConfig(s.chain.GenericAPIServer.LoopbackClientConfig)
	config.ContentConfig = rest.ContentConfig{} // it selects protobuf, which custom resources do not support
	return config
}

// Run serves until the context ends, and then finishes the requests under way.
func (s *Server) Run(ctx context.Context) error {
	prepared, err := s.chain.PrepareRun()
	if err != nil {
		return fmt.Errorf("prepare the API server: %w", err)
	}
	return prepared.Run(ctx)
}

// readyInterval is the time between two checks of the API server's readiness.
const readyInterval = 50 * time.Millisecond

// WaitReady returns once the API server is ready.
func (s *Server) WaitReady(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(s.Loopback())
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextCancel(ctx, readyInterval, true, func(ctx context.Context) (bool, error) {
		last = client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait until the API server is ready: %w", errors.Join(context.Cause(ctx), last))
	}
	return nil
}

// newServer connects the three servers that share one handler: the aggregator for
// discovery and OpenAPI, the native resources, and the custom resources. It follows
// k8s.io/kubernetes/pkg/controlplane/apiserver/samples/generic/server.
func newServer(ctx context.Context, o options.CompletedOptions, own *Options) (*Server, error) {
	generic, informers, storage, err := apiserver.BuildGenericConfig(
		o,
		[]*runtime.Scheme{legacyscheme.Scheme, apiextensionsserver.Scheme, aggregatorscheme.Scheme},
		kubernetescontrolplane.DefaultGenericAPIResourceConfigSource(),
		openapi.GetOpenAPIDefinitions,
		nil,
	)
	if err != nil {
		return nil, fmt.Errorf("configure the API server: %w", err)
	}
	resolver := webhook.NewDefaultServiceResolver()
	client, err := kubernetes.NewForConfig(generic.LoopbackClientConfig)
	if err != nil {
		return nil, err
	}
	policies := &promptPolicies{context: ctx, client: client, resources: slices.Collect(maps.Keys(own.Storage))}
	native, initializers, err := apiserver.CreateConfig(o, generic, informers, nil, storage, resolver, []admission.PluginInitializer{policies})
	if err != nil {
		return nil, fmt.Errorf("configure the native resources: %w", err)
	}
	if !policies.found {
		return nil, errors.New("configure the native resources: there is no plugin of mutating admission policies")
	}
	credentials := webhook.NewDefaultAuthenticationInfoResolverWrapper(
		native.ProxyTransport, native.Generic.EgressSelector, native.Generic.LoopbackClientConfig, native.Generic.TracerProvider)
	custom, err := apiserver.CreateAPIExtensionsConfig(*native.Generic, native.VersionedInformers, initializers, o, 1, resolver, credentials)
	if err != nil {
		return nil, fmt.Errorf("configure the custom resources: %w", err)
	}
	served := &stores{}
	custom.ExtraConfig.CRDRESTOptionsGetter = &customStorage{custom.ExtraConfig.CRDRESTOptionsGetter, own.Storage, served}
	aggregated, err := apiserver.CreateAggregatorConfig(
		*native.Generic, o, native.VersionedInformers, resolver, native.ProxyTransport, native.PeerProxy, initializers)
	if err != nil {
		return nil, fmt.Errorf("configure the aggregator: %w", err)
	}
	aggregated.ExtraConfig.DisableRemoteAvailableConditionController = true // there are no Services
	chain, err := connect(client, native.Complete(), custom.Complete(), aggregated.Complete())
	if err != nil {
		return nil, err
	}
	return &Server{
		chain:  chain,
		callee: newCallee(chain.GenericAPIServer.UnprotectedHandler(), aggregated.GenericConfig),
		stores: served,
	}, nil
}

func connect(client kubernetes.Interface, native apiserver.CompletedConfig, custom apiextensionsserver.CompletedConfig, aggregated aggregator.CompletedConfig) (*aggregator.APIAggregator, error) {
	notFound := notfoundhandler.New(native.Generic.Serializer, filters.NoMuxAndDiscoveryIncompleteKey)
	customServer, err := custom.New(genericapiserver.NewEmptyDelegateWithCustomHandler(notFound))
	if err != nil {
		return nil, fmt.Errorf("build the server of custom resources: %w", err)
	}
	nativeServer, err := native.New(Name, customServer.GenericAPIServer)
	if err != nil {
		return nil, fmt.Errorf("build the server of native resources: %w", err)
	}
	providers, err := native.GenericStorageProviders(client.Discovery())
	if err != nil {
		return nil, fmt.Errorf("build the storage of native resources: %w", err)
	}
	if err := nativeServer.InstallAPIs(providers...); err != nil {
		return nil, fmt.Errorf("install the native resources: %w", err)
	}
	served := custom.GenericConfig.MergedResourceConfig.ResourceEnabled(apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions"))
	chain, err := apiserver.CreateAggregatorServer(aggregated, nativeServer.GenericAPIServer,
		customServer.Informers.Apiextensions().V1().CustomResourceDefinitions(), served, apiserver.DefaultGenericAPIServicePriorities())
	if err != nil {
		return nil, fmt.Errorf("build the aggregator: %w", err)
	}
	return chain, nil
}
