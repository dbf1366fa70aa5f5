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

package rest

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// OpenAPI is the OpenAPI document of the REST API, in YAML; the Go types are generated
// from it. Document returns the document that is served.
//
//go:embed openapi.yaml
var OpenAPI []byte

// Document returns the OpenAPI document as JSON with a default page size. It has the
// order of openapi.yaml, so examples look like answers. It does not contain the
// extensions that only the generator of the Go types reads.
func Document(pageSize int) ([]byte, error) {
	var document yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(OpenAPI, &document, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	if !replace(document, pageSize, "components", "parameters", "pageSize", "schema", "default") {
		return nil, fmt.Errorf("openapi.yaml has no default page size")
	}
	var b bytes.Buffer
	if err := writeJSON(&b, document); err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return b.Bytes(), nil
}

// replace replaces the value at a path, and reports whether there was one.
func replace(in yaml.MapSlice, value any, path ...string) bool {
	for i, member := range in {
		if member.Key != path[0] {
			continue
		}
		if len(path) == 1 {
			in[i].Value = value
			return true
		}
		below, ok := member.Value.(yaml.MapSlice)
		return ok && replace(below, value, path[1:]...)
	}
	return false
}

// writeJSON writes a part of the document without the extensions for the generator.
func writeJSON(b *bytes.Buffer, part any) error {
	switch part := part.(type) {
	case yaml.MapSlice:
		open := byte('{')
		for _, member := range part {
			key := fmt.Sprint(member.Key) // a status code, unless it is quoted, is a number
			if isForGenerator(key) {
				continue
			}
			b.WriteByte(open)
			open = ','
			if err := writeJSON(b, key); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, member.Value); err != nil {
				return err
			}
		}
		if open == '{' {
			b.WriteByte(open)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range part {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		scalar, err := Marshal(part)
		if err != nil {
			return err
		}
		b.Write(scalar)
	}
	return nil
}

// isForGenerator reports whether a member of the document is an extension of oapi-codegen.
func isForGenerator(key string) bool { return strings.HasPrefix(key, "x-go-") || key == "x-order" }
