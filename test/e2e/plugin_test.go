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

package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestPlugin searches with kubectl, which finds the plugin in the PATH.
func TestPlugin(t *testing.T) {
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	inBothShapes(t, testPlugin)
}

func testPlugin(t *testing.T, f *fleet) {
	f.start(t)
	for _, cluster := range []string{
		`{"name":"web","labels":{"environment":"dev"},"spec":{"region":"eu-1"}}`,
		`{"name":"api","labels":{"environment":"staging"},"spec":{"region":"us-1"}}`,
		`{"spec":{},"name":"lab"}`,
	} {
		f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", cluster)
	}
	f.kubectl(t, "", "wait", "--for=condition=Ready=False", patience(t), "hfc", "--all")

	found := f.kubectl(t, "", "hyperfleet", "search", "labels.environment = 'dev' or spec.region = 'us-1'", "--order-by", "name", "-o", "name")
	if want := "cluster.hyperfleet.io/api\ncluster.hyperfleet.io/web\n"; found != want {
		t.Errorf("Found %q, want %q", found, want)
	}

	explained := f.kubectl(t, "", "hyperfleet", "search", "labels.environment = 'dev' and status.conditions.Ready = 'False'", "--explain")
	const line = "kubectl get clusters.hyperfleet.io -l 'environment=dev' --field-selector 'status.ready!=True'\n"
	if !strings.HasSuffix(explained, line) {
		t.Errorf("The explanation does not end with %q:\n%s", line, explained)
	}
	if out := f.kubectl(t, "", "get", "clusters.hyperfleet.io", "-l", "environment=dev", "--field-selector", "status.ready!=True", "-o", "name"); out != "cluster.hyperfleet.io/web\n" {
		t.Errorf("kubectl finds %q with the explained selectors", out)
	}

	out, err := f.tryKubectl(t, "", "hyperfleet", "search", "color = 'red'")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.HasPrefix(out, "error: search: at character 1: color: ") || !strings.HasSuffix(out, "\n  color = 'red'\n  ^\n") {
		t.Errorf("An unknown field: %v\n%s", err, out)
	}
}
