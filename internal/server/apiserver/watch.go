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
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/storage"
)

// Watch watches the objects of a custom resource in a namespace, "" for all, as a caller
// in this process. The objects of its events are of the type that object returns. They
// are not encoded for the network, and belong to the caller. A selector or a time-out in
// the options has no effect.
//
// The API server begins to serve a custom resource with the first request for it. Such a
// request must precede the first Watch, and the next Watch after each change of the
// CustomResourceDefinition.
func (s *Server) Watch(ctx context.Context, caller user.Info, resource schema.GroupVersionResource, namespace string, options metav1.ListOptions, object func() runtime.Object) (watch.Interface, error) {
	decision, reason, err := s.callee.authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User: caller, Verb: "watch", Namespace: namespace, ResourceRequest: true,
		APIGroup: resource.Group, APIVersion: resource.Version, Resource: resource.Resource,
	})
	if decision != authorizer.DecisionAllow {
		return nil, apierrors.NewForbidden(resource.GroupResource(), "", errors.Join(errors.New(reason), err))
	}
	in, ok := s.stores.get(resource.GroupResource())
	if !ok {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("the API server does not serve %s yet", resource.GroupResource()))
	}
	w, err := in.watch(ctx, namespace, storage.ListOptions{
		ResourceVersion:      options.ResourceVersion,
		ResourceVersionMatch: options.ResourceVersionMatch,
		SendInitialEvents:    options.SendInitialEvents,
		Recursive:            true,
		Predicate: storage.SelectionPredicate{
			Label: labels.Everything(), Field: fields.Everything(), GetAttrs: storage.DefaultNamespaceScopedAttr,
			AllowWatchBookmarks: options.AllowWatchBookmarks,
		},
	}, object)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", resource.GroupResource(), err)
	}
	return w, nil
}

// stores are the storages of the custom resources that the API server serves.
type stores struct {
	mu sync.Mutex
	of map[schema.GroupResource]store
}

// A store is the storage of a resource, whose keys begin with a prefix.
type store struct {
	storage.Interface
	prefix string
}

// watch converts each object as little as the storage allows.
func (s store) watch(ctx context.Context, namespace string, options storage.ListOptions, object func() runtime.Object) (watch.Interface, error) {
	key := s.prefix
	if namespace != "" {
		key += "/" + namespace
	}
	if c, ok := s.Interface.(*encodedCache); ok {
		w, err := c.watchEncoded(ctx, key, options)
		if err != nil {
			return nil, err
		}
		return convertedWatch(ctx, w, each(func(o *encodedObject) (runtime.Object, error) { return o.decode(object()) })), nil
	}
	w, err := s.Watch(ctx, key, options)
	if err != nil {
		return nil, err
	}
	return convertedWatch(ctx, w, each(func(o *unstructured.Unstructured) (runtime.Object, error) {
		into := object()
		return into, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into)
	})), nil
}

// set replaces the storage of a resource. A change of its CustomResourceDefinition ends
// the previous storage.
func (s *stores) set(resource schema.GroupResource, in store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[schema.GroupResource]store{}
	}
	s.of[resource] = in
}

func (s *stores) get(resource schema.GroupResource) (store, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.of[resource]
	return in, ok
}
