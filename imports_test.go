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

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports checks that no package depends on a package that the table in
// docs/architecture.md excludes, and that the kubectl plugin contains no server.
func TestImports(t *testing.T) {
	const module = "github.com/hyperfleet-io/hyperfleet/"
	server := []string{module + "internal/facade", module + "internal/replica", module + "internal/serving", module + "internal/server", module + "controllers",
		"github.com/getkin/kin-openapi", "k8s.io/apiserver"}
	for _, test := range []struct {
		packages []string // packages and flags for go list -deps
		without  []string // these packages and those below them
	}{
		{packages: []string{"./cmd/kubectl-hyperfleet"}, without: server},
		{packages: []string{"./internal/rest", "./internal/fleet", "./internal/aggregate"}, without: server},
		{packages: []string{"-test", "./controllers"}, without: []string{module + "internal/facade"}},
		{packages: []string{"./internal/facade"}, without: []string{module + "controllers"}},
		{packages: []string{"./internal/replica"}, without: []string{module + "internal/facade", module + "internal/problem", module + "controllers"}},
	} {
		name := strings.Join(test.packages, " ")
		out, err := exec.Command("go", append([]string{"list", "-deps"}, test.packages...)...).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", name, err)
		}
		for dependency := range strings.Lines(string(out)) {
			path, _, _ := strings.Cut(strings.TrimSpace(dependency), " ") // [for which test]
			for _, unwanted := range test.without {
				if path == unwanted || strings.HasPrefix(path, unwanted+"/") {
					t.Errorf("%s depends on %s", name, path)
				}
			}
		}
	}
}
