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

package plugin

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestForceDelete forces the deletion of objects. No reconciler runs, so they remain.
func TestForceDelete(t *testing.T) {
	cluster := newCluster(0)
	cluster.Name = "doomed"
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "doomed.workers", Namespace: "default"}, Spec: v1.NodePoolSpec{ClusterName: "doomed"}}
	for _, o := range []client.Object{cluster, pool} {
		create(t, o)
		t.Cleanup(func() { // other tests count the objects
			ctx := context.WithoutCancel(t.Context())
			must(t, client.IgnoreNotFound(suite.env.Client.Delete(ctx, o)))
			must(t, suite.env.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))))
		})
	}
	refused := func(want string, args ...string) {
		t.Helper()
		out, _, err := run(t, append([]string{"force-delete", "--kubeconfig", suite.kubeconfig}, args...)...)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("force-delete %q: %v, printed %q, want an error with %q", args, err, out, want)
		}
	}
	refused("is valid only on an object that is being deleted", "cluster", "doomed", "--reason", "too early")
	for _, o := range []client.Object{cluster, pool} {
		must(t, suite.env.Client.Delete(t.Context(), o))
	}
	refused("must be a reason of 1 to 1024 characters", "cluster", "doomed")
	refused("must be a reason of 1 to 1024 characters", "cluster", "doomed", "--reason", strings.Repeat("x", 1025))
	refused("cannot be deleted by force, want cluster or nodepool", "hfas", "doomed.dns", "--reason", "no report")
	refused("not found", "cluster", "nobody", "--reason", "there is none")
	refused("accepts 2 arg(s), received 1", "cluster", "--reason", "no name")

	for name, o := range map[string]client.Object{"hfc doomed": cluster, "nodepools.hyperfleet.io doomed.workers": pool} {
		args := append([]string{"force-delete", "--kubeconfig", suite.kubeconfig, "--reason", "the cloud is gone"}, strings.Fields(name)...)
		out, _, err := run(t, args...)
		if want := "hyperfleet.io/" + o.GetName() + " will not wait for its adapters\n"; err != nil || !strings.HasSuffix(out, want) {
			t.Errorf("%q: %v, printed %q, want %q", args, err, out, want)
		}
		must(t, suite.env.Client.Get(t.Context(), client.ObjectKeyFromObject(o), o))
		if got := o.GetAnnotations(); got[v1.ForceDeleteAnnotation] != "the cloud is gone" || got[v1.ForceDeletedByAnnotation] == "" {
			t.Errorf("annotations of %s: %v", o.GetName(), got)
		}
	}
	refused("is set and cannot be changed or removed", "cluster", "doomed", "--reason", "another")
}
