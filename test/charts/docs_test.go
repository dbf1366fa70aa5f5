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

package charts

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

var valueRow = regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\| `(.+?)` \\| .* \\|$")

// TestDocumentation compares the table in docs/helm.md with values.yaml: each value with
// its default.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs", "helm.md"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.UnmarshalStrict(content, &values); err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range valueRow.FindAllStringSubmatch(string(page), -1) {
		path := row[1]
		documented[path] = true
		var got any
		if err := json.Unmarshal([]byte(row[2]), &got); err != nil {
			t.Errorf("the default of %s: %v", path, err)
			continue
		}
		want, found, err := unstructured.NestedFieldNoCopy(values, strings.Split(path, ".")...)
		if diff := cmp.Diff(want, got); diff != "" || !found || err != nil {
			t.Errorf("the default of %s (-values.yaml +docs/helm.md; found %t, %v):\n%s", path, found, err, diff)
		}
	}
	for path := range leaves(t, string(content)) {
		if !isPartOf(documented, path) {
			t.Errorf("docs/helm.md lacks %s", path)
		}
	}
}

// TestExamples renders the values that docs/helm.md shows.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs", "helm.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(examples) == 0 {
		t.Fatal("docs/helm.md has no examples")
	}
	for _, example := range examples {
		if _, err := template(t, example[1]); err != nil {
			t.Errorf("%s\n%v", example[1], err)
		}
	}
}

// isPartOf reports whether one of the paths is the given path, or the path of an object
// that contains it.
func isPartOf(paths map[string]bool, path string) bool {
	names := strings.Split(path, ".")
	for i := range names {
		if paths[strings.Join(names[:i+1], ".")] {
			return true
		}
	}
	return false
}
