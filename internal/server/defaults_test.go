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

package server_test

import (
	"context"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/config"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
	"github.com/hyperfleet-io/hyperfleet/internal/server/install"
)

// TestDefaultsOfSchemas fails if a schema has another default than that of the status, or
// a second version. The watch cache contains objects as they are stored, without defaults
// and conversion. Of the defaults, it adds only that of the status.
func TestDefaultsOfSchemas(t *testing.T) {
	manifests, err := install.Manifests(config.Manifests, "default", false)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"clusters.hyperfleet.io":        {".schema.openAPIV3Schema.properties.status"},
		"nodepools.hyperfleet.io":       {".schema.openAPIV3Schema.properties.status"},
		"adapterstatuses.hyperfleet.io": nil,
	}
	for _, o := range manifests {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}
		versions, _, err := unstructured.NestedSlice(o.Object, "spec", "versions")
		if err != nil || len(versions) != 1 {
			t.Fatalf("%s has %d versions, want 1: %v", o.GetName(), len(versions), err)
		}
		defaults, ok := want[o.GetName()]
		if got := defaultsIn("", versions[0]); !ok || !slices.Equal(got, defaults) {
			t.Errorf("%s has defaults at %q, want %q", o.GetName(), got, defaults)
		}
		delete(want, o.GetName())
	}
	if len(want) > 0 {
		t.Errorf("no CustomResourceDefinitions of %v", want)
	}
}

// defaultsIn returns the paths of the defaults in a schema at a path.
func defaultsIn(path string, in any) (paths []string) {
	switch in := in.(type) {
	case object:
		if _, ok := in["default"]; ok {
			return []string{path}
		}
		for key, value := range in {
			paths = append(paths, defaultsIn(path+"."+key, value)...)
		}
	case []any:
		for _, value := range in {
			paths = append(paths, defaultsIn(path+"[]", value)...)
		}
	}
	return paths
}

// TestStoredWithoutStatus stores a Cluster without a status, as the API server does until
// the first write of the status. Every way to read it must show the schema's default.
func TestStoredWithoutStatus(t *testing.T) {
	o := server.NewOptions()
	withPlaneOf(t, o, func(ctx context.Context, p plane) {
		allow(ctx, t, p)
		k := kinds[0]
		objects := dynamic.NewForConfigOrDie(p.admin).Resource(v1.GroupVersion.WithResource(k.plural)).Namespace("default")
		if _, err := objects.List(ctx, metav1.ListOptions{}); err != nil { // the API server begins to serve it
			t.Fatal(err)
		}
		etcd := newEtcd(t, o.DataDir)
		defer func() { _ = etcd.Close() }()
		const stored = `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"old","namespace":"default",` +
			`"uid":"4f3e2d1c-0000-4000-8000-000000000000","creationTimestamp":"2026-01-01T00:00:00Z","generation":1},"spec":{"a":1}}`
		if _, err := etcd.Put(ctx, "/registry/hyperfleet.io/clusters/default/old", stored); err != nil {
			t.Fatal(err)
		}
		old, err := objects.Get(ctx, "old", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if ready, _, _ := unstructured.NestedString(old.Object, "status", "ready"); ready != "False" {
			t.Fatalf("status.ready is %q, want the default", ready)
		}
		for _, selector := range []string{"", "status.ready=False"} {
			list, err := objects.List(ctx, metav1.ListOptions{FieldSelector: selector})
			if err != nil || len(list.Items) != 1 {
				t.Fatalf("a list with the field selector %q has %d objects, want 1: %v", selector, len(list.Items), err)
			}
			if diff := gocmp.Diff(old.Object, list.Items[0].Object); diff != "" {
				t.Errorf("read (-), listed (+):\n%s", diff)
			}
		}
		inProcess := watchInProcess(ctx, t, p, k)
		defer inProcess.Stop()
		var watched v1.Cluster
		e := <-inProcess.ResultChan()
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(old.Object, &watched); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(&watched, e.Object); diff != "" {
			t.Errorf("read (-), watched (+):\n%s", diff)
		}
		changed, err := objects.Patch(ctx, "old", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
		if err != nil || changed.Object["status"] == nil {
			t.Errorf("patched: %v, %v", changed, err)
		}
	})
}
