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

package install

import (
	"fmt"
	"io/fs"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// overlay adds components and the served namespace to config/local, with the developer's
// account and its rights there.
const overlay = `resources:
- ../local
components: [%s]
configMapGenerator:
- name: hyperfleet-served
  namespace: hyperfleet-system
  literals:
  - namespace=%s
  options:
    disableNameSuffixHash: true
replacements:
- source:
    kind: ConfigMap
    name: hyperfleet-served
    fieldPath: data.namespace
  targets:
  - select:
      kind: ServiceAccount
      name: dev
    fieldPaths:
    - metadata.namespace
  - select:
      kind: RoleBinding
      name: hyperfleet-dev-.*
    fieldPaths:
    - metadata.namespace
    - subjects.[kind=ServiceAccount].namespace
`

// Manifests builds config/local for the served namespace, and includes that namespace.
// With adapterIdentity, it includes config/adapter-identity. The files are the folder
// config.
func Manifests(files fs.FS, namespace string, adapterIdentity bool) ([]*unstructured.Unstructured, error) {
	memory := filesys.MakeFsInMemory()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		return memory.WriteFile("/config/"+path, content)
	})
	if err != nil {
		return nil, err
	}
	components := "../served"
	if adapterIdentity { // before the component that binds its policy to the served namespace
		components = "../adapter-identity, " + components
	}
	if err := memory.WriteFile("/config/server/kustomization.yaml", fmt.Appendf(nil, overlay, components, namespace)); err != nil {
		return nil, err
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/config/server")
	if err != nil {
		return nil, fmt.Errorf("build the manifests: %w", err)
	}
	objects := make([]*unstructured.Unstructured, 0, built.Size()+1)
	if namespace != metav1.NamespaceDefault { // which every API server has
		objects = append(objects, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace},
		}})
	}
	for _, resource := range built.Resources() {
		content, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: %w", resource.CurId(), err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			return nil, fmt.Errorf("manifest of %s: %w", resource.CurId(), err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}
