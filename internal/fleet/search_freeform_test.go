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
	"testing"
)

// FuzzMember compares the members that memberAt finds in a JSON object with a decoder's.
func FuzzMember(f *testing.F) {
	for _, object := range []string{
		`{}`, `{"a":1}`, `{"a":{"b":[1,{"c":"}"}]},"b":"\\\"","c":null}`, `{"\u0061":true,"b\\":-1.5e3}`,
		`{"":{"":""}}`, `{"a":"\\","b":"\\\\\"","c":[]}`, `[{"a":1}]`, `"a"`, `{"a":[[],"]",{}],"b":{"a":"é"}}`,
	} {
		f.Add([]byte(object), "a", "b")
	}
	f.Fuzz(func(t *testing.T, text []byte, first, second string) {
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) != nil || object == nil || hasDuplicates(text, len(object)) {
			return
		}
		compact := new(bytes.Buffer)
		if err := json.Compact(compact, text); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(compact.Bytes(), &object); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{first, second} {
			got := memberAt(compact.Bytes(), []string{key})
			if want := object[key]; !bytes.Equal(got, want) {
				t.Errorf("%s: member %q is %q, want %q", compact, key, got, want)
			}
			if wantNull := object[key] == nil || string(object[key]) == "null"; got.isNull() != wantNull {
				t.Errorf("%s: member %q is null: %t", compact, key, got.isNull())
			}
			var want string
			isText := json.Unmarshal(object[key], &want) == nil && object[key][0] == '"'
			if text, ok := got.str(); ok != isText || text != want {
				t.Errorf("%s: member %q is the string %q, %t, want %q", compact, key, text, ok, want)
			}
		}
	})
}

// hasDuplicates reports whether an object has a key twice. The API server keeps only one.
func hasDuplicates(text []byte, keys int) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return true
	}
	n := 0
	for ; decoder.More(); n++ {
		var value json.RawMessage
		if _, err := decoder.Token(); err != nil {
			return true
		}
		if err := decoder.Decode(&value); err != nil {
			return true
		}
	}
	return n != keys
}
