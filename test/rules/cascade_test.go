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

package rules_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// removals are the ways in which a client can remove finalizers from an object.
var removals = map[string]func(ctx context.Context, c client.Client, object *unstructured.Unstructured) error{
	"a merge patch": func(ctx context.Context, c client.Client, object *unstructured.Unstructured) error {
		return c.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
	},
	"a JSON patch": func(ctx context.Context, c client.Client, object *unstructured.Unstructured) error {
		return c.Patch(ctx, object, client.RawPatch(types.JSONPatchType, []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`)))
	},
	"an update of what is stored": func(ctx context.Context, c client.Client, object *unstructured.Unstructured) error {
		object.SetFinalizers(nil)
		return c.Update(ctx, object)
	},
	"a replace by a manifest": replaceByManifest,
	"an apply that no longer has it": func(ctx context.Context, c client.Client, object *unstructured.Unstructured) error {
		manifest := manifestOf(object)
		manifest.SetFinalizers([]string{v1.CascadeFinalizer})
		if err := apply(ctx, c, manifest, "gitops"); err != nil {
			return err
		}
		return apply(ctx, c, manifestOf(object), "gitops")
	},
}

// newParents returns a Cluster and a NodePool.
func newParents(namespace string) []*unstructured.Unstructured {
	GinkgoHelper()
	pool := clusterObject(namespace, "{metadata: {name: abc.def}, spec: {clusterName: abc}}")
	pool.SetKind(v1.NodePoolKind)
	return []*unstructured.Unstructured{clusterObject(namespace, "metadata: {name: abc}"), pool}
}

// manifestOf returns the part of an object that a file in Git contains.
func manifestOf(object *unstructured.Unstructured) *unstructured.Unstructured {
	manifest := &unstructured.Unstructured{Object: map[string]any{"spec": object.Object["spec"]}}
	manifest.SetGroupVersionKind(object.GroupVersionKind())
	manifest.SetNamespace(object.GetNamespace())
	manifest.SetName(object.GetName())
	return manifest
}

// replaceByManifest replaces an object like kubectl replace.
func replaceByManifest(ctx context.Context, c client.Client, object *unstructured.Unstructured) error {
	manifest := manifestOf(object)
	manifest.SetResourceVersion(object.GetResourceVersion())
	return c.Update(ctx, manifest)
}

var _ = Describe("The cascade finalizer", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	expectKept := func(ctx context.Context, object *unstructured.Unstructured, by string) {
		GinkgoHelper()
		Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed(), by)
		Expect(object.GetFinalizers()).To(Equal([]string{v1.CascadeFinalizer}), by)
	}

	It("is there from the first moment on, and stays", func(ctx context.Context) {
		for _, object := range newParents(namespace) {
			Expect(env.Client.Create(ctx, object)).To(Succeed())
			Expect(object.GetFinalizers()).To(Equal([]string{v1.CascadeFinalizer}))
			for by, remove := range removals {
				Expect(remove(ctx, env.Client, object)).To(Succeed(), by)
				expectKept(ctx, object, by)
			}
		}
	})

	It("can be removed from a deleted object by HyperFleet only", func(ctx context.Context) {
		owner := clientWith(ctx, namespace, "owner@example.com", "hyperfleet-editor", "hyperfleet-force-deleter")
		manager := clientWith(ctx, namespace, "manager@example.com", "hyperfleet-manager")
		for _, object := range newParents(namespace) {
			Expect(owner.Create(ctx, object)).To(Succeed())
			Expect(owner.Delete(ctx, object)).To(Succeed())
			Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
			version := object.GetResourceVersion()
			Expect(removals["a merge patch"](ctx, owner, object)).To(Succeed())
			Expect(object.GetResourceVersion()).To(Equal(version), "kubectl patch says (no change)")
			for by, remove := range removals {
				Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
				Expect(remove(ctx, owner, object)).To(Succeed(), by)
				expectKept(ctx, object, by)
			}

			By("the garbage collector, which removes its own")
			Expect(owner.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
			Expect(removeForeground(ctx, env.Client, object)).To(Succeed())
			expectKept(ctx, object, "the garbage collector")

			By("the manager")
			object.SetFinalizers(nil)
			Expect(manager.Update(ctx, object)).To(Succeed())
			Expect(apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object))).To(BeTrue())
		}
	})

	It("can be removed by an administrator, but not by mistake", func(ctx context.Context) {
		for _, object := range newParents(namespace) {
			Expect(env.Client.Create(ctx, object)).To(Succeed())
			Expect(env.Client.Delete(ctx, object)).To(Succeed())
			Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
			Expect(replaceByManifest(ctx, env.Client, object)).To(Succeed())
			expectKept(ctx, object, "a replace by a manifest")
			Expect(removals["a merge patch"](ctx, env.Client, object)).To(Succeed())
			Expect(apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object))).To(BeTrue())
		}
	})

	It("needs the right on the very Kind", func(ctx context.Context) {
		role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "finalizes"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"hyperfleet.io"}, Resources: []string{"clusters/finalizers", "nodepools/status"}, Verbs: []string{"update"},
		}}}
		Expect(env.Client.Create(ctx, role)).To(Succeed())
		helper := clientWith(ctx, namespace, "helper", "hyperfleet-editor")
		bind(ctx, namespace, "helper", "Role", role.Name)
		for _, object := range newParents(namespace) {
			Expect(helper.Create(ctx, object)).To(Succeed())
			Expect(helper.Delete(ctx, object)).To(Succeed())
			Expect(removals["a merge patch"](ctx, helper, object)).To(Succeed())
			err := env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
			Expect(apierrors.IsNotFound(err)).To(Equal(object.GetKind() == v1.ClusterKind), "%s: %v", object.GetKind(), err)
		}
	})

	It("stands beside others, once", func(ctx context.Context) {
		object := clusterObject(namespace, "metadata: {name: abc, finalizers: [example.com/a]}")
		Expect(env.Client.Create(ctx, object)).To(Succeed())
		Expect(object.GetFinalizers()).To(Equal([]string{"example.com/a", v1.CascadeFinalizer}))
		given := clusterObject(namespace, "metadata: {name: def, finalizers: [hyperfleet.io/cascade]}")
		Expect(env.Client.Create(ctx, given)).To(Succeed())
		Expect(given.GetFinalizers()).To(Equal([]string{v1.CascadeFinalizer}))
	})
})

// removeForeground removes the garbage collector's finalizer, with the garbage
// collector's request.
func removeForeground(ctx context.Context, c client.Client, object *unstructured.Unstructured) error {
	if err := c.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
		return err
	}
	Expect(object.GetFinalizers()).To(ContainElement(metav1.FinalizerDeleteDependents))
	patch := mustJSON(map[string]any{"metadata": map[string]any{
		"uid": object.GetUID(), "resourceVersion": object.GetResourceVersion(), "finalizers": []string{v1.CascadeFinalizer},
	}})
	return c.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch))
}
