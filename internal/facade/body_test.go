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
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apijson "k8s.io/apimachinery/pkg/util/json"
)

// checkStored checks that the API server's decoding of a body, which knows
// numbers as int64 and float64 only, gives it back as an equal value.
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
		"ClusterCreateRequest":       func() any { return &ClusterCreateRequest{} },
		"NodePoolCreateRequest":      func() any { return &NodePoolCreateRequest{} },
		"AdapterStatusCreateRequest": func() any { return &AdapterStatusCreateRequest{} },
	}
	for _, seed := range []string{
		`{"kind":"Cluster","name":"abc","spec":{"a":[1e2,null]},"labels":{"a":"b"}}`,
		`{"name":"abc","id":1,"status":{"a":{}},"x":2}`,
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
			problem, ok := errors.AsType[*problemError](err)
			if !ok || problem.status != http.StatusBadRequest || problem.detail == "" {
				t.Errorf("%s: %q fails with %v", name, body, err)
				continue
			}
			if problem.code == problemInvalidBody.code && len(problem.errors) == 0 {
				t.Errorf("%s: %q is invalid, but in no field: %v", name, body, err)
			}
		}
	})
}

// checkFreeForm checks that the free-form objects of a decoded request are those
// of its body.
func checkFreeForm(t *testing.T, body []byte, request any) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	decoded := map[string]json.RawMessage{}
	switch request := request.(type) {
	case *ClusterCreateRequest:
		decoded["spec"] = request.Spec
	case *NodePoolCreateRequest:
		decoded["spec"] = request.Spec
	case *AdapterStatusCreateRequest:
		decoded["data"], decoded["metadata"] = request.Data, request.Metadata
	}
	for name, value := range decoded {
		if !bytes.Equal(members[name], value) {
			t.Errorf("%s of %q is decoded as %q", name, body, value)
		}
	}
}

// A body that is refused twice over: for what its schema knows, and for what only
// the generated types know.
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
		err := decodeBody([]byte(body), contract.schema("AdapterStatusCreateRequest"), &AdapterStatusCreateRequest{})
		var got string
		if problem, ok := errors.AsType[*problemError](err); ok && len(problem.errors) == 1 && problem.errors[0].Field == "observed_generation" {
			got = problem.errors[0].Constraint
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
	for body, want := range map[string][]FieldError{
		`{}`: {{"name", "required", "name is required"}},
		`{"name":"A_","x":1}`: {
			{"name", "minLength", "name must have at least 3 characters"},
			{"name", "pattern", "name must consist of lower-case letters, digits and hyphens, and start and end with a letter or digit"},
			{"x", "unknown", "x is not a known field"},
		},
		`{"kind":"cluster","name":1,"spec":[],"labels":{"a":1}}`: {
			{"kind", "enum", "kind must be Cluster"},
			{"labels.a", "type", "labels.a must be a string"},
			{"name", "type", "name must be a string"},
			{"spec", "type", "spec must be an object"},
		},
		`{"name":"abc","spec":{"a":1e400}}`: {{"spec.a", "number", "spec.a is a number beyond double precision, which cannot be stored exactly; send it as a string"}},
	} {
		problem, ok := errors.AsType[*problemError](decodeBody([]byte(body), contract.schema("ClusterCreateRequest"), &ClusterCreateRequest{}))
		if !ok {
			t.Errorf("%s is accepted", body)
			continue
		}
		if diff := cmp.Diff(want, problem.errors); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	var faults []FieldError
	for range 1000 {
		faults = append(faults, FieldError{strings.Repeat("ä", 1001), "unknown", strings.Repeat("ä", 1000) + " is not known"})
	}
	problem := problemInvalidBody.inFields(faults)
	if len(problem.errors) != maxFieldErrors || !strings.HasSuffix(problem.detail, "(and 999 more, see errors)") {
		t.Errorf("%d errors, detail %q", len(problem.errors), problem.detail)
	}
	if e := problem.errors[0]; len(e.Field) > maxFieldBytes+len("…") || strings.ToValidUTF8(e.Message, "?") != e.Message || !strings.HasSuffix(e.Message, " is not known") {
		t.Errorf("not cut as it should be: %+v", e)
	}
}

// docs/errors.md has every code, and no other.
func TestErrorsAreDocumented(t *testing.T) {
	codes := func(file string) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`HYPERFLEET-[A-Z]{3}-[0-9]{3}`).FindAllString(string(text), -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	if diff := cmp.Diff(codes("problem.go"), codes("../../docs/errors.md")); diff != "" {
		t.Errorf("codes (-problem.go +docs/errors.md):\n%s", diff)
	}
}
