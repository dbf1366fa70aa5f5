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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/hyperfleet-io/hyperfleet/internal/server/install"
)

// script runs a script of hack/ in a copy of the files that it reads.
func script(t *testing.T, dir string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), args[0], args[1:]...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestPackage packages the chart from two copies of the repository, whose files have
// different times and permissions.
func TestPackage(t *testing.T) {
	var packages [][]byte
	var last string
	for _, mode := range []os.FileMode{0o600, 0o755} {
		dir := t.TempDir()
		for _, folder := range []string{"charts", "hack"} {
			if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(repository, folder))); err != nil {
				t.Fatal(err)
			}
		}
		values := filepath.Join(dir, "charts", "hyperfleet", "values.yaml")
		at := time.Unix(int64(mode), 0)
		if err := os.Chmod(values, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(values, at, at); err != nil {
			t.Fatal(err)
		}
		script(t, dir, "hack/chart.sh", "package", "v1.2.3", dir)
		last = filepath.Join(dir, "hyperfleet-1.2.3.tgz")
		content, err := os.ReadFile(last)
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, content)
	}
	if !bytes.Equal(packages[0], packages[1]) {
		t.Error("the packages of the same files differ")
	}
	if out, err := helm(t.Context(), "lint", "--strict", last); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := helm(t.Context(), "template", "rel", last, "--namespace=hyperfleet-system")
	if err != nil {
		t.Fatal(err)
	}
	packaged := decode(t, out)
	deployment := find(t, packaged, "Deployment", deployed)
	if got := lookUp(t, deployment.Object, container+".image}"); got != "hyperfleet:v1.2.3" {
		t.Errorf("the image is %s", got)
	}
	if got := deployment.GetLabels()["helm.sh/chart"]; got != "hyperfleet-1.2.3" {
		t.Errorf("the chart's label is %s", got)
	}
	if diff := cmp.Diff(keys(render(t, "")), keys(packaged)); diff != "" {
		t.Errorf("objects of the folder and of the package (-folder +package):\n%s", diff)
	}
}

// TestInstallYAML applies install.yaml of a version to a real API server, and then
// install.yaml of another version.
func TestInstallYAML(t *testing.T) {
	p := startPlane(t)
	kubectl, err := filepath.Abs(filepath.Join(assets(), "kubectl"))
	if err != nil {
		t.Fatal(err)
	}
	var objects []*unstructured.Unstructured
	for _, version := range []string{"v1.2.3", "v1.2.4"} {
		file := filepath.Join(t.TempDir(), "install.yaml")
		script(t, repository, "hack/install-yaml.sh", version, kubectl, file)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects = decode(t, string(content))
		script(t, repository, kubectl, "--kubeconfig="+p.kubeconfig, "apply", "--server-side", "--filename="+file)
		if left := p.left(t, objects); len(left) != len(objects) {
			t.Errorf("of %d objects the API server has %d", len(objects), len(left))
		}
		for _, object := range objects {
			stored := object.DeepCopy()
			if err := p.client.Get(t.Context(), client.ObjectKeyFromObject(object), stored); err != nil {
				t.Fatal(err)
			}
			if got := stored.GetLabels()["app.kubernetes.io/version"]; got != version {
				t.Errorf("the version of %s is %q, want %s", key(object), got, version)
			}
			if object.GetKind() == "Deployment" {
				if got := lookUp(t, stored.Object, container+".image}"); got != "hyperfleet:"+version {
					t.Errorf("the image is %s", got)
				}
			}
		}
	}
	compare(t, normalized(t, kustomize(t, "resources: [config/default]")), unversioned(t, objects))
	if err := install.WaitInForce(t.Context(), p.config, "default", nil); err != nil {
		t.Error(err)
	}
}

// TestTakeOver installs the chart over an installation by install.yaml, as in
// docs/helm.md.
func TestTakeOver(t *testing.T) {
	p := startPlane(t)
	kubectl, err := filepath.Abs(filepath.Join(assets(), "kubectl"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "install.yaml")
	script(t, repository, "hack/install-yaml.sh", "v1.2.3", kubectl, file)
	script(t, repository, kubectl, "--kubeconfig="+p.kubeconfig, "apply", "--server-side", "--filename="+file)
	if _, err := p.helm(t.Context(), "install", "rel", chart, "--namespace=hyperfleet-system"); err == nil {
		t.Error("helm takes over the objects of others without being told to")
	}
	before := p.definition(t, "clusters.hyperfleet.io").GetUID()
	script(t, repository, kubectl, "--kubeconfig="+p.kubeconfig, "--namespace=hyperfleet-system", "delete", "deployment", deployed)
	p.mustHelm(t, "install", "rel", chart, "--namespace=hyperfleet-system", "--take-ownership", "--force-conflicts")
	if after := p.definition(t, "clusters.hyperfleet.io").GetUID(); after != before {
		t.Error("the CRD was created again: its objects are gone")
	}
	rendered := slices.DeleteFunc(render(t, ""), isHook)
	if left := p.left(t, rendered); len(left) != len(rendered) {
		t.Errorf("of %d objects the API server has %d", len(rendered), len(left))
	}
}

// unversioned returns normalized objects with the image and without the labels of
// config/default.
func unversioned(t *testing.T, objects []*unstructured.Unstructured) map[string]any {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
		if err != nil {
			t.Fatal(err)
		}
		containers[0].(map[string]any)["image"] = "hyperfleet:latest"
		if err := unstructured.SetNestedSlice(object.Object, containers, "spec", "template", "spec", "containers"); err != nil {
			t.Fatal(err)
		}
	}
	byKey := normalized(t, objects)
	for _, object := range byKey {
		metadata := object.(map[string]any)["metadata"].(map[string]any)
		if labels, ok := metadata["labels"].(map[string]any); ok && len(labels) == 0 {
			delete(metadata, "labels")
		}
	}
	return byKey
}
