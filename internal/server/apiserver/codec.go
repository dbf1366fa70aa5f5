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
	"hash/maphash"
	"io"
	"reflect"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// recentWrites is how many of the last writes a recentCodec keeps. A watch receives a
// write within milliseconds.
const recentWrites = 512

// maxRecentBytes is the size of the largest write that a recentCodec keeps. With
// recentWrites, it bounds the codec's memory. Larger objects are decoded twice.
const maxRecentBytes = 16 << 10

// recentCodec decodes each object that it has encoded only once. The storage decodes each
// write twice: for the answer to the write, and when the watch of its cache receives the
// write. The second time, the codec returns a copy that it has kept. Decoding is a
// function of the bytes, so equal bytes are the same object.
type recentCodec struct {
	runtime.Codec
	seed maphash.Seed

	mu   sync.Mutex
	kept map[uint64]*recentWrite
	ring [recentWrites]uint64 // the keys of kept, in the order of their writes
	next int
}

// A recentWrite contains the bytes of a write and, once they are decoded, the object.
type recentWrite struct {
	data   []byte // nil until it is decoded
	object runtime.Object
	kind   *schema.GroupVersionKind
}

func newRecentCodec(codec runtime.Codec) *recentCodec {
	return &recentCodec{Codec: codec, seed: maphash.MakeSeed(), kept: map[uint64]*recentWrite{}}
}

// Encode implements runtime.Encoder.
func (c *recentCodec) Encode(object runtime.Object, w io.Writer) error {
	var data bytes.Buffer
	if err := c.Codec.Encode(object, &data); err != nil {
		return err
	}
	if data.Len() <= maxRecentBytes {
		c.expect(maphash.Bytes(c.seed, data.Bytes()))
	}
	_, err := w.Write(data.Bytes())
	return err
}

// expect records that bytes with this key were written, so that the codec keeps the
// object when it next decodes them.
func (c *recentCodec) expect(key uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[key] == nil {
		delete(c.kept, c.ring[c.next])
		c.kept[key], c.ring[c.next] = &recentWrite{}, key
		c.next = (c.next + 1) % recentWrites
	}
}

// Decode implements runtime.Decoder.
func (c *recentCodec) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	if defaults != nil || len(data) > maxRecentBytes {
		return c.Codec.Decode(data, defaults, into) // with defaults, the object is not a function of the bytes alone
	}
	key := maphash.Bytes(c.seed, data)
	if object, kind, ok := c.take(key, data, into); ok {
		return object, kind, nil
	}
	object, kind, err := c.Codec.Decode(data, defaults, into)
	if err == nil {
		c.keep(key, data, object, kind)
	}
	return object, kind, err
}

// take returns the kept object, in into if that is not nil. The codec no longer keeps the
// object, because the caller may change it.
func (c *recentCodec) take(key uint64, data []byte, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	write := c.kept[key]
	if write == nil || write.object == nil || !bytes.Equal(write.data, data) {
		return nil, nil, false
	}
	object := write.object
	if into != nil {
		if reflect.TypeOf(into) != reflect.TypeOf(object) {
			return nil, nil, false
		}
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(object).Elem())
		object = into
	}
	delete(c.kept, key)
	return object, write.kind, true
}

// keep keeps a copy of a decoded object, if the codec has encoded it and has not returned
// a copy since.
func (c *recentCodec) keep(key uint64, data []byte, object runtime.Object, kind *schema.GroupVersionKind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if write := c.kept[key]; write != nil {
		write.data, write.object, write.kind = bytes.Clone(data), object.DeepCopyObject(), kind
	}
}
