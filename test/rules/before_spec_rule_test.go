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
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Cluster that was stored without a spec must stay usable under the rule that requires
// one.
var _ = Describe("A Cluster without a spec, from before the rule", Serial, Ordered, func() {
	var namespace string
	BeforeAll(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		withoutSpecRule(ctx, func() {
			_, err := post(ctx, namespace, clusters, clusterYAML("abc", ""))
			Expect(err).NotTo(HaveOccurred())
		})
	})
	specOf := func(ctx context.Context) any {
		GinkgoHelper()
		stored, err := get(ctx, namespace, clusters, "abc")
		Expect(err).NotTo(HaveOccurred())
		return stored.Object["spec"]
	}

	It("can be read", func(ctx context.Context) {
		Expect(specOf(ctx)).To(BeNil())
	})

	It("gets a status", func(ctx context.Context) {
		_, err := send(ctx, api.RESTClient().Patch(types.MergePatchType), path(namespace, clusters, "abc", "status"), readyStatus)
		Expect(err).NotTo(HaveOccurred())
	})

	It("gets labels", func(ctx context.Context) {
		_, err := patch(ctx, namespace, clusters, "abc", types.MergePatchType, "metadata: {labels: {a: b}}")
		Expect(err).NotTo(HaveOccurred())
	})

	It("keeps the spec that it gets", func(ctx context.Context) {
		_, err := patch(ctx, namespace, clusters, "abc", types.MergePatchType, "spec: {region: eu}")
		Expect(err).NotTo(HaveOccurred())
		_, err = patch(ctx, namespace, clusters, "abc", types.JSONPatchType, `[{"op":"remove","path":"/spec"}]`)
		Expect(causes(err)).To(Equal([]string{specMissing}))
		Expect(specOf(ctx)).To(Equal(map[string]any{"region": "eu"}))
	})
})

// withoutSpecRule calls do while the CustomResourceDefinition lacks the rule that
// requires a spec.
func withoutSpecRule(ctx context.Context, do func()) {
	GinkgoHelper()
	inForce := func() bool {
		_, err := send(ctx, api.RESTClient().Post().Param("dryRun", "All").SetHeader("Content-Type", "application/json"),
			path("default", clusters), clusterYAML("probe", ""))
		return err != nil
	}
	rules := setRules(ctx, func(rules []any) []any {
		return slices.DeleteFunc(slices.Clone(rules), func(rule any) bool {
			return strings.HasPrefix(rule.(map[string]any)["rule"].(string), "has(self.spec)")
		})
	})
	Eventually(inForce).Should(BeFalse())
	defer func() {
		setRules(ctx, func([]any) []any { return rules })
		Eventually(inForce).Should(BeTrue())
	}()
	do()
}

// setRules changes the rules of Cluster and returns the previous rules.
func setRules(ctx context.Context, change func([]any) []any) []any {
	GinkgoHelper()
	definition := &unstructured.Unstructured{}
	definition.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	Expect(env.Client.Get(ctx, client.ObjectKey{Name: "clusters.hyperfleet.io"}, definition)).To(Succeed())
	versions, _, err := unstructured.NestedSlice(definition.Object, "spec", "versions")
	Expect(err).NotTo(HaveOccurred())
	openAPI := versions[0].(map[string]any)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
	const member = "x-kubernetes-validations"
	before := openAPI[member].([]any)
	openAPI[member] = change(before)
	Expect(openAPI[member]).NotTo(HaveLen(len(before)))
	Expect(unstructured.SetNestedSlice(definition.Object, versions, "spec", "versions")).To(Succeed())
	Expect(env.Client.Update(ctx, definition)).To(Succeed())
	return before
}
