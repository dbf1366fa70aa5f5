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
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// clusterObject returns a Cluster with the metadata and spec of the YAML text. The spec
// is {} if the text has none.
func clusterObject(namespace, text string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{}}}
	Expect(yaml.Unmarshal([]byte(text), &object.Object)).To(Succeed())
	object.SetGroupVersionKind(v1.GroupVersion.WithKind(v1.ClusterKind))
	object.SetNamespace(namespace)
	return object
}

// storeStatus writes the object's default status, as the controller writes its first
// status. The API server does not store the default with the create. Without this write,
// the next write would store it, even if it changed nothing else.
func storeStatus(ctx context.Context, object *unstructured.Unstructured) {
	GinkgoHelper()
	Expect(env.Client.Status().Update(ctx, object)).To(Succeed())
}

// apply applies exactly this object by server-side apply, as GitOps tools do.
func apply(ctx context.Context, c client.Client, object *unstructured.Unstructured, owner string) error {
	text, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	return c.Patch(ctx, object, client.RawPatch(types.ApplyYAMLPatchType, text), client.FieldOwner(owner))
}

var _ = Describe("Authorship", func() {
	const forged = "{hyperfleet.io/created-by: mallory, hyperfleet.io/updated-by: mallory}"
	var (
		namespace  string
		alice, bob client.Client
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		alice, bob = clientAs("alice@example.com"), clientAs("bob@example.com")
	})
	expectAuthors := func(object client.Object, createdBy, updatedBy string) {
		GinkgoHelper()
		Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.CreatedByAnnotation, createdBy))
		Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.UpdatedByAnnotation, updatedBy))
	}

	DescribeTable("of a new Cluster is its creator's", func(ctx context.Context, metadata string) {
		object := clusterObject(namespace, "metadata: "+metadata)
		Expect(alice.Create(ctx, object)).To(Succeed())
		expectAuthors(object, "alice@example.com", "alice@example.com")
	},
		Entry("without annotations", "{name: abc}"),
		Entry("with null annotations", "{name: abc, annotations: null}"),
		Entry("with empty annotations", "{name: abc, annotations: {}}"),
		Entry("with forged ones", "{name: abc, annotations: "+forged+"}"),
		Entry("with empty ones", "{name: abc, annotations: {hyperfleet.io/created-by: '', hyperfleet.io/updated-by: ''}}"),
		Entry("with generateName", "{generateName: abc-}"),
	)

	It("leaves other annotations alone", func(ctx context.Context) {
		object := clusterObject(namespace, "metadata: {name: abc, annotations: {a.b/c: d, created-by: e}}")
		Expect(alice.Create(ctx, object)).To(Succeed())
		Expect(object.GetAnnotations()).To(HaveLen(4))
		Expect(object.GetAnnotations()).To(HaveKeyWithValue("a.b/c", "d"))
		Expect(object.GetAnnotations()).To(HaveKeyWithValue("created-by", "e"))
	})

	DescribeTable("after another user's change", func(ctx context.Context, kind types.PatchType, change, wantUpdatedBy string) {
		object := clusterObject(namespace, "{metadata: {name: abc, labels: {env: dev}, annotations: {a: b}}, spec: {region: eu}}")
		Expect(alice.Create(ctx, object)).To(Succeed())
		body, err := yaml.YAMLToJSON([]byte(change))
		Expect(err).NotTo(HaveOccurred())
		Expect(bob.Patch(ctx, object, client.RawPatch(kind, body))).To(Succeed())
		expectAuthors(object, "alice@example.com", wantUpdatedBy)
	},
		Entry("of spec", types.MergePatchType, "spec: {region: us}", "bob@example.com"),
		Entry("of spec, by a null", types.MergePatchType, "spec: {region: null}", "bob@example.com"),
		Entry("of spec, with forged annotations", types.MergePatchType, "{spec: {region: us}, metadata: {annotations: "+forged+"}}", "bob@example.com"),
		Entry("of a label", types.MergePatchType, "metadata: {labels: {env: prod}}", "bob@example.com"),
		Entry("of another label", types.MergePatchType, "metadata: {labels: {tier: one}}", "bob@example.com"),
		Entry("that removes a label", types.MergePatchType, "metadata: {labels: {env: null}}", "bob@example.com"),
		Entry("that removes all labels", types.MergePatchType, "metadata: {labels: null}", "bob@example.com"),
		Entry("by JSON patch", types.JSONPatchType, "[{op: replace, path: /spec/region, value: us}]", "bob@example.com"),
		Entry("of nothing", types.MergePatchType, "{}", "alice@example.com"),
		Entry("to the same value", types.MergePatchType, "{spec: {region: eu}, metadata: {labels: {env: dev}}}", "alice@example.com"),
		Entry("of annotations", types.MergePatchType, "metadata: {annotations: {a: c}}", "alice@example.com"),
		Entry("of forged annotations", types.MergePatchType, "metadata: {annotations: "+forged+"}", "alice@example.com"),
		Entry("that removes all annotations", types.MergePatchType, "metadata: {annotations: null}", "alice@example.com"),
		Entry("that removes authorship by JSON patch", types.JSONPatchType, "[{op: remove, path: /metadata/annotations/hyperfleet.io~1created-by}, {op: remove, path: /metadata/annotations/hyperfleet.io~1updated-by}]", "alice@example.com"),
		Entry("of HyperFleet's own label", types.MergePatchType, "metadata: {labels: {hyperfleet.io/cluster: abc}}", "alice@example.com"),
		Entry("of finalizers", types.MergePatchType, "metadata: {finalizers: [hyperfleet.io/cascade, example.com/other]}", "alice@example.com"),
		Entry("of ownerReferences", types.MergePatchType, "metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: a, uid: b}]}", "alice@example.com"),
	)

	It("holds for NodePools", func(ctx context.Context) {
		pool := &v1.NodePool{}
		pool.Namespace, pool.Name, pool.Spec.ClusterName = namespace, "abc.def", "abc"
		pool.Annotations = map[string]string{v1.CreatedByAnnotation: "mallory"}
		Expect(alice.Create(ctx, pool)).To(Succeed())
		expectAuthors(pool, "alice@example.com", "alice@example.com")
		pool.Labels = map[string]string{v1.ClusterLabel: "abc"}
		Expect(bob.Update(ctx, pool)).To(Succeed())
		expectAuthors(pool, "alice@example.com", "alice@example.com")
		pool.Spec.Fields.Raw = []byte(`{"replicas":3}`)
		pool.Annotations = nil
		Expect(bob.Update(ctx, pool)).To(Succeed())
		expectAuthors(pool, "alice@example.com", "bob@example.com")
	})

	It("cannot be changed by way of status", func(ctx context.Context) {
		object := clusterObject(namespace, "metadata: {name: abc}")
		Expect(alice.Create(ctx, object)).To(Succeed())
		Expect(bob.Status().Patch(ctx, object, client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"hyperfleet.io/created-by":"mallory","hyperfleet.io/updated-by":"mallory"}},"status":{"ready":"True"}}`)))).To(Succeed())
		expectAuthors(object, "alice@example.com", "alice@example.com")
		Expect(object.Object["status"]).To(HaveKeyWithValue("ready", "True"))
	})

	It("does not drift under server-side apply", func(ctx context.Context) {
		manifest := "{metadata: {name: abc, labels: {env: dev}}, spec: {region: eu}}"
		object := clusterObject(namespace, manifest)
		Expect(apply(ctx, alice, object, "gitops")).To(Succeed())
		expectAuthors(object, "alice@example.com", "alice@example.com")
		storeStatus(ctx, object)
		created := object.GetResourceVersion()

		for range 3 {
			again := clusterObject(namespace, manifest)
			Expect(apply(ctx, alice, again, "gitops")).To(Succeed())
			Expect(again.GetResourceVersion()).To(Equal(created))
		}

		By("another user who applies the same under the same name")
		again := clusterObject(namespace, manifest)
		Expect(apply(ctx, bob, again, "gitops")).To(Succeed())
		Expect(again.GetResourceVersion()).To(Equal(created))

		By("a change, which conflicts with nothing")
		changed := clusterObject(namespace, "{metadata: {name: abc, labels: {env: dev}}, spec: {region: us}}")
		Expect(apply(ctx, bob, changed, "gitops")).To(Succeed())
		expectAuthors(changed, "alice@example.com", "bob@example.com")

		By("a manifest that claims authorship")
		var forgedVersion string
		for range 3 {
			claim := clusterObject(namespace, "{metadata: {name: abc, labels: {env: dev}, annotations: "+forged+"}, spec: {region: us}}")
			Expect(apply(ctx, alice, claim, "gitops")).To(Succeed())
			expectAuthors(claim, "alice@example.com", "bob@example.com")
			if forgedVersion != "" {
				Expect(claim.GetResourceVersion()).To(Equal(forgedVersion), "repeated, it changes nothing")
			}
			forgedVersion = claim.GetResourceVersion()
		}

		By("the same manifest without the claim")
		withdrawn := clusterObject(namespace, "{metadata: {name: abc, labels: {env: dev}}, spec: {region: us}}")
		Expect(apply(ctx, alice, withdrawn, "gitops")).To(Succeed())
		expectAuthors(withdrawn, "alice@example.com", "bob@example.com")
	})

	It("takes a large spec", func(ctx context.Context) {
		large := func(last int) string {
			spec := make([]byte, 0, 1_000_000)
			for i := range 9_000 {
				spec = fmt.Appendf(spec, "a-key-of-a-long-name-%d: %d, ", i, i)
			}
			return fmt.Sprintf("{%slast: %d}", spec, last)
		}
		object := clusterObject(namespace, "{metadata: {name: abc}, spec: "+large(1)+"}")
		Expect(alice.Create(ctx, object)).To(Succeed())
		changed := clusterObject(namespace, "{metadata: {name: abc}, spec: "+large(2)+"}")
		changed.SetResourceVersion(object.GetResourceVersion())
		Expect(bob.Update(ctx, changed)).To(Succeed())
		expectAuthors(changed, "alice@example.com", "bob@example.com")
	})
})
