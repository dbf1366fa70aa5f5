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
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// OnCreate changes a valid custom resource just before it is stored. Nothing validates
// it again.
type OnCreate func(*unstructured.Unstructured) error

// Storage configures how a custom resource is stored.
type Storage struct {
	// Created, if any, is called before an object is stored for the first time.
	Created OnCreate
	// Encoded is true if the API server's watch cache contains the JSON of each object,
	// which takes a fraction of the memory of a decoded copy, and of the time to decode it.
	Encoded bool
	// Defaulted is the only top-level field for which the schema of an Encoded resource has
	// a default, "" for none.
	Defaulted string
}

// customStorage decorates the storage of custom resources.
type customStorage struct {
	generic.RESTOptionsGetter
	settings map[schema.GroupResource]Storage
	stores   *stores // receives each storage
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (g *customStorage) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := g.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	settings := g.settings[resource]
	decorate := options.Decorator
	if settings.Encoded {
		decorate = encodedStorage(options.StorageConfig.Codec, settings.Defaulted)
	}
	options.Decorator = func(
		config *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error), object, list func() runtime.Object,
		attributes storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		own := *config
		if !settings.Encoded { // an encoded watch cache does not decode a write again
			own.Codec = newRecentCodec(config.Codec)
		}
		inner, destroy, err := decorate(&own, prefix, key, object, list, attributes, triggers, indexers)
		if err != nil {
			return nil, nil, err
		}
		g.stores.set(resource, store{inner, prefix})
		if settings.Created != nil {
			inner = &changedOnCreate{Interface: inner, change: settings.Created}
		}
		return inner, destroy, nil
	}
	return options, nil
}

// changedOnCreate changes objects that are stored for the first time, by a create or by a
// server-side apply. A dry run stores nothing and does not reach it.
type changedOnCreate struct {
	storage.Interface
	change OnCreate
}

// Create implements storage.Interface.
func (s *changedOnCreate) Create(ctx context.Context, key string, object, out runtime.Object, ttl uint64) error {
	if err := s.changeNew(object); err != nil {
		return err
	}
	return s.Interface.Create(ctx, key, object, out, ttl)
}

// GuaranteedUpdate implements storage.Interface.
func (s *changedOnCreate) GuaranteedUpdate(ctx context.Context, key string, out runtime.Object, ignoreNotFound bool, preconditions *storage.Preconditions, update storage.UpdateFunc, suggestion runtime.Object) error {
	return s.Interface.GuaranteedUpdate(ctx, key, out, ignoreNotFound, preconditions, func(stored runtime.Object, of storage.ResponseMeta) (runtime.Object, *uint64, error) {
		object, ttl, err := update(stored, of)
		if err == nil && of.ResourceVersion == 0 { // nothing is stored
			err = s.changeNew(object)
		}
		return object, ttl, err
	}, suggestion)
}

func (s *changedOnCreate) changeNew(object runtime.Object) error {
	custom, ok := object.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("store a %T as a custom resource", object)
	}
	return s.change(custom)
}
