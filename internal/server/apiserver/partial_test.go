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
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// attributesAt returns attributes like those of a custom resource with these selectable
// fields.
func attributesAt(paths ...string) storage.AttrFunc {
	return func(o kruntime.Object) (labels.Set, fields.Set, error) {
		custom := o.(*unstructured.Unstructured)
		set := fields.Set{"metadata.name": custom.GetName(), "metadata.namespace": custom.GetNamespace()}
		for _, path := range paths {
			set[path] = ""
			value, ok, err := unstructured.NestedFieldNoCopy(custom.Object, strings.Split(path, ".")...)
			if err != nil {
				return nil, nil, err
			}
			if ok && value != nil {
				set[path] = fmt.Sprint(value)
			}
		}
		return custom.GetLabels(), set, nil
	}
}

// TestPartialDecoderAgreesWithWhole compares the attributes of partially decoded random
// objects with those of whole objects.
func TestPartialDecoderAgreesWithWhole(t *testing.T) {
	attributes := attributesAt("spec.adapter", "spec.resourceRef.name", "spec.replicas", "status.ready")
	partial, ok := newPartialDecoder(attributes)
	if !ok {
		t.Fatal("there is no decoder")
	}
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		return []string{"", "dns", `"quoted"`, "ü\u2028", "a.b/c", `\`, "{", "spec.adapter"}[r.IntN(8)]
	}
	for range 2000 {
		maybe := func(o map[string]any, key string, value any) {
			if r.IntN(4) > 0 {
				o[key] = value
			}
		}
		metadata, spec, status, reference, object := map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}
		maybe(metadata, "name", text())
		maybe(metadata, "namespace", text())
		maybe(metadata, "labels", map[string]any{text(): text(), "spec": text(), "a.b/c": text()})
		maybe(metadata, "annotations", map[string]any{"name": text(), "last": `{"spec":{"adapter":"other"}}`})
		maybe(reference, "name", text())
		maybe(reference, "kind", text())
		maybe(spec, "data", map[string]any{"adapter": text(), "resourceRef": map[string]any{"name": text()}, "list": []any{text(), nil, 1.5}})
		maybe(spec, "adapter", text())
		maybe(spec, "resourceRef", reference)
		maybe(spec, "replicas", []any{int64(3), int64(1) << 60, true, nil}[r.IntN(4)])
		maybe(status, "ready", text())
		object["kind"] = "Any"
		maybe(object, "metadata", metadata)
		maybe(object, "spec", spec)
		maybe(object, "status", status)
		data, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		whole := &unstructured.Unstructured{}
		if err := whole.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		wantLabels, wantFields, err := attributes(whole)
		if err != nil {
			t.Fatal(err)
		}
		part, err := partial.decode(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		gotLabels, gotFields, err := attributes(part)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(wantFields, gotFields) + cmp.Diff(wantLabels, gotLabels); diff != "" {
			t.Fatalf("%s\nwhole (-), part (+):\n%s", data, diff)
		}
	}
}

// TestPartialDecoderKeepsNoText decodes large objects. The watch cache keeps the decoded
// fields as long as the objects.
func TestPartialDecoderKeepsNoText(t *testing.T) {
	const objects, size = 200, 100 << 10
	d, _ := newPartialDecoder(attributesAt("spec.adapter"))
	data := fmt.Appendf(nil, `{"kind":"K","metadata":{"labels":{"a":"b"},"name":"n","namespace":"default"},"spec":{"adapter":"dns","data":%q}}`, strings.Repeat("x", size))
	live := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := live()
	var kept []kruntime.Object
	for range objects {
		o, err := d.decode(data)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, o)
	}
	if grown := int64(live()) - int64(before); grown > objects*size/4 {
		t.Errorf("%d decoded objects of %d bytes keep %d bytes", objects, size, grown)
	}
	runtime.KeepAlive(kept)
}

func TestPartialDecoderRefuses(t *testing.T) {
	for _, path := range []string{"spec['a.b']", "spec.a-b", "spec.#", "spec.*"} {
		if _, ok := newPartialDecoder(attributesAt(path)); ok {
			t.Errorf("there is a decoder for the path %q, which is more than names", path)
		}
	}
	d, _ := newPartialDecoder(attributesAt())
	for _, data := range []string{"", "{", `{"metadata":{"name":"x"}`, `{"kind":"K","metadata":{"name":"\x"}}`, `{"metadata":{"name":"x"}}`} {
		if o, err := d.decode([]byte(data)); err == nil {
			t.Errorf("%q is decoded as %v", data, o)
		}
	}
}

// TestDecodeMetadata compares metadata that are decoded alone with the metadata of the whole
// object.
func TestDecodeMetadata(t *testing.T) {
	for name, data := range map[string]string{
		"object": `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"a","namespace":"b","uid":"u","finalizers":["x"],` +
			`"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"\u00fc","uid":"o"}],"creationTimestamp":"2026-01-01T00:00:00Z"},` +
			`"spec":{"metadata":{"name":"other"},"kind":"Other"},"status":{"ready":"True"}}`,
		"without metadata": `{"apiVersion":"v1","kind":"K","spec":{"a":1}}`,
		"without a kind":   `{"metadata":{"name":"a"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			want, got := &metav1.PartialObjectMetadata{}, &metav1.PartialObjectMetadata{}
			if err := json.Unmarshal([]byte(data), want); err != nil {
				t.Fatal(err)
			}
			want.ResourceVersion = "7"
			encoded := &encodedObject{stored: &stored{data: []byte(data)}}
			encoded.ResourceVersion = "7"
			if _, err := encoded.decode(got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("whole (-), metadata alone (+):\n%s", diff)
			}
		})
	}
}
