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
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// onlyKustomize are the objects that the chart does not have: helm creates the
// namespace of a release by a flag, and the served namespace is a value.
var onlyKustomize = []string{"Namespace//hyperfleet-system", "ConfigMap/hyperfleet-system/hyperfleet-served"}

// helmLabels are labels and selectors that only helm's objects have.
var helmLabels = []string{"helm.sh/chart", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"}

// unscoped are Kinds without a namespace to which kustomize adds the namespace of an
// overlay, because it does not know these Kinds. The API server ignores the namespace.
var unscoped = []string{"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}

// TestKustomize compares the objects that helm and kustomize install. They may differ in
// onlyKustomize, helmLabels, unscoped, the annotation that keeps the CRDs, the comments
// in the adapters' configuration, and hooks.
func TestKustomize(t *testing.T) {
	cases := map[string]struct {
		overlay string // an overlay of config/default, or another kustomization
		values  string
		args    []string
	}{
		"default": {overlay: "resources: [config/default]"},
		"other namespaces": {
			overlay: `
resources: [moved]
components: [config/served]
configMapGenerator:
- name: hyperfleet-served
  namespace: ops
  behavior: merge
  literals: [namespace=fleet]
`,
			values: "servedNamespace: fleet",
			args:   []string{"--namespace=ops"},
		},
		"cert-manager, adapter identity and monitoring": {
			overlay: `
resources: [config/default, config/prometheus]
components: [config/cert-manager, config/adapter-identity]
`,
			values: `
tls: {certManager: {enabled: true}}
adapterIdentity: {enabled: true}
metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}
`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want := normalized(t, kustomize(t, c.overlay))
			for _, key := range onlyKustomize {
				delete(want, strings.ReplaceAll(key, "hyperfleet-system", namespaceOf(c.args)))
			}
			got := normalized(t, render(t, c.values, c.args...))
			compare(t, want, got)
		})
	}
}

// compare compares objects by their keys.
func compare(t *testing.T, want, got map[string]any) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	for key, object := range got {
		if diff := cmp.Diff(want[key], object); diff != "" && want[key] != nil {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

func namespaceOf(args []string) string {
	for _, arg := range args {
		if namespace, ok := strings.CutPrefix(arg, "--namespace="); ok {
			return namespace
		}
	}
	return "hyperfleet-system"
}

// kustomize builds an overlay. There, config/ is the repository's, and moved is
// config/default in the namespace ops.
func kustomize(t *testing.T, overlay string) []*unstructured.Unstructured {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "config"), os.DirFS(filepath.Join(repository, "config"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "moved"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{
		"kustomization.yaml":       overlay,
		"moved/kustomization.yaml": "namespace: ops\nresources: [../config/default]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return decode(t, kubectl(t, "kustomize", dir))
}

// normalized returns the objects by their keys, without the parts that may differ.
func normalized(t *testing.T, objects []*unstructured.Unstructured) map[string]any {
	t.Helper()
	byKey := map[string]any{}
	for _, object := range objects {
		if isHook(object) {
			continue
		}
		if slices.Contains(unscoped, object.GetKind()) {
			object.SetNamespace("")
		}
		if annotations := object.GetAnnotations(); annotations["helm.sh/resource-policy"] != "" {
			delete(annotations, "helm.sh/resource-policy")
			object.SetAnnotations(annotations)
		}
		if object.GetName() == "hyperfleet-adapters" {
			parsed := map[string]any{}
			file, _, err := unstructured.NestedString(object.Object, "data", "adapters.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict([]byte(file), &parsed); err != nil {
				t.Fatalf("%s: %v", key(object), err)
			}
			object.Object["data"] = parsed
		}
		if byKey[key(object)] != nil {
			t.Errorf("%s is rendered twice", key(object))
		}
		byKey[key(object)] = withoutHelmLabels(object.Object)
	}
	if len(byKey) == 0 {
		t.Fatal("nothing is rendered")
	}
	return byKey
}

func withoutHelmLabels(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, label := range helmLabels {
			delete(value, label)
		}
		for key, member := range value {
			value[key] = withoutHelmLabels(member)
		}
	case []any:
		for i := range value {
			value[i] = withoutHelmLabels(value[i])
		}
	}
	return value
}
