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
	"cmp"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage"
	"sigs.k8s.io/json"
)

// An encodedObject is an object as etcd stores it, with the fields that the API server
// selects objects by: name, namespace, resourceVersion, labels and selectable fields. It
// takes a fraction of the memory of a decoded object, which is a tree of maps.
type encodedObject struct {
	metav1.TypeMeta
	metav1.ObjectMeta // Labels are shared by copies and do not change
	fields            fields.Set
	stored            *stored // shared by copies; nil for a bookmark
}

// stored is the JSON of an object.
type stored struct {
	data []byte // never changed
	// version is the resource version of the write of data. An event may show an object
	// with a later one. It is set before anything shares the object.
	version string
	// exact is true once it is known that decoding by the schema changes nothing.
	exact atomic.Bool
}

// DeepCopyObject implements runtime.Object.
func (o *encodedObject) DeepCopyObject() runtime.Object {
	c := *o
	return &c
}

// SetResourceVersion implements metav1.Object. The storage calls it as soon as it has
// decoded an object.
func (o *encodedObject) SetResourceVersion(version string) {
	o.ResourceVersion = version
	if o.stored != nil && o.stored.version == "" {
		o.stored.version = version
	}
}

// decode decodes the object into a type that has its fields.
func (o *encodedObject) decode(into runtime.Object) (runtime.Object, error) {
	if o.stored != nil {
		data := o.stored.data
		if _, ok := into.(*metav1.PartialObjectMetadata); ok { // of the garbage collector, for each object of the fleet
			data = metadataOf(data)
		}
		if err := json.UnmarshalCaseSensitivePreserveInts(data, into); err != nil {
			return nil, fmt.Errorf("decode %s/%s: %w", o.Namespace, o.Name, err)
		}
	}
	return into, o.stamp(into)
}

// metadataOf returns the JSON of an object without spec and status, which a decoder would
// have to parse in order to skip them.
func metadataOf(data []byte) []byte {
	fields := gjson.GetManyBytes(data, "apiVersion", "kind", "metadata")
	return fmt.Appendf(nil, `{"apiVersion":%s,"kind":%s,"metadata":%s}`,
		cmp.Or(fields[0].Raw, "null"), cmp.Or(fields[1].Raw, "null"), cmp.Or(fields[2].Raw, "null"))
}

// stamp sets the fields that the JSON does not contain.
func (o *encodedObject) stamp(into runtime.Object) error {
	accessor, err := meta.Accessor(into)
	if err != nil {
		return err
	}
	accessor.SetResourceVersion(o.ResourceVersion)
	if o.Annotations != nil { // of a bookmark
		accessor.SetAnnotations(o.Annotations)
	}
	return nil
}

// attributesOf implements storage.AttrFunc.
func attributesOf(object runtime.Object) (labels.Set, fields.Set, error) {
	o, ok := object.(*encodedObject)
	if !ok {
		return nil, nil, fmt.Errorf("attributes of a %T, want an encoded object", object)
	}
	return o.Labels, o.fields, nil
}

type encodedList struct {
	metav1.TypeMeta
	metav1.ListMeta
	Items []encodedObject
}

// DeepCopyObject implements runtime.Object.
func (l *encodedList) DeepCopyObject() runtime.Object {
	c := *l
	c.Items = append([]encodedObject(nil), l.Items...)
	return &c
}

// encodedCodec makes an encodedObject of the stored JSON.
type encodedCodec struct {
	schema     runtime.Codec // of JSON, by the schema of the resource
	defaulted  string        // the only top-level field with a default in the schema; "" for none
	attributes storage.AttrFunc
	partial    func(data []byte) (runtime.Object, error) // decodes what attributes depend on
}

var _ runtime.Codec = encodedCodec{}

// Decode implements runtime.Decoder.
func (c encodedCodec) Decode(data []byte, _ *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	encoded, ok := into.(*encodedObject)
	if !ok {
		if into != nil {
			return nil, nil, fmt.Errorf("decode into a %T, want an encoded object", into)
		}
		encoded = &encodedObject{}
	}
	if c.defaulted != "" && gjson.GetBytes(data, c.defaulted).Type == gjson.Null {
		var err error // an object is stored without its status until the first write of the status
		if data, err = c.withDefault(data); err != nil {
			return nil, nil, err
		}
	}
	object, err := c.partial(data)
	if err != nil {
		return nil, nil, err
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, nil, err
	}
	labels, fields, err := c.attributes(object)
	if err != nil {
		return nil, nil, err
	}
	*encoded = encodedObject{fields: fields, stored: &stored{data: data}}
	encoded.Name, encoded.Namespace, encoded.Labels = accessor.GetName(), accessor.GetNamespace(), labels
	return encoded, nil, nil
}

// Encode implements runtime.Encoder. The cache encodes an empty object to check its codec.
func (c encodedCodec) Encode(object runtime.Object, w io.Writer) error {
	encoded, ok := object.(*encodedObject)
	if !ok {
		return fmt.Errorf("encode a %T, want an encoded object", object)
	}
	if encoded.stored == nil {
		return nil
	}
	_, err := w.Write(encoded.stored.data)
	return err
}

func (c encodedCodec) withDefault(data []byte) ([]byte, error) {
	object, err := runtime.Decode(c.schema, data)
	if err != nil {
		return nil, err
	}
	return runtime.Encode(c.schema, object)
}

// Identifier implements runtime.Encoder.
func (c encodedCodec) Identifier() runtime.Identifier { return "encoded" }
