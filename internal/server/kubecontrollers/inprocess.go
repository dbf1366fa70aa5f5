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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
)

// inProcess is a client that watches the resources of HyperFleet without the network.
// These are most of the objects.
type inProcess struct {
	metadata.Interface
	watch feed.WatchFunc
}

// Resource implements metadata.Interface.
func (c inProcess) Resource(resource schema.GroupVersionResource) metadata.Getter {
	getter := c.Interface.Resource(resource)
	if resource.GroupVersion() != v1.GroupVersion {
		return getter
	}
	return watchedResource{Getter: getter, resource: resource.Resource, watch: c.watch}
}

type watchedResource struct {
	metadata.Getter
	resource string
	watch    feed.WatchFunc
}

// Namespace implements metadata.Getter.
func (r watchedResource) Namespace(name string) metadata.ResourceInterface {
	return watchedNamespace{ResourceInterface: r.Getter.Namespace(name), of: r, name: name}
}

type watchedNamespace struct {
	metadata.ResourceInterface
	of   watchedResource
	name string // "" for all
}

// Watch implements metadata.ResourceInterface.
func (n watchedNamespace) Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	return n.of.watch(ctx, n.of.resource, n.name, options, func() runtime.Object { return &metav1.PartialObjectMetadata{} })
}
