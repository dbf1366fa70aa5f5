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
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// script is the health of config/gitops/argocd/health.lua, for Argo CD's engine.
type script struct{}

// GetResourceHealth runs the script as Argo CD runs a customization: with the object in
// obj, and with only the libraries base, table and package.
func (script) GetResourceHealth(object *unstructured.Unstructured) (*health.HealthStatus, error) {
	code, err := os.ReadFile(filepath.Join(manifests, "gitops", "argocd", "health.lua"))
	if err != nil {
		return nil, err
	}
	vm := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer vm.Close()
	for name, open := range map[string]lua.LGFunction{lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := vm.CallByParam(lua.P{Fn: vm.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, fmt.Errorf("open the library %s: %w", name, err)
		}
	}
	vm.SetGlobal("obj", luaValue(vm, object.Object))
	if err := vm.DoString(string(code)); err != nil {
		return nil, err
	}
	table, ok := vm.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the script returns a %s", vm.Get(-1).Type())
	}
	return &health.HealthStatus{
		Status: health.HealthStatusCode(table.RawGetString("status").String()), Message: table.RawGetString("message").String(),
	}, nil
}

// luaValue converts a JSON value.
func luaValue(vm *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case string:
		return lua.LString(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case []any:
		list := vm.NewTable()
		for _, element := range value {
			list.Append(luaValue(vm, element))
		}
		return list
	case map[string]any:
		table := vm.NewTable()
		for key, member := range value {
			table.RawSetString(key, luaValue(vm, member))
		}
		return table
	}
	return lua.LNil
}

// build renders a kustomization that includes a component of config/gitops.
func build(t *testing.T, component, object string) *unstructured.Unstructured {
	t.Helper()
	dir := t.TempDir()
	from, err := filepath.Abs(filepath.Join(manifests, "gitops", component))
	if err != nil {
		t.Fatal(err)
	}
	if from, err = filepath.Rel(dir, from); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"object.yaml":        object,
		"kustomization.yaml": fmt.Sprintf("resources: [object.yaml]\ncomponents: [%s]\n", from),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.Resources()[0].MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	merged := &unstructured.Unstructured{}
	if err := merged.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return merged
}

// The component adds the script to argocd-cm under the keys that Argo CD reads, and keeps
// the other keys of the ConfigMap.
func TestComponentForArgoCD(t *testing.T) {
	merged := build(t, "argocd", `
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm}
data: {url: https://argocd.example.com}
`)
	script, err := os.ReadFile(filepath.Join(manifests, "gitops", "argocd", "health.lua"))
	if err != nil {
		t.Fatal(err)
	}
	if merged.GetName() != "argocd-cm" {
		t.Errorf("The ConfigMap is %s: Argo CD reads argocd-cm", merged.GetName())
	}
	for key, want := range map[string]string{
		"url": "https://argocd.example.com",
		"resource.customizations.health.hyperfleet.io_Cluster":  string(script),
		"resource.customizations.health.hyperfleet.io_NodePool": string(script),
	} {
		if got, _, err := unstructured.NestedString(merged.Object, "data", key); got != want || err != nil {
			t.Errorf("%s is %q, want %q (%v)", key, got, want, err)
		}
	}
}

// The component adds the expressions to a Flux Kustomization whose label requests them.
func TestComponentForFlux(t *testing.T) {
	for label, want := range map[string]int{"enabled": len(checks), "disabled": 0} {
		merged := build(t, "flux", fmt.Sprintf(`
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: fleet
  labels: {hyperfleet.io/health-checks: %s}
spec: {wait: true}
`, label))
		exprs, _, err := unstructured.NestedSlice(merged.Object, "spec", "healthCheckExprs")
		if wait, _, _ := unstructured.NestedBool(merged.Object, "spec", "wait"); err != nil || len(exprs) != want || !wait || merged.GetName() != "fleet" {
			text, _ := json.Marshal(merged)
			t.Errorf("With %s: %s (%v), want %d expressions", label, text, err, want)
		}
	}
}
