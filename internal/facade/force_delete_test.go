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

package facade_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// forceDelete deletes a Cluster through the Kubernetes API, without waiting for its
// adapters.
func forceDelete(t *testing.T, name string) {
	t.Helper()
	cluster := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	if err := suite.env.Client.Delete(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	force := []byte(`{"metadata":{"annotations":{"` + v1.ForceDeleteAnnotation + `":"the test does not finalize"}}}`)
	if err := suite.env.Client.Patch(t.Context(), cluster, client.RawPatch(types.MergePatchType, force)); err != nil {
		t.Fatal(err)
	}
}
