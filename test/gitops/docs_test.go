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

package gitops

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// application contains the fields of an Argo CD Application that docs/gitops.md uses. The
// module of the real type would require all of Argo CD.
type application struct {
	APIVersion, Kind string
	Metadata         struct {
		Name, Namespace string
		Finalizers      []string
	}
	Spec struct {
		Project string
		Source  struct {
			RepoURL, Chart, Path, TargetRevision string
			Helm                                 struct{ ValuesObject map[string]any }
		}
		Destination struct{ Server, Namespace string }
		SyncPolicy  struct {
			Automated                struct{ Prune, SelfHeal bool }
			ManagedNamespaceMetadata struct{ Labels map[string]string }
			Retry                    struct{ Limit int }
			SyncOptions              []string
		}
	}
}

// examples returns the YAML documents of docs/gitops.md.
func examples(t *testing.T) (documents []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(manifests, "..", "docs", "gitops.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		documents = append(documents, strings.Split(block[1], "\n---\n")...)
	}
	return documents
}

// exampleRelease returns the HelmRelease of docs/gitops.md.
func exampleRelease(t *testing.T) *helmv2.HelmRelease {
	t.Helper()
	for _, document := range examples(t) {
		if release := (&helmv2.HelmRelease{}); strings.Contains(document, "kind: HelmRelease\n") {
			if err := yaml.UnmarshalStrict([]byte(document), release); err != nil {
				t.Fatal(err)
			}
			return release
		}
	}
	t.Fatal("docs/gitops.md has no HelmRelease")
	return nil
}

// TestExamples decodes the examples of docs/gitops.md as the tools do, and renders the
// chart with their values.
func TestExamples(t *testing.T) {
	count := map[string]int{}
	for _, document := range examples(t) {
		release, app := &helmv2.HelmRelease{}, &application{}
		var kind struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatal(err)
		}
		var object any
		switch kind.Kind {
		case "OCIRepository":
			object = &sourcev1.OCIRepository{}
		case "HelmRelease":
			object = release
		case "Kustomization":
			object = &kustomizev1.Kustomization{}
		case "Application":
			object = app
		case "":
			object = &types.Kustomization{}
		}
		if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
			t.Errorf("%s\n%v", document, err)
		}
		count[kind.Kind]++
		values := app.Spec.Source.Helm.ValuesObject
		if release.Spec.Values != nil {
			values = release.GetValues()
		}
		if values != nil {
			file := filepath.Join(t.TempDir(), "values.json")
			content, err := json.Marshal(values)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			helm(t, "template", "hyperfleet", chart, "--values="+file)
		}
	}
	for kind, want := range map[string]int{"OCIRepository": 1, "HelmRelease": 1, "Kustomization": 2, "Application": 3, "": 3} {
		if count[kind] != want {
			t.Errorf("docs/gitops.md has %d examples of the Kind %q, want %d", count[kind], kind, want)
		}
	}
}
