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
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// encodedCache is a storage whose watch cache contains encoded objects. Kubernetes' own
// watch cache stores them, finds them by their attributes, and orders their events. The
// objects that a list, a watch or an update requests are decoded each time. All watches
// share the encodings of an event for the network.
type encodedCache struct {
	storage.Interface                   // of decoded objects, without a cache
	cached            storage.Interface // of encoded objects
	plain             runtime.Decoder   // of JSON, which no schema changes
	schema            runtime.Decoder   // of JSON, by the schema of the resource
	object            func() runtime.Object
	kind              schema.GroupVersionKind // of object
	lists             *listLimit
	exact             exactWrites
}

// encodedStorage returns a decorator like registry.StorageWithCacher. plain decodes the
// stored JSON without applying a schema. defaulted is the only top-level field for which
// the schema has a default, "" for none.
func encodedStorage(plain runtime.Decoder, defaulted string) generic.StorageDecorator {
	return func(
		config *storagebackend.ConfigForResource, prefix string, key func(runtime.Object) (string, error), object, list func() runtime.Object,
		attributes storage.AttrFunc, triggers storage.IndexerFuncs, indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		if len(triggers) > 0 || len(ptr.Deref(indexers, nil)) > 0 {
			return nil, nil, fmt.Errorf("the watch cache of %s is indexed, and encoded objects cannot be", config.GroupResource)
		}
		ofEncoded := *config
		ofEncoded.Codec = encodedCodec{
			schema: config.Codec, defaulted: defaulted, attributes: attributes, partial: decodePartial(plain, object, attributes),
		}
		decoded, destroyDecoded, err := generic.NewRawStorage(config, object, list, prefix)
		if err != nil {
			return nil, nil, err
		}
		cached, destroyCached, err := registry.StorageWithCacher()(&ofEncoded, prefix, key,
			func() runtime.Object { return &encodedObject{} }, func() runtime.Object { return &encodedList{} }, attributesOf, nil, nil)
		if err != nil {
			destroyDecoded()
			return nil, nil, err
		}
		c := &encodedCache{
			Interface: decoded, cached: cached, plain: plain, schema: config.Codec,
			object: object, kind: object().GetObjectKind().GroupVersionKind(), lists: newListLimit(pageOfList, decodedOfLists, listWait), exact: newExactWrites(),
		}
		return c, sync.OnceFunc(func() {
			destroyCached()
			destroyDecoded()
		}), nil
	}
}

// decodePartial returns a function that decodes the fields that attributes depend on, and
// the whole object only if it has to.
func decodePartial(plain runtime.Decoder, object func() runtime.Object, attributes storage.AttrFunc) func(data []byte) (runtime.Object, error) {
	if _, ok := object().(*unstructured.Unstructured); ok {
		if d, ok := newPartialDecoder(attributes); ok {
			return d.decode
		}
	}
	return func(data []byte) (runtime.Object, error) { return runtime.Decode(plain, data) }
}

// decode decodes the object into into, or into a new object if into is nil.
func (c *encodedCache) decode(encoded *encodedObject, into runtime.Object) (runtime.Object, error) {
	if into == nil {
		into = c.object()
	}
	if encoded.stored != nil {
		decoded := false
		if c.isExact(encoded.stored) {
			_, _, err := c.plain.Decode(encoded.stored.data, nil, into)
			// The schema converts an object that is stored as another version of the resource.
			decoded = err == nil && into.GetObjectKind().GroupVersionKind() == c.kind
		}
		if !decoded {
			if _, _, err := c.schema.Decode(encoded.stored.data, nil, into); err != nil {
				return nil, fmt.Errorf("decode %s/%s: %w", encoded.Namespace, encoded.Name, err)
			}
		}
	}
	return into, encoded.stamp(into)
}

// isExact reports whether decoding by the schema is known to change nothing.
func (c *encodedCache) isExact(s *stored) bool {
	if s.exact.Load() {
		return true
	}
	if !c.exact.contains(s.version) {
		return false
	}
	s.exact.Store(true)
	return true
}

// decodeListed decodes an object for a list, or for the beginning of a watch. Decoding by
// the schema takes several times as long as without, and most of that is for metadata that
// no API server would have stored. So decodeListed finds out whether the schema changes
// anything. If it does not, the next lists decode without it.
func (c *encodedCache) decodeListed(encoded *encodedObject) (runtime.Object, error) {
	object, err := c.decode(encoded, nil)
	if err != nil || encoded.stored == nil || encoded.stored.exact.Load() {
		return object, err
	}
	plain := c.object()
	if _, _, err := c.plain.Decode(encoded.stored.data, nil, plain); err == nil && encoded.stamp(plain) == nil && reflect.DeepEqual(plain, object) {
		encoded.stored.exact.Store(true)
	}
	return object, nil
}

// suggestion returns the cached version of an object that is about to change. If it
// returns nil, the storage reads the object from etcd.
func (c *encodedCache) suggestion(ctx context.Context, key string) runtime.Object {
	if c.cached.ReadinessCheck() != nil { // Get would read it from etcd, too
		return nil
	}
	encoded := &encodedObject{}
	err := c.cached.Get(ctx, key, storage.GetOptions{IgnoreNotFound: true, ResourceVersion: "0"}, encoded)
	if err != nil || encoded.stored == nil {
		return nil
	}
	object, err := c.decode(encoded, nil)
	if err != nil {
		return nil
	}
	return object
}

