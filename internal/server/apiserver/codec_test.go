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
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// countingCodec counts the decoded objects.
type countingCodec struct {
	runtime.Codec
	decoded atomic.Int64
}

func (c *countingCodec) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	c.decoded.Add(1)
	return c.Codec.Decode(data, defaults, into)
}

func custom(name string, value int64) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "hyperfleet.io/v1", "kind": "Cluster",
		"metadata": map[string]any{"name": name}, "spec": map[string]any{"value": value, "list": []any{"a", value}},
	}}
}

func encoded(t *testing.T, codec runtime.Encoder, object runtime.Object) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := codec.Encode(object, &data); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func TestRecentCodecDecodesOnce(t *testing.T) {
	counting := &countingCodec{Codec: unstructured.UnstructuredJSONScheme}
	codec := newRecentCodec(counting)
	decode := func(data []byte, into runtime.Object, want int64) {
		t.Helper()
		if _, _, err := codec.Decode(data, nil, into); err != nil {
			t.Fatal(err)
		}
		if got := counting.decoded.Load(); got != want {
			t.Errorf("decoded %d times, want %d", got, want)
		}
	}
	own := encoded(t, codec, custom("own", 1))
	decode(own, &unstructured.Unstructured{}, 1) // the answer to the write
	decode(own, nil, 1)                          // the event of the watch
	decode(own, nil, 2)                          // another reader
	decode(own, nil, 3)
	if n := len(codec.kept); n != 0 {
		t.Errorf("%d writes are kept after they were handed out", n)
	}

	large := custom("large", 1)
	large.Object["spec"] = strings.Repeat("x", maxRecentBytes)
	text := encoded(t, codec, large)
	decode(text, nil, 4)
	decode(text, nil, 5)
	if n := len(codec.kept); n != 0 {
		t.Errorf("%d large writes are kept", n)
	}

	others := encoded(t, counting, custom("others", 2))
	decode(others, nil, 6)
	decode(others, nil, 7)

	pushedOut := encoded(t, codec, custom("first", 3))
	for i := range int64(recentWrites) {
		encoded(t, codec, custom("later", i))
	}
	decode(pushedOut, nil, 8)
	decode(pushedOut, nil, 9)
	if n := len(codec.kept); n > recentWrites {
		t.Errorf("%d writes are kept, want at most %d", n, recentWrites)
	}
}

// TestRecentCodecAgreesWithCodec encodes and decodes at random. Even if callers change
// the objects that they receive, later objects equal those of the plain codec.
func TestRecentCodecAgreesWithCodec(t *testing.T) {
	plain := unstructured.UnstructuredJSONScheme
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		codec := newRecentCodec(plain)
		var data [][]byte
		for range 200 {
			if len(data) == 0 || random.IntN(3) == 0 {
				object := custom(fmt.Sprint(random.IntN(5)), random.Int64N(3))
				if random.IntN(4) == 0 {
					data = append(data, encoded(t, plain, object))
				} else {
					data = append(data, encoded(t, codec, object))
				}
				continue
			}
			text := data[random.IntN(len(data))]
			if random.IntN(10) == 0 {
				text = text[:random.IntN(len(text))]
			}
			var into runtime.Object
			if random.IntN(2) == 0 {
				into = &unstructured.Unstructured{}
			}
			got, kind, err := codec.Decode(text, nil, into)
			want, wantKind, wantErr := plain.Decode(text, nil, nil)
			if (err == nil) != (wantErr == nil) || err == nil && (!reflect.DeepEqual(got, want) || !reflect.DeepEqual(kind, wantKind)) {
				t.Fatalf("seed %d: %s decodes to %v, %v, %v, want %v, %v, %v", seed, text, got, kind, err, want, wantKind, wantErr)
			}
			if err != nil {
				continue
			}
			if into != nil && got != into {
				t.Fatalf("seed %d: the object is not the one to decode into", seed)
			}
			object := got.(*unstructured.Unstructured)
			object.SetResourceVersion("7") // as the storage does
			object.Object["spec"].(map[string]any)["list"].([]any)[0] = "changed"
		}
	}
}

func TestRecentCodecIsSafeForConcurrentUse(t *testing.T) {
	codec := newRecentCodec(unstructured.UnstructuredJSONScheme)
	var group sync.WaitGroup
	for worker := range int64(8) {
		group.Go(func() {
			for i := range int64(500) {
				object := custom(fmt.Sprint(i%7), worker%2)
				if err := codec.Encode(object, io.Discard); err != nil {
					t.Error(err)
				}
				data := encoded(t, codec, object)
				got, _, err := codec.Decode(data, nil, nil)
				if err != nil || !reflect.DeepEqual(got, object) {
					t.Errorf("%s decodes to %v, %v", data, got, err)
				}
				got.(*unstructured.Unstructured).SetResourceVersion(fmt.Sprint(i))
			}
		})
	}
	group.Wait()
}
