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
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("Kept results", func() {
	const kept, newer = `{"dns":["3@2025-01-01T10:00:00Z"]}`, `{"dns":["4@2025-01-01T11:00:00.5Z"],"a-b":[]}`
	var (
		namespace      string
		owner, manager client.Client
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		owner = clientWith(ctx, namespace, "owner@example.com", "hyperfleet-editor", "hyperfleet-force-deleter")
		manager = clientWith(ctx, namespace, "manager@example.com", "hyperfleet-manager")
	})
	// each calls do with a Cluster and a NodePool, which have kept results.
	each := func(ctx context.Context, do func(object *unstructured.Unstructured)) {
		GinkgoHelper()
		for _, object := range newParents(namespace) {
			Expect(owner.Create(ctx, object)).To(Succeed())
			Expect(annotate(ctx, manager, object, v1.KeptResultsAnnotation, kept)).To(Succeed())
			Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.KeptResultsAnnotation, kept))
			do(object)
		}
	}

	It("survive a replace by a manifest", func(ctx context.Context) {
		each(ctx, func(object *unstructured.Unstructured) {
			for _, c := range []client.Client{owner, env.Client} {
				Expect(replaceByManifest(ctx, c, object)).To(Succeed())
				Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
				Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.KeptResultsAnnotation, kept))
			}
			Expect(apply(ctx, owner, manifestOf(object), "gitops")).To(Succeed())
			Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
			Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.KeptResultsAnnotation, kept))
		})
	})

	It("are written by HyperFleet only", func(ctx context.Context) {
		each(ctx, func(object *unstructured.Unstructured) {
			Expect(annotate(ctx, owner, object, v1.KeptResultsAnnotation, newer)).To(Succeed())
			Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.KeptResultsAnnotation, kept))
			Expect(annotate(ctx, manager, object, v1.KeptResultsAnnotation, newer)).To(Succeed())
			Expect(object.GetAnnotations()).To(HaveKeyWithValue(v1.KeptResultsAnnotation, newer))
		})
		claim := clusterObject(namespace, "metadata: {name: def, annotations: {hyperfleet.io/kept-results: '"+kept+"'}}")
		Expect(owner.Create(ctx, claim)).To(Succeed())
		Expect(claim.GetAnnotations()).NotTo(HaveKey(v1.KeptResultsAnnotation))
		Expect(annotate(ctx, owner, claim, v1.KeptResultsAnnotation, kept)).To(Succeed())
		Expect(claim.GetAnnotations()).NotTo(HaveKey(v1.KeptResultsAnnotation))
	})

	It("are withdrawn by a client that removes the annotation", func(ctx context.Context) {
		each(ctx, func(object *unstructured.Unstructured) {
			Expect(annotate(ctx, owner, object, v1.KeptResultsAnnotation, "")).To(Succeed())
			Expect(object.GetAnnotations()).NotTo(HaveKey(v1.KeptResultsAnnotation))
		})
	})

	It("are bounded", func(ctx context.Context) {
		each(ctx, func(object *unstructured.Unstructured) {
			for _, value := range []string{"<", strings.Repeat("1", 20_481), strings.Repeat(`"`, 10_241)} {
				Expect(denial(annotate(ctx, manager, object, v1.KeptResultsAnnotation, value), "hyperfleet-metadata")).To(Equal(
					"metadata.annotations: hyperfleet.io/kept-results must be what HyperFleet writes, of at most 20480 bytes"))
			}
			Expect(annotate(ctx, manager, object, v1.KeptResultsAnnotation, strings.Repeat("1", 20_480))).To(Succeed())
		})
	})
})
