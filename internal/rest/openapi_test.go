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

package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/hyperfleet-io/hyperfleet/internal/problem"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// TestDocument compares the served document with openapi.yaml.
func TestDocument(t *testing.T) {
	text := document(t)
	if bytes.Contains(text, []byte(`"x-`)) {
		t.Error("the document has extensions that only the generator reads")
	}
	var want, got any
	if err := yaml.Unmarshal(rest.OpenAPI, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want = withoutExtensions(want)
	pageSize := want.(map[string]any)["components"].(map[string]any)["parameters"].(map[string]any)["pageSize"].(map[string]any)["schema"].(map[string]any)
	pageSize["default"] = 7.0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-openapi.yaml +served):\n%s", diff)
	}
	// The order is that of the file: a name follows its kind and id.
	if example := `"value":{"kind":"Cluster","id":"`; !bytes.Contains(text, []byte(example)) {
		t.Errorf("the document lacks %s", example)
	}
}

func document(t *testing.T) []byte {
	t.Helper()
	text, err := rest.Document(7)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func withoutExtensions(part any) any {
	switch part := part.(type) {
	case map[string]any:
		for key, value := range part {
			if strings.HasPrefix(key, "x-") {
				delete(part, key)
				continue
			}
			part[key] = withoutExtensions(value)
		}
	case []any:
		for i := range part {
			part[i] = withoutExtensions(part[i])
		}
	}
	return part
}

// TestExamplesFitTheirSchemas checks that every request body and every answer with a body
// has examples, and that the schema allows them.
func TestExamplesFitTheirSchemas(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(document(t))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	check := func(where string, content openapi3.Content) {
		for mediaType, of := range content {
			if len(of.Examples) == 0 {
				t.Errorf("%s, %s: no example", where, mediaType)
			}
			for name, example := range of.Examples {
				shown[strings.TrimPrefix(example.Ref, "#/components/examples/")] = true
				if err := fits(of.Schema.Value, example.Value.Value); err != nil {
					t.Errorf("%s, %s: example %s: %v", where, mediaType, name, err)
				}
			}
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			where := method + " " + path
			if operation.RequestBody != nil {
				check(where, operation.RequestBody.Value.Content)
			}
			for status, response := range operation.Responses.Map() {
				check(where+" "+status, response.Value.Content)
				checkStatus(t, where, status, response.Value.Content["application/problem+json"])
			}
		}
	}
	for name := range doc.Components.Examples {
		if !shown[name] {
			t.Errorf("no body or answer shows example %s", name)
		}
	}
}

// checkStatus checks that the problems of an answer have its status.
func checkStatus(t *testing.T, where, status string, problems *openapi3.MediaType) {
	t.Helper()
	if problems == nil || status == "default" {
		return
	}
	for name, example := range problems.Examples {
		if got := fmt.Sprint(example.Value.Value.(map[string]any)["status"]); got != status {
			t.Errorf("%s %s: example %s has status %s", where, status, name, got)
		}
	}
}

// fits checks a value as the facade checks bodies.
func fits(schema *openapi3.Schema, value any) error {
	return schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(func(text string) error {
			_, err := time.Parse(time.RFC3339, text)
			return err
		})))
}

// kindOfProblem matches the kinds of problems in the source of package problem.
var kindOfProblem = regexp.MustCompile(`Kind\{"([^"]+)", http\.\w+, "([^"]+)", "([^"]+)"\}`)

// TestProblemsHaveExamples checks the example of each kind of problem. It has the kind's
// name.
func TestProblemsHaveExamples(t *testing.T) {
	var doc struct {
		Components struct {
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
	if err := json.Unmarshal(document(t), &doc); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../problem/problem.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindOfProblem.FindAllStringSubmatch(string(source), -1)
	if len(kinds) < 30 {
		t.Errorf("the source has %d kinds of problems", len(kinds))
	}
	for _, kind := range kinds {
		code, name, title := kind[1], kind[2], kind[3]
		var is rest.Problem
		if err := json.Unmarshal(doc.Components.Examples[name].Value, &is); err != nil {
			t.Errorf("example %s: %v", name, err)
		}
		want := rest.Problem{Type: problem.Kind{Name: name}.Type(), Title: title, Code: code}
		if diff := cmp.Diff(want, rest.Problem{Type: is.Type, Title: is.Title, Code: is.Code}); diff != "" {
			t.Errorf("example %s (-want +got):\n%s", name, diff)
		}
	}
}
