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

package facade

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	apijson "k8s.io/apimachinery/pkg/util/json"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// checkStored checks that the API server's decoding of a body, which reads numbers as
// int64 or float64, returns an equal value.
func checkStored(t *testing.T, body []byte) {
	t.Helper()
	var stored any
	if err := apijson.Unmarshal(body, &stored); err != nil {
		t.Fatalf("the API server does not decode %q: %v", body, err)
	}
	returned, err := apijson.Marshal(stored)
	if err != nil {
		t.Fatalf("the API server does not encode %q: %v", body, err)
	}
	if want, got := withDecimals(t, body), withDecimals(t, returned); !reflect.DeepEqual(want, got) {
		t.Errorf("%q comes back as %q", body, returned)
	}
}

// withDecimals decodes JSON with its numbers as decimal writes them.
func withDecimals(t *testing.T, text []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		t.Fatalf("decode %q: %v", text, err)
	}
	return decimalValue(value)
}

func decimalValue(value any) any {
	switch value := value.(type) {
	case json.Number:
		return [1]string{decimal(value.String())}
	case []any:
		for i := range value {
			value[i] = decimalValue(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = decimalValue(value[key])
		}
	}
	return value
}

func FuzzDecodeBody(f *testing.F) {
	contract, err := loadContract(20)
	if err != nil {
		f.Fatal(err)
	}
	requests := map[string]func() any{
		"ClusterCreateRequest":       func() any { return &rest.ClusterCreateRequest{} },
		"NodePoolCreateRequest":      func() any { return &rest.NodePoolCreateRequest{} },
		"AdapterStatusCreateRequest": func() any { return &rest.AdapterStatusCreateRequest{} },
	}
	for _, seed := range []string{
		`{"kind":"Cluster","name":"abc","spec":{"a":[1e2,null]},"labels":{"a":"b"}}`,
		`{"spec":{},"name":"abc","id":1,"status":{"a":{}},"x":2}`,
		`{"adapter":"a","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":"A","status":"True","reason":null}],"data":{"a":1},"metadata":null}`,
		`{"adapter":"a","observed_generation":1.0,"observed_time":"2025-02-30T10:00:00Z","conditions":[{}]}`,
		`[]`, `null`, `{"spec":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, request := range requests {
			into := request()
			err := decodeBody(body, contract.schema(name), into)
			if err == nil {
				checkStored(t, body)
				checkFreeForm(t, body, into)
				continue
			}
			p, ok := errors.AsType[*problem.Error](err)
			if !ok || p.Status != http.StatusBadRequest || p.Detail == "" {
				t.Errorf("%s: %q fails with %v", name, body, err)
				continue
			}
			if p.Kind == problem.InvalidBody && len(p.Fields) == 0 {
				t.Errorf("%s: %q is invalid, but in no field: %v", name, body, err)
			}
		}
	})
}

// checkFreeForm checks that the free-form objects of a decoded request equal those of its
// body.
func checkFreeForm(t *testing.T, body []byte, request any) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	decoded := map[string]json.RawMessage{}
	switch request := request.(type) {
	case *rest.ClusterCreateRequest:
		decoded["spec"] = request.Spec
	case *rest.NodePoolCreateRequest:
		decoded["spec"] = request.Spec
	case *rest.AdapterStatusCreateRequest:
		decoded["data"], decoded["metadata"] = request.Data, request.Metadata
	}
	for name, value := range decoded {
		if !bytes.Equal(members[name], value) {
			t.Errorf("%s of %q is decoded as %q", name, body, value)
		}
	}
}

// TestIntegersOfReports sends bodies with faults that the schema finds, and with faults
// that only the generated types find.
func TestIntegersOfReports(t *testing.T) {
	contract, err := loadContract(20)
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]string{
		"1": "", "2147483647": "", "0": "minimum", "-0": "minimum", "-1": "minimum", "-3000000000": "minimum", "2147483648": "maximum", "1e19": "maximum",
		"1.0": "type", "1e0": "type", "10e-1": "type", "1.5": "type", "true": "type", "9223372036854775808": "number",
	} {
		body := `{"adapter":"a","observed_generation":` + number + `,"observed_time":"2025-01-01T10:00:00Z","conditions":[]}`
		err := decodeBody([]byte(body), contract.schema("AdapterStatusCreateRequest"), &rest.AdapterStatusCreateRequest{})
		var got string
		if p, ok := errors.AsType[*problem.Error](err); ok && len(p.Fields) == 1 && p.Fields[0].Field == "observed_generation" {
			got = p.Fields[0].Constraint
		} else if err != nil {
			t.Errorf("%s: %v", number, err)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}

func TestFieldPath(t *testing.T) {
	for want, path := range map[string][]string{
		"":                     nil,
		"name":                 {"name"},
		"12":                   {"12"},
		"labels.12":            {"labels", "12"},
		"labels.a/b":           {"labels", "a/b"},
		"conditions":           {"conditions"},
		"conditions[12]":       {"conditions", "12"},
		"conditions[0].status": {"conditions", "0", "status"},
	} {
		if got := fieldPath(path); got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}

func TestMessages(t *testing.T) {
	contract, err := loadContract(20)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string][]rest.FieldError{
		`{}`: {
			{Field: "name", Constraint: "required", Message: "name is required"},
			{Field: "spec", Constraint: "required", Message: "spec is required"},
		},
		`{"kind":"","name":"abc","spec":{}}`: {{Field: "kind", Constraint: "required", Message: "kind is required"}},
		`{"spec":{},"name":"A_","x":1}`: {
			{Field: "name", Constraint: "minLength", Message: "name must have at least 3 characters"},
			{Field: "name", Constraint: "pattern", Message: "name must consist of lower-case letters, digits and hyphens, and start and end with a letter or digit"},
			{Field: "x", Constraint: "unknown", Message: "x is not a known field"},
		},
		`{"kind":"cluster","name":1,"spec":[],"labels":{"a":1}}`: {
			{Field: "kind", Constraint: "enum", Message: "kind must be 'Cluster'"},
			{Field: "labels.a", Constraint: "type", Message: "labels.a must be a string"},
			{Field: "name", Constraint: "type", Message: "name must be a string"},
			{Field: "spec", Constraint: "type", Message: "spec must be an object"},
		},
		`{"name":"abc","spec":{"a":1e400}}`: {{Field: "spec.a", Constraint: "number", Message: "spec.a is a number beyond double precision, which cannot be stored exactly; send it as a string"}},
	} {
		p, ok := errors.AsType[*problem.Error](decodeBody([]byte(body), contract.schema("ClusterCreateRequest"), &rest.ClusterCreateRequest{}))
		if !ok {
			t.Errorf("%s is accepted", body)
			continue
		}
		if diff := cmp.Diff(want, p.Fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}
