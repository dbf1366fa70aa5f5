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
	"slices"
)

// Project returns a JSON object with only some of its members, in their order. The object
// is the JSON of a row: its names have no escapes, and there is no white space between
// tokens. Project does not read beyond the last of the fields.
func Project(object []byte, fields []string) []byte {
	projected := []byte{'{'}
	missing := slices.Clone(fields)
	for rest := object[1:]; len(missing) > 0 && rest[0] == '"'; {
		name, value, ok := bytes.Cut(rest[1:], []byte(`":`))
		if !ok {
			break
		}
		end := valueEnd(value)
		before := len(missing)
		missing = slices.DeleteFunc(missing, func(field string) bool { return field == string(name) })
		if len(missing) < before {
			if len(projected) > 1 {
				projected = append(projected, ',')
			}
			projected = append(projected, rest[:len(rest)-len(value)+end]...)
		}
		rest = value[end+1:] // after the comma or brace
		if len(rest) == 0 {
			break
		}
	}
	return append(projected, '}')
}

// valueEnd returns the length of the JSON value at the beginning of text.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i+1:])
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// stringEnd returns the length of the rest of a JSON string with its closing quote.
func stringEnd(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
