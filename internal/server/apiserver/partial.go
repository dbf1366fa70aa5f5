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
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/storage"
)

// partialDecoder decodes only the fields of a custom resource that its attributes depend
// on. Decoding the whole object takes several times as long, and a start does it for each
// object of the fleet.
type partialDecoder struct {
	fields field
}

// A field is decoded as a whole, or only its inner fields are, if it has any.
type field struct {
	inner map[string]*field
}

// add adds the field at a path.
func (f *field) add(path ...string) {
	if len(path) == 0 {
		return
	}
	if f.inner == nil {
		f.inner = map[string]*field{}
	}
	if f.inner[path[0]] == nil {
		f.inner[path[0]] = &field{}
	}
	f.inner[path[0]].add(path[1:]...)
}

// simplePath matches paths that consist of names only.
var simplePath = regexp.MustCompile(`^\w+(\.\w+)*$`)

// newPartialDecoder returns a decoder for the attributes of a custom resource. It returns
// false if the resource has a selectable field with an unusual name.
func newPartialDecoder(attributes storage.AttrFunc) (*partialDecoder, bool) {
	_, fields, err := attributes(&unstructured.Unstructured{Object: map[string]any{}})
	if err != nil {
		return nil, false
	}
	d := &partialDecoder{}
	for _, name := range []string{"labels", "name", "namespace"} {
		d.fields.add("metadata", name)
	}
	for path := range fields { // an empty object has all selectable fields, without values
		if !simplePath.MatchString(path) {
			return nil, false
		}
		d.fields.add(strings.Split(path, ".")...)
	}
	return d, true
}

func (d *partialDecoder) decode(data []byte) (runtime.Object, error) {
	if !gjson.ValidBytes(data) || gjson.GetBytes(data, "kind").Str == "" {
		return nil, errors.New("the stored object is not valid JSON, or has no kind")
	}
	content, err := decodeFields(d.fields.inner, gjson.ParseBytes(data))
	return &unstructured.Unstructured{Object: content}, err
}

// decodeFields decodes fields of an object. The result contains no part of the object's
// text, which it would keep in memory.
func decodeFields(fields map[string]*field, of gjson.Result) (map[string]any, error) {
	content := map[string]any{}
	var err error
	of.ForEach(func(key, value gjson.Result) bool {
		wanted := fields[key.Str]
		if wanted == nil {
			return true
		}
		name := strings.Clone(key.Str)
		switch {
		case value.Type == gjson.String:
			content[name] = strings.Clone(value.Str)
		case wanted.inner != nil && value.IsObject():
			content[name], err = decodeFields(wanted.inner, value)
		default:
			var decoded any
			err = utiljson.Unmarshal([]byte(value.Raw), &decoded)
			content[name] = decoded
		}
		if err != nil {
			err = fmt.Errorf("decode %s: %w", name, err)
		}
		return err == nil
	})
	return content, err
}
