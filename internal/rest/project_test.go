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
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProject(t *testing.T) {
	const object = `{"id":"1","spec":{"id":"2","a\"}":["]",{"b":"\\"}],"n":-1.5e3},"labels":{},"generation":3,"deleted":true,"status":{"conditions":[]}}`
	for name, tt := range map[string]struct {
		fields []string
		want   string
	}{
		"first":     {[]string{"id"}, `{"id":"1"}`},
		"last":      {[]string{"status"}, `{"status":{"conditions":[]}}`},
		"in order":  {[]string{"generation", "id", "generation"}, `{"id":"1","generation":3}`},
		"an object": {[]string{"spec"}, `{"spec":{"id":"2","a\"}":["]",{"b":"\\"}],"n":-1.5e3}}`},
		"literals":  {[]string{"deleted", "labels"}, `{"labels":{},"deleted":true}`},
		"no member": {[]string{"none"}, `{}`},
		"nothing":   {nil, `{}`},
	} {
		if got := string(Project([]byte(object), tt.fields)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if got := string(Project([]byte(`{}`), []string{"id"})); got != `{}` {
		t.Errorf("of an empty object: %s", got)
	}
}

// A projection equals the result of decoding, deleting and encoding.
func FuzzProject(f *testing.F) {
	for _, value := range []string{`{}`, `[{"a":"]}\""},null]`, `"\\\\"`, `1e5`, `{"status":{"id":[{}]}}`} {
		f.Add(value, value, true)
	}
	f.Fuzz(func(t *testing.T, spec, status string, keep bool) {
		object := map[string]json.RawMessage{"id": json.RawMessage(`"1"`), "spec": json.RawMessage(spec), "status": json.RawMessage(status)}
		text, err := Marshal(object)
		if err != nil {
			return // not JSON
		}
		fields := []string{"status"}
		if keep {
			fields = append(fields, "id")
		} else {
			delete(object, "id")
		}
		delete(object, "spec")
		want, err := Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(Project(text, fields))); diff != "" {
			t.Errorf("projection of %s (-want +got):\n%s", text, diff)
		}
	})
}

func BenchmarkProject(b *testing.B) {
	object, err := Marshal(map[string]any{"id": "1", "name": "2", "spec": map[string]any{"a": make([]int, 700)}, "status": 3})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Project(object, []string{"id", "status"})
	}
}
