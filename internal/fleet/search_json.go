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

package fleet

import (
	"bytes"
	"encoding/json"
	"unsafe"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// jsonValue is a value in valid JSON without white space, as rows contain it. It is nil
// if there is no value.
type jsonValue []byte

// String returns the JSON without a copy, because the JSON of a row is immutable.
func (v jsonValue) String() string { return unsafe.String(unsafe.SliceData(v), len(v)) }

func (v jsonValue) isNull() bool { return len(v) == 0 || v[0] == 'n' }

// str returns the content of a JSON string, false if the value is not one.
func (v jsonValue) str() (string, bool) {
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	if content := v[1 : len(v)-1]; bytes.IndexByte(content, '\\') < 0 {
		return content.String(), true
	}
	var content string
	err := json.Unmarshal(v, &content)
	return content, err == nil
}

func (v jsonValue) number() (tsl.Number, bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return tsl.Number{}, false
	}
	return tsl.ParseNumber(v.String())
}

// memberAt returns the value at a path of keys. Paths do not lead into arrays.
func memberAt(object jsonValue, path []string) jsonValue {
	for _, key := range path {
		if object = object.member(key); object == nil {
			return nil
		}
	}
	return object
}

// member returns the value of a key, nil if v is not an object or does not have the key.
func (v jsonValue) member(key string) jsonValue {
	if len(v) == 0 || v[0] != '{' || v[1] == '}' {
		return nil
	}
	for i := 1; i < len(v); i++ { // i is after a brace or a comma
		colon := i + v[i:].stringLength()
		name := v[i:colon]
		value := v[colon+1:]
		length := value.length()
		if name.equals(key) {
			return value[:length]
		}
		i = colon + 1 + length
	}
	return nil
}

// equals reports whether the value is a string with that content.
func (v jsonValue) equals(s string) bool {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1:len(v)-1].String() == s
	}
	content, ok := v.str()
	return ok && content == s
}

// length returns the length of the value at the start of v.
func (v jsonValue) length() int {
	switch v[0] {
	case '"':
		return v.stringLength()
	case '{', '[':
		depth := 0
		for i := 0; i < len(v); i++ {
			switch nesting[v[i]] {
			case opens:
				depth++
			case closes:
				if depth--; depth == 0 {
					return i + 1
				}
			case quotes:
				i += v[i:].stringLength() - 1
			}
		}
		return len(v)
	}
	for i, c := range v {
		if c == ',' || c == '}' || c == ']' {
			return i
		}
	}
	return len(v)
}

// nesting is the effect of each byte on the depth of a value. Nearly all bytes have none.
var nesting = [256]byte{'{': opens, '[': opens, '}': closes, ']': closes, '"': quotes}

const (
	opens = iota + 1
	closes
	quotes
)

// stringLength returns the length of the string at the start of v, with its quotes.
func (v jsonValue) stringLength() int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(v)
}
