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
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/openapi"
	"k8s.io/klog/v2"
)

const (
	// listingInterval is the time between two listings of the published schemas by the
	// plugin of mutating admission policies: see the Run method of
	// k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch.TypeConverterManager.
	listingInterval = 5 * time.Second

	// publishedInterval is the time between two checks whether a schema is published.
	publishedInterval = 100 * time.Millisecond

	// publishedLimit is how long after the first listing the listings wait. A schema may
	// never be published, for example if a provider's CRD breaks it.
	publishedLimit = time.Minute
)

// promptPolicies makes the mutating admission policies apply to resources as soon as their
// schemas are published. Until the plugin has listed the schema of a resource, it refuses
// every write of the resource to which a policy applies. It lists the schemas when it
// starts, which is shortly before the API server publishes them, and then only every five
// seconds. So promptPolicies lets the first listings wait until the schemas are published.
type promptPolicies struct {
	context   context.Context // ends the waits, not the listings
	client    kubernetes.Interface
	resources []schema.GroupResource
	found     bool // the plugin
}

var _ admission.PluginInitializer = &promptPolicies{}

// Initialize implements admission.PluginInitializer.
func (p *promptPolicies) Initialize(plugin admission.Interface) {
	if policies, ok := plugin.(*mutating.Plugin); ok {
		policies.SetExternalKubeClientSet(schemaClient{p.client, p})
		p.found = true
	}
}

// schemaClient is the plugin's client.
type schemaClient struct {
	kubernetes.Interface
	prompt *promptPolicies
}

// Discovery implements kubernetes.Interface.
func (c schemaClient) Discovery() discovery.DiscoveryInterfaces {
	return schemaDiscovery{c.Interface.Discovery(), c.prompt}
}

type schemaDiscovery struct {
	discovery.DiscoveryInterfaces
	prompt *promptPolicies
}

// OpenAPIV3 implements discovery.OpenAPIV3SchemaInterface.
func (d schemaDiscovery) OpenAPIV3() openapi.Client {
	return &schemaListing{Client: d.DiscoveryInterfaces.OpenAPIV3(), context: d.prompt.context, awaited: slices.Clone(d.prompt.resources)}
}

// schemaListing lists the published schemas. It is not safe for concurrent use.
type schemaListing struct {
	openapi.Client
	context context.Context
	awaited []schema.GroupResource // whose schemas were not published in any listing
	until   time.Time              // the end of the waits, zero before the first listing
}

// Paths implements openapi.Client. It returns at the latest when the plugin wants the
// next listing.
func (l *schemaListing) Paths() (paths map[string]openapi.GroupVersion, err error) {
	if l.until.IsZero() {
		l.until = time.Now().Add(publishedLimit)
	} else if time.Now().After(l.until) {
		l.awaited = nil
	}
	_ = wait.PollUntilContextTimeout(l.context, publishedInterval, listingInterval, true, func(context.Context) (bool, error) {
		if paths, err = l.Client.Paths(); err == nil {
			l.awaited = slices.DeleteFunc(l.awaited, func(r schema.GroupResource) bool { return isPublished(paths, r) })
		}
		return len(l.awaited) == 0, nil
	})
	return paths, err
}

// isPublished reports whether the schemas at some paths include a namespaced resource. The
// resources of one group are published one by one.
func isPublished(paths map[string]openapi.GroupVersion, resource schema.GroupResource) bool {
	for path, version := range paths {
		if !strings.HasPrefix(path, "apis/"+resource.Group+"/") {
			continue
		}
		text, err := version.Schema(runtime.ContentTypeJSON)
		if err != nil {
			klog.ErrorS(err, "Cannot read a schema", "path", path)
			continue
		}
		if bytes.Contains(text, []byte(`"/`+path+`/namespaces/{namespace}/`+resource.Resource+`"`)) {
			return true
		}
	}
	return false
}
