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
	"fmt"
	"io"
	"testing"

	"go.etcd.io/etcd/client/v3/kubernetes"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

// settingCodec sets a field that is empty, as a schema with a default does.
type settingCodec struct{ runtime.Codec }

func (c settingCodec) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	object, kind, err := c.Codec.Decode(data, defaults, into)
	if pod, ok := object.(*example.Pod); ok && pod.Spec.NodeName == "" {
		pod.Spec.NodeName = "by the schema"
	}
	return object, kind, err
}

// newCountedCache returns a storage, and the counter of what it decodes by the schema.
func newCountedCache(t *testing.T, schemas runtime.Codec) (*encodedCache, *countingCodec) {
	t.Helper()
	return newCountedCacheOf(t, schemas, runEtcd(t))
}

// newCountedCacheOf is like newCountedCache, and uses this etcd.
func newCountedCacheOf(t *testing.T, schemas runtime.Codec, etcd *kubernetes.Client) (*encodedCache, *countingCodec) {
	t.Helper()
	counted := &countingCodec{Codec: schemas}
	return newEncodedCacheOf(t, exampleCodec(), counted, etcd, storage.NamespaceKeyFunc), counted
}

// waitForPod waits until the watch cache has a pod of createPods, and returns its key.
func waitForPod(t *testing.T, c *encodedCache, number int) string {
	t.Helper()
	key := fmt.Sprintf("%sdefault/pod-%04d", pods, number)
	eventually(t, "object in the watch cache", func() bool {
		return c.cached.Get(t.Context(), key, storage.GetOptions{ResourceVersion: "0"}, &encodedObject{}) == nil
	})
	return key
}

// TestListsDecodeBySchemaWhereItMatters lists objects repeatedly that another process has
// written.
func TestListsDecodeBySchemaWhereItMatters(t *testing.T) {
	const objects = 5
	for name, test := range map[string]struct {
		schema   runtime.Codec
		again    int64 // what a repeated list decodes by the schema
		nodeName string
	}{
		"the schema changes nothing":     {exampleCodec(), 0, ""},
		"the schema changes each object": {settingCodec{exampleCodec()}, objects, "by the schema"},
	} {
		t.Run(name, func(t *testing.T) {
			etcd := runEtcd(t)
			c, counted := newCountedCacheOf(t, test.schema, etcd)
			createPods(t, newEncodedCache(t, exampleCodec(), etcd, storage.NamespaceKeyFunc), objects)
			waitForPod(t, c, objects-1)
			list := func() int64 {
				before := counted.decoded.Load()
				listed := &example.PodList{}
				if err := c.GetList(t.Context(), pods, storage.ListOptions{ResourceVersion: "0", Recursive: true, Predicate: storage.Everything}, listed); err != nil {
					t.Fatal(err)
				}
				if len(listed.Items) != objects {
					t.Fatalf("the list has %d objects, want %d", len(listed.Items), objects)
				}
				for _, pod := range listed.Items {
					if pod.Spec.NodeName != test.nodeName || pod.ResourceVersion == "" {
						t.Errorf("%s has the node name %q and version %q, want %q and a version", pod.Name, pod.Spec.NodeName, pod.ResourceVersion, test.nodeName)
					}
				}
				return counted.decoded.Load() - before
			}
			if n := list(); n != objects {
				t.Errorf("the first list decodes %d objects by the schema, want %d", n, objects)
			}
			if n := list(); n != test.again {
				t.Errorf("the second list decodes %d objects by the schema, want %d", n, test.again)
			}
		})
	}
}

// TestUpdatesDecodeBySchemaWhereItMatters updates an object twice. Each update decodes the
// result by the schema, and the previous version only if that can make a difference.
func TestUpdatesDecodeBySchemaWhereItMatters(t *testing.T) {
	for name, test := range map[string]struct {
		schema   runtime.Codec
		first    int64 // what the first update decodes by the schema
		nodeName string
	}{
		"the schema changes nothing":        {exampleCodec(), 1, ""},
		"the schema changes the new object": {settingCodec{exampleCodec()}, 2, "by the schema"},
	} {
		t.Run(name, func(t *testing.T) {
			c, counted := newCountedCache(t, test.schema)
			createPods(t, c, 1)
			key := waitForPod(t, c, 0)
			for i, want := range []int64{test.first, 1} {
				before := counted.decoded.Load()
				updated := &example.Pod{}
				err := c.GuaranteedUpdate(t.Context(), key, updated, false, nil, storage.SimpleUpdate(func(stored runtime.Object) (runtime.Object, error) {
					pod := stored.(*example.Pod)
					if pod.Spec.NodeName != test.nodeName || pod.ResourceVersion == "" {
						t.Errorf("update %d is of node name %q, version %q", i, pod.Spec.NodeName, pod.ResourceVersion)
					}
					pod.Labels = map[string]string{"update": fmt.Sprint(i)}
					return pod, nil
				}), nil)
				if err != nil {
					t.Fatal(err)
				}
				if n := counted.decoded.Load() - before; n != want {
					t.Errorf("update %d decodes %d objects by the schema, want %d", i, n, want)
				}
				eventually(t, "update in the watch cache", func() bool {
					cached := &encodedObject{}
					return c.cached.Get(t.Context(), key, storage.GetOptions{ResourceVersion: "0"}, cached) == nil && cached.ResourceVersion == updated.ResourceVersion
				})
			}
		})
	}
}

