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
	"strings"
	"unsafe"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// compileFreeForm is for a path into a free-form object. No index knows what
// stands there: each row's JSON is looked at.
func compileFreeForm(c *tsl.Comparison, path []string) (node, error) {
	for _, key := range path {
		if key == "" {
			return nil, &FieldError{Field: c.Field.Path, Offset: c.Field.Offset, Message: "a key of the path is empty; keys stand between dots, and in single quotes where they hold a dot themselves"}
		}
	}
	test, err := freeFormTest(c)
	if err != nil {
		return nil, err
	}
	l := &leaf{
		present: everything,
		row:     func(r *Row) bool { return test(memberAt(r.JSON, path)) },
		cost:    costFreeForm,
	}
	if isPattern(c.Op) {
		l.cost = costFreeFormPattern
	}
	return l, nil
}

// freeFormTest returns what a JSON value, nil for none, has to fulfil. A value of
// another type than the literal counts as absent, as null does.
func freeFormTest(c *tsl.Comparison) (func(jsonValue) bool, error) {
	if isPresence(c.Op) {
		return func(v jsonValue) bool { return v.isNull() == (c.Op == tsl.IsNull) }, nil
	}
	kind := c.Values[0].Kind
	for _, value := range c.Values {
		if value.Kind != kind {
			return nil, &FieldError{Field: c.Field.Path, Offset: value.Offset, Message: "the values of a comparison are all of one type: all texts, all numbers, all times or all booleans"}
		}
	}
	switch kind {
	case tsl.StringValue:
		test, err := textTest(c)
		return func(v jsonValue) bool { text, ok := v.text(); return ok && test(text) }, err
	case tsl.TimeValue:
		test, err := instantTest(c)
		return func(v jsonValue) bool {
			text, ok := v.text()
			if !ok {
				return false
			}
			t, err := tsl.ParseTime(text)
			return err == nil && test(t)
		}, err
	case tsl.NumberValue:
		return numberTest(c)
	default:
		return boolTest(c)
	}
}

func numberTest(c *tsl.Comparison) (func(jsonValue) bool, error) {
	if isPattern(c.Op) {
		return nil, noText(c, "a number")
	}
	numbers := make([]tsl.Number, len(c.Values))
	for i, value := range c.Values {
		numbers[i] = value.Number
	}
	test := ordered(c.Op, numbers, tsl.Number.Compare)
	return func(v jsonValue) bool { n, ok := v.number(); return ok && test(n) }, nil
}

func boolTest(c *tsl.Comparison) (func(jsonValue) bool, error) {
	if !isEquality(c.Op) {
		return nil, &FieldError{Field: c.Field.Path, Offset: c.Values[0].Offset, Message: "true and false are compared with =, !=, in or not in"}
	}
	values := make([]string, len(c.Values))
	for i, value := range c.Values {
		values[i] = value.Text
	}
	test := ordered(c.Op, values, strings.Compare)
	return func(v jsonValue) bool {
		return len(v) > 0 && (v[0] == 't' || v[0] == 'f') && test(v.String())
	}, nil
}

// jsonValue is a value within a valid JSON text without blank space, as rows hold
// it. It is nil where there is none.
type jsonValue []byte

// String returns the text of the value without a copy: the JSON of a row never
// changes.
func (v jsonValue) String() string { return unsafe.String(unsafe.SliceData(v), len(v)) }

func (v jsonValue) isNull() bool { return len(v) == 0 || v[0] == 'n' }

// text returns the content of a string.
func (v jsonValue) text() (string, bool) {
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	if content := v[1 : len(v)-1]; bytes.IndexByte(content, '\\') < 0 {
		return content.String(), true
	}
	var text string
	err := json.Unmarshal(v, &text)
	return text, err == nil
}

func (v jsonValue) number() (tsl.Number, bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return tsl.Number{}, false
	}
	return tsl.ParseNumber(v.String())
}

// memberAt returns the value at a path of keys. There is none within an array.
func memberAt(object jsonValue, path []string) jsonValue {
	for _, key := range path {
		if object = object.member(key); object == nil {
			return nil
		}
	}
	return object
}

// member returns the value of a key, nil where the value is no object or has no
// such key.
func (v jsonValue) member(key string) jsonValue {
	if len(v) == 0 || v[0] != '{' || v[1] == '}' {
		return nil
	}
	for i := 1; i < len(v); i++ { // each time past a brace or a comma
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

// equals tells whether the value is a string of that content.
func (v jsonValue) equals(text string) bool {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1:len(v)-1].String() == text
	}
	content, ok := v.text()
	return ok && content == text
}

// length returns how long the value is that v starts with.
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

// nesting says what a byte does to the depth of a value. Nearly all do nothing.
var nesting = [256]byte{'{': opens, '[': opens, '}': closes, ']': closes, '"': quotes}

const (
	opens = iota + 1
	closes
	quotes
)

// stringLength returns how long the string is that v starts with, its quotes
// included.
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