// learn remembers a write whose object is the same after encoding it and decoding it by the
// schema. Then decoding without the schema gives the same object, too, because encoding a
// decoded object and decoding it again changes nothing.
func (c *encodedCache) learn(written, stored runtime.Object) {
	accessor, err := meta.Accessor(stored)
	if err != nil {
		return // nobody has asked for the stored object
	}
	version := accessor.GetResourceVersion()
	accessor.SetResourceVersion("") // an object is stored without it
	if reflect.DeepEqual(written, stored) {
		c.exact.add(version)
	}
	accessor.SetResourceVersion(version)
}

// Create implements storage.Interface.
func (c *encodedCache) Create(ctx context.Context, key string, object, out runtime.Object, ttl uint64) error {
	err := c.Interface.Create(ctx, key, object, out, ttl)
	if err == nil {
		c.learn(object, out)
	}
	return err
}

// Delete implements storage.Interface.
func (c *encodedCache) Delete(ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions, validate storage.ValidateObjectFunc, _ runtime.Object, options storage.DeleteOptions) error {
	return c.Interface.Delete(ctx, key, out, preconditions, validate, c.suggestion(ctx, key), options)
}

// GuaranteedUpdate implements storage.Interface.
func (c *encodedCache) GuaranteedUpdate(ctx context.Context, key string, out runtime.Object, ignoreNotFound bool, preconditions *storage.Preconditions, update storage.UpdateFunc, _ runtime.Object) error {
	var written runtime.Object
	err := c.Interface.GuaranteedUpdate(ctx, key, out, ignoreNotFound, preconditions, func(stored runtime.Object, of storage.ResponseMeta) (object runtime.Object, ttl *uint64, err error) {
		object, ttl, err = update(stored, of)
		written = object
		return object, ttl, err
	}, c.suggestion(ctx, key))
	if err == nil {
		c.learn(written, out)
	}
	return err
}

// Get implements storage.Interface.
func (c *encodedCache) Get(ctx context.Context, key string, options storage.GetOptions, into runtime.Object) error {
	if options.ResourceVersion == "" {
		return c.Interface.Get(ctx, key, options, into) // the current state, from etcd
	}
	encoded := &encodedObject{}
	if err := c.cached.Get(ctx, key, options, encoded); err != nil {
		return err
	}
	if encoded.stored == nil {
		return runtime.SetZeroValue(into)
	}
	_, err := c.decode(encoded, into)
	return err
}

// GetList implements storage.Interface. All objects of the list are decoded at once: the
// API server encodes the response from them.
func (c *encodedCache) GetList(ctx context.Context, key string, options storage.ListOptions, into runtime.Object) error {
	options.Predicate.GetAttrs = attributesOf
	if options.ResourceVersion == "0" && options.Predicate.Limit > 0 {
		// Kubernetes' watch cache ignores the limit of a list of any version, because it
		// shares its objects with the list. API servers without a watch cache answer in
		// pages, so clients follow them. Every version is at least 1. The version of the
		// following pages is in their token.
		if options.Predicate.Continue == "" {
			options.ResourceVersion, options.ResourceVersionMatch = "1", metav1.ResourceVersionMatchNotOlderThan
		} else {
			options.ResourceVersion = ""
		}
	}
	var encoded encodedList
	if err := c.cached.GetList(ctx, key, options, &encoded); err != nil {
		return err
	}
	if err := c.lists.acquire(ctx, len(encoded.Items)); err != nil {
		return err
	}
	items, err := meta.GetItemsPtr(into)
	if err != nil {
		return err
	}
	slice := reflect.ValueOf(items).Elem()
	slice.Set(reflect.MakeSlice(slice.Type(), 0, len(encoded.Items)))
	for i := range encoded.Items {
		if err := ctx.Err(); err != nil { // the limit no longer counts the list
			return fmt.Errorf("decode a list: %w", err)
		}
		object, err := c.decodeListed(&encoded.Items[i])
		if err != nil {
			return err
		}
		slice.Set(reflect.Append(slice, reflect.ValueOf(object).Elem()))
	}
	list, err := meta.ListAccessor(into)
	if err != nil {
		return err
	}
	list.SetResourceVersion(encoded.ResourceVersion)
	list.SetContinue(encoded.Continue)
	list.SetRemainingItemCount(encoded.RemainingItemCount)
	return nil
}

// Watch implements storage.Interface.
func (c *encodedCache) Watch(ctx context.Context, key string, options storage.ListOptions) (watch.Interface, error) {
	w, err := c.watchEncoded(ctx, key, options)
	if err != nil {
		return nil, err
	}
	return convertedWatch(ctx, w, c.decodeEvent), nil
}

// decodeEvent decodes the object of an event. An event of the beginning of a watch is the
// watch's own; later ones are shared by all watches.
func (c *encodedCache) decodeEvent(object runtime.Object) (runtime.Object, error) {
	switch object := object.(type) {
	case cacheable:
		return &decodedCacheable{cacheable: object, decode: c.decode}, nil
	case *encodedObject:
		return c.decodeListed(object)
	}
	return object, nil
}

// watchEncoded is like Watch, and its events have encoded objects.
func (c *encodedCache) watchEncoded(ctx context.Context, key string, options storage.ListOptions) (watch.Interface, error) {
	options.Predicate.GetAttrs = attributesOf
	return c.cached.Watch(ctx, key, options)
}

// ReadinessCheck implements storage.Interface.
func (c *encodedCache) ReadinessCheck() error { return c.cached.ReadinessCheck() }

// RequestWatchProgress implements storage.Interface.
func (c *encodedCache) RequestWatchProgress(ctx context.Context) error {
	return c.cached.RequestWatchProgress(ctx)
}

// Stats implements storage.Interface.
func (c *encodedCache) Stats(ctx context.Context) (storage.Stats, error) { return c.cached.Stats(ctx) }

// CompactRevision implements storage.Interface.
func (c *encodedCache) CompactRevision() int64 { return c.cached.CompactRevision() }