// TestPlainDecodingOfOtherKind decodes an object of another kind than the storage's without
// the schema, as if it were stored as another version of the resource. Only the schema
// converts it.
func TestPlainDecodingOfOtherKind(t *testing.T) {
	c, counted := newCountedCache(t, exampleCodec())
	createPods(t, c, 1)
	key := waitForPod(t, c, 0)
	for kind, want := range map[schema.GroupVersionKind]int64{c.kind: 0, {Version: "v2", Kind: "Pod"}: 1} {
		c.kind = kind
		before := counted.decoded.Load()
		if err := c.Get(t.Context(), key, storage.GetOptions{ResourceVersion: "0"}, &example.Pod{}); err != nil {
			t.Fatal(err)
		}
		if n := counted.decoded.Load() - before; n != want {
			t.Errorf("in a storage of %v, %d objects are decoded by the schema, want %d", kind, n, want)
		}
	}
}

// TestDeletedEventOfSelector watches with a selector, and changes an object so that it is
// not selected any more. The event has the previous object with the version of the change.
func TestDeletedEventOfSelector(t *testing.T) {
	c, _ := newCountedCache(t, settingCodec{exampleCodec()})
	createPods(t, c, 1)
	key := waitForPod(t, c, 0)
	w, err := c.Watch(t.Context(), pods, storage.ListOptions{Recursive: true, ResourceVersion: "0", Predicate: storage.SelectionPredicate{
		Label: labels.Everything(), Field: fields.OneTermEqualSelector("spec.nodeName", ""), GetAttrs: podAttributes,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if e := <-w.ResultChan(); e.Type != watch.Added {
		t.Fatalf("got %+v", e)
	}
	updated := &example.Pod{}
	err = c.GuaranteedUpdate(t.Context(), key, updated, false, nil, storage.SimpleUpdate(func(stored runtime.Object) (runtime.Object, error) { return stored, nil }), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := <-w.ResultChan()
	if pod, ok := e.Object.(*example.Pod); !ok || e.Type != watch.Deleted || pod.Spec.NodeName != "by the schema" || pod.ResourceVersion != updated.ResourceVersion {
		t.Errorf("got %s of %+v", e.Type, e.Object)
	}
	previous := &encodedObject{stored: &stored{}}
	previous.SetResourceVersion("7")
	previous = previous.DeepCopyObject().(*encodedObject)
	previous.SetResourceVersion("9")
	if previous.stored.version != "7" || previous.ResourceVersion != "9" {
		t.Errorf("the bytes have the version %s, the object %s", previous.stored.version, previous.ResourceVersion)
	}
}

// TestWatchesShareEncodings encodes one event for three watches, as the API server does for
// the network.
func TestWatchesShareEncodings(t *testing.T) {
	c, counted := newCountedCache(t, settingCodec{exampleCodec()})
	var watches []watch.Interface
	for range 3 {
		w, err := c.Watch(t.Context(), pods, storage.ListOptions{Recursive: true, Predicate: storage.Everything})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
		watches = append(watches, w)
	}
	createPods(t, c, 1)
	before := counted.decoded.Load()
	var first []byte
	for _, w := range watches {
		e := <-w.ResultChan()
		shared, ok := e.Object.(runtime.CacheableObject)
		if !ok {
			t.Fatalf("the event has a %T, which watches do not share", e.Object)
		}
		encode := func(id runtime.Identifier, prefix string) []byte {
			var encoded bytes.Buffer
			err := shared.CacheEncode(id, func(o runtime.Object, w io.Writer) error {
				if _, err := io.WriteString(w, prefix); err != nil {
					return err
				}
				return exampleCodec().Encode(o, w)
			}, &encoded)
			if err != nil {
				t.Fatal(err)
			}
			return encoded.Bytes()
		}
		json, other := encode("json", ""), encode("other", "other")
		if first == nil {
			first = json
		}
		if !bytes.Equal(first, json) || !bytes.Contains(json, []byte("by the schema")) || !bytes.Equal(other, append([]byte("other"), json...)) {
			t.Errorf("encoded as %s, %s and %s", first, json, other)
		}
		for _, object := range []runtime.Object{shared.GetObject(), e.Object.DeepCopyObject()} {
			if pod, ok := object.(*example.Pod); !ok || pod.Spec.NodeName != "by the schema" || pod.ResourceVersion == "" {
				t.Errorf("the object is %+v", object)
			}
		}
	}
	if n := counted.decoded.Load() - before; n != 2+2*3 { // one for each of the encodings, the others of this test
		t.Errorf("the event is decoded %d times, want 8", n)
	}
}
