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
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"
)

// fact is the expected result of a path in one rendered object.
type fact struct {
	kind, name string
	path       string // a JSONPath. Empty: whether the object exists
	want       string // "" for nothing
}

// valuesCase contains values and their expected effects.
type valuesCase struct {
	values string
	facts  []fact
}

// TestValues sets each value of the chart and looks for it in the rendered objects.
// kubeconform checks them all against the schemas of the API server.
func TestValues(t *testing.T) {
	validate := newValidator(t)
	used := map[string]bool{}
	for name, c := range valuesCases {
		for path := range leaves(t, c.values) {
			used[path] = true
		}
		t.Run(name, func(t *testing.T) {
			objects := render(t, c.values)
			validate(t, objects)
			for _, f := range c.facts {
				got := ""
				for _, object := range objects {
					if object.GetKind() == f.kind && object.GetName() == f.name {
						got = lookUp(t, object.Object, f.path)
					}
				}
				if got != f.want {
					t.Errorf("%s of %s %s is %q, want %q", f.path, f.kind, f.name, got, f.want)
				}
			}
		})
	}
	defaults, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(leaves(t, string(defaults)))) {
		if !covers(used, path) {
			t.Errorf("no case sets %s", path)
		}
	}
}

// lookUp returns the string that a JSONPath finds, or "exists" if there is no path.
func lookUp(t *testing.T, object map[string]any, path string) string {
	t.Helper()
	if path == "" {
		return "exists"
	}
	parsed := jsonpath.New("fact").AllowMissingKeys(true)
	if err := parsed.Parse(path); err != nil {
		t.Fatal(err)
	}
	var found bytes.Buffer
	if err := parsed.Execute(&found, object); err != nil {
		t.Fatal(err)
	}
	return found.String()
}

// leaves returns the paths of the values in a YAML document, such as image.tag, with
// their values. An empty object is a leaf.
func leaves(t *testing.T, document string) map[string]any {
	t.Helper()
	var values map[string]any
	if err := yaml.UnmarshalStrict([]byte(document), &values); err != nil {
		t.Fatal(err)
	}
	paths := map[string]any{}
	var walk func(prefix string, value any)
	walk = func(prefix string, value any) {
		if object, ok := value.(map[string]any); ok && len(object) > 0 {
			for key, member := range object {
				walk(strings.TrimPrefix(prefix+"."+key, "."), member)
			}
			return
		}
		paths[prefix] = value
	}
	walk("", values)
	return paths
}

// covers reports whether one of the paths is the given path, or is inside the object at
// that path.
func covers(paths map[string]bool, path string) bool {
	for used := range paths {
		if used == path || strings.HasPrefix(used, path+".") {
			return true
		}
	}
	return false
}
