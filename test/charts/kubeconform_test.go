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
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/yannh/kubeconform/pkg/resource"
	"github.com/yannh/kubeconform/pkg/validator"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/openapi"
	"sigs.k8s.io/yaml"
)

// typesOfOperators are the Go types of the Kinds that no API server has without an
// operator.
var typesOfOperators = map[string]func() any{
	"Certificate":    func() any { return &certmanagerv1.Certificate{} },
	"Issuer":         func() any { return &certmanagerv1.Issuer{} },
	"ServiceMonitor": func() any { return &monitoringv1.ServiceMonitor{} },
	"PodMonitor":     func() any { return &monitoringv1.PodMonitor{} },
	"PrometheusRule": func() any { return &monitoringv1.PrometheusRule{} },
}

// newValidator returns a function that checks objects with kubeconform, with the schemas
// of a real API server, and the objects of operators with their Go types. Unknown fields
// are errors.
func newValidator(t *testing.T) func(*testing.T, []*unstructured.Unstructured) {
	t.Helper()
	conform := newKubeconform(t)
	return func(t *testing.T, objects []*unstructured.Unstructured) {
		t.Helper()
		for _, object := range objects {
			content, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			if newType := typesOfOperators[object.GetKind()]; newType != nil {
				if err := yaml.UnmarshalStrict(content, newType()); err != nil {
					t.Errorf("%s: %v", key(object), err)
				}
				continue
			}
			if result := conform.ValidateResource(resource.Resource{Bytes: content}); result.Status != validator.Valid {
				t.Errorf("kubeconform on %s: %v", key(object), result.Err)
			}
		}
	}
}

// TestKubeconform proves that the schemas refuse fields that are unknown, missing or of
// another type.
func TestKubeconform(t *testing.T) {
	conform := newKubeconform(t)
	for object, want := range map[string]validator.Status{
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1}]}}":                               validator.Valid,
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: x}]}}":                               validator.Invalid,
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{porte: 1, port: 1}]}}":                     validator.Invalid,
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{}]}}":                                      validator.Invalid,
		"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {labels: {a: b}}, spec: {maxUnavailable: 50%}}":    validator.Valid,
		"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {labels: {a: [b]}}, spec: {maxUnavailable: 50%}}":  validator.Invalid,
		"{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {labels: {a: b}}, spec: {maxUnavailable: 1}}": validator.Error,
	} {
		if result := conform.ValidateResource(resource.Resource{Bytes: []byte(object)}); result.Status != want {
			t.Errorf("Status of %s is %v (%v), want %v", object, result.Status, result.Err, want)
		}
	}
}

func newKubeconform(t *testing.T) validator.Validator {
	t.Helper()
	dir := t.TempDir()
	writeSchemas(t, startPlane(t), dir)
	conform, err := validator.New([]string{filepath.Join(dir, "{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json")}, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	return conform
}

// writeSchemas writes a JSON schema of each Kind of an API server into a folder.
func writeSchemas(t *testing.T, plane *plane, dir string) {
	t.Helper()
	paths, err := plane.discovery(t).OpenAPIV3().Paths()
	if err != nil {
		t.Fatal(err)
	}
	for path, group := range paths {
		if path != "api/v1" && !strings.HasPrefix(path, "apis/") {
			continue
		}
		if err := writeGroup(group, dir); err != nil {
			t.Fatalf("schemas of %s: %v", path, err)
		}
	}
}

func writeGroup(group openapi.GroupVersion, dir string) error {
	content, err := group.Schema("application/json")
	if err != nil {
		return err
	}
	var document struct {
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	for _, definition := range document.Components.Schemas {
		beStrict(definition)
	}
	for name, definition := range document.Components.Schemas {
		kinds, err := kindsOf(definition)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, kind := range kinds {
			content, err := json.Marshal(map[string]any{"$ref": "#/components/schemas/" + name, "components": document.Components})
			if err != nil {
				return err
			}
			if kind.Group == "" {
				kind.Group = kind.Version // kubeconform's name of the core group
			}
			file := fmt.Sprintf("%s_%s_%s.json", kind.Group, kind.Version, strings.ToLower(kind.Kind))
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// kindsOf returns the Kinds whose objects a definition describes.
func kindsOf(definition map[string]any) ([]schema.GroupVersionKind, error) {
	content, err := json.Marshal(definition["x-kubernetes-group-version-kind"])
	if err != nil {
		return nil, err
	}
	var kinds []schema.GroupVersionKind
	return kinds, json.Unmarshal(content, &kinds)
}

// beStrict refuses the properties that a definition does not list.
func beStrict(value any) {
	switch value := value.(type) {
	case map[string]any:
		_, fields := value["properties"].(map[string]any)
		_, open := value["additionalProperties"]
		if fields && !open {
			value["additionalProperties"] = false
		}
		for _, member := range value {
			beStrict(member)
		}
	case []any:
		for _, member := range value {
			beStrict(member)
		}
	}
}
