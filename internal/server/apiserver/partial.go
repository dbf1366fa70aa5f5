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
	"slices"
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
	paths []string
	names [][]string // of the fields on each path
}

// simplePath matches paths that have the same meaning for gjson.
var simplePath = regexp.MustCompile(`^\w+(\.\w+)*$`)

// newPartialDecoder returns a decoder for the attributes of a custom resource. It returns
// false if the resource has a selectable field with an unusual name.
func newPartialDecoder(attributes storage.AttrFunc) (*partialDecoder, bool) {
	_, fields, err := attributes(&unstructured.Unstructured{Object: map[string]any{}})
	if err != nil {
		return nil, false
	}
	paths := []string{"metadata.labels", "metadata.name", "metadata.namespace"}
	for path := range fields { // an empty object has all selectable fields, without values
		if !simplePath.MatchString(path) {
			return nil, false
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	d := &partialDecoder{paths: slices.Compact(paths)}
	for _, path := range d.paths {
		d.names = append(d.names, strings.Split(path, "."))
	}
	return d, true
}

func (d *partialDecoder) decode(data []byte) (runtime.Object, error) {
	if !gjson.ValidBytes(data) || gjson.GetBytes(data, "kind").Str == "" {
		return nil, errors.New("the stored object is not valid JSON, or has no kind")
	}
	object := &unstructured.Unstructured{Object: map[string]any{}}
	for i, value := range gjson.GetManyBytes(data, d.paths...) {
		if !value.Exists() {
			continue
		}
		var decoded any = value.Str
		if value.Type != gjson.String {
			if err := utiljson.Unmarshal([]byte(value.Raw), &decoded); err != nil {
				return nil, fmt.Errorf("decode %s: %w", d.paths[i], err)
			}
		}
		if err := unstructured.SetNestedField(object.Object, decoded, d.names[i]...); err != nil {
			return nil, fmt.Errorf("decode %s: %w", d.paths[i], err)
		}
	}
	return object, nil
}
