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
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// annotate sends a merge patch of one annotation. "" removes the annotation.
func annotate(ctx context.Context, c client.Client, object client.Object, key, value string) error {
	var to any
	if value != "" {
		to = value
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: to}}})
	Expect(err).NotTo(HaveOccurred())
	return c.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch))
}

var _ = Describe("The end of a life", func() {
	var (
		namespace                       string
		owner, forceDeleter, adapter    client.Client
		object                          *unstructured.Unstructured
		ownerName, forceName, adapterOf = "owner@example.com", "chief@example.com", "adapter@example.com"
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		owner = clientWith(ctx, namespace, ownerName, "hyperfleet-editor")
		forceDeleter = clientWith(ctx, namespace, forceName, "hyperfleet-editor", "hyperfleet-force-deleter")
		adapter = clientWith(ctx, namespace, adapterOf, "hyperfleet-adapter")
		object = clusterObject(namespace, "{metadata: {name: abc}, spec: {region: eu}}")
		Expect(owner.Create(ctx, object)).To(Succeed())
	})
	expectAnnotation := func(key, want string) {
		GinkgoHelper()
		if want == "" {
			Expect(object.GetAnnotations()).NotTo(HaveKey(key))
			return
		}
		Expect(object.GetAnnotations()).To(HaveKeyWithValue(key, want))
	}

	Describe("deleted-by", func() {
		It("is the caller's own name, until the deletion", func(ctx context.Context) {
			Expect(annotate(ctx, owner, object, v1.DeletedByAnnotation, "mallory")).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, ownerName)

			By("a change of something else by another user")
			Expect(annotate(ctx, forceDeleter, object, "a", "b")).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, ownerName)

			By("another user, who means to delete, too")
			Expect(annotate(ctx, forceDeleter, object, v1.DeletedByAnnotation, forceName)).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, forceName)

			By("taking it back")
			Expect(annotate(ctx, owner, object, v1.DeletedByAnnotation, "")).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, "")
		})

		It("does not change once the object is being deleted", func(ctx context.Context) {
			Expect(annotate(ctx, owner, object, v1.DeletedByAnnotation, ownerName)).To(Succeed())
			Expect(owner.Delete(ctx, object)).To(Succeed())
			Expect(annotate(ctx, forceDeleter, object, v1.DeletedByAnnotation, forceName)).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, ownerName)
			Expect(annotate(ctx, forceDeleter, object, v1.DeletedByAnnotation, "")).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, ownerName)
			Expect(forceDeleter.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":null}}`)))).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, ownerName)
		})

		It("stays empty for a deletion that did not name a user", func(ctx context.Context) {
			Expect(owner.Delete(ctx, object)).To(Succeed())
			Expect(annotate(ctx, owner, object, v1.DeletedByAnnotation, ownerName)).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, "")
		})

		It("is not taken from a manifest", func(ctx context.Context) {
			object = clusterObject(namespace, "metadata: {name: def, annotations: {hyperfleet.io/deleted-by: x, hyperfleet.io/force-deleted-by: z}}")
			Expect(owner.Create(ctx, object)).To(Succeed())
			expectAnnotation(v1.DeletedByAnnotation, "")
			expectAnnotation(v1.ForceDeletedByAnnotation, "")
		})
	})

	Describe("force-delete", func() {
		const policy = "hyperfleet-force-delete"
		forbidden := func(err error, user string) {
			GinkgoHelper()
			Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
			Expect(denial(err, policy)).To(Equal(`User "` + user + `" cannot force-delete resource "clusters" in API group "hyperfleet.io" in the namespace "` + namespace + `"`))
		}
		refused := func(err error, want string) {
			GinkgoHelper()
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)
			Expect(denial(err, policy)).To(Equal("metadata.annotations: hyperfleet.io/force-delete " + want))
		}

		It("needs the right, and an object that is being deleted", func(ctx context.Context) {
			forbidden(annotate(ctx, owner, object, v1.ForceDeleteAnnotation, "cloud is gone"), ownerName)
			refused(annotate(ctx, forceDeleter, object, v1.ForceDeleteAnnotation, "cloud is gone"), "is valid only on an object that is being deleted")

			Expect(owner.Delete(ctx, object)).To(Succeed())
			forbidden(annotate(ctx, owner, object, v1.ForceDeleteAnnotation, "cloud is gone"), ownerName)
			Expect(annotate(ctx, forceDeleter, object, v1.ForceDeleteAnnotation, "cloud is gone")).To(Succeed())
			expectAnnotation(v1.ForceDeleteAnnotation, "cloud is gone")
			expectAnnotation(v1.ForceDeletedByAnnotation, forceName)

			By("a right to force-delete is no right of adapters")
			Expect(apierrors.IsForbidden(annotate(ctx, adapter, object, v1.ForceDeleteAnnotation, "cloud is gone"))).To(BeTrue())
		})

		It("is final", func(ctx context.Context) {
			Expect(owner.Delete(ctx, object)).To(Succeed())
			Expect(annotate(ctx, forceDeleter, object, v1.ForceDeleteAnnotation, "cloud is gone")).To(Succeed())
			for _, value := range []string{"another reason", ""} {
				refused(annotate(ctx, forceDeleter, object, v1.ForceDeleteAnnotation, value), "is set and cannot be changed or removed")
			}
			forbidden(annotate(ctx, owner, object, v1.ForceDeleteAnnotation, ""), ownerName)
			Expect(annotate(ctx, owner, object, v1.ForceDeletedByAnnotation, "mallory")).To(Succeed())
			expectAnnotation(v1.ForceDeletedByAnnotation, forceName)
			Expect(annotate(ctx, owner, object, v1.ForceDeletedByAnnotation, "")).To(Succeed())
			expectAnnotation(v1.ForceDeletedByAnnotation, forceName)
		})

		DescribeTable("has a reason", func(ctx context.Context, reason string, ok bool) {
			Expect(owner.Delete(ctx, object)).To(Succeed())
			patch := client.RawPatch(types.JSONPatchType, mustJSON([]map[string]any{{"op": "add", "path": "/metadata/annotations/hyperfleet.io~1force-delete", "value": reason}}))
			err := forceDeleter.Patch(ctx, object, patch)
			if ok {
				Expect(err).NotTo(HaveOccurred())
				return
			}
			refused(err, "must be a reason of 1 to 1024 characters")
		},
			Entry("of one character", "x", true),
			Entry("of 1024 characters", strings.Repeat("é", 1024), true),
			Entry("of 1025 characters", strings.Repeat("x", 1025), false),
			Entry("that is empty", "", false),
		)

		It("cannot be in a new object", func(ctx context.Context) {
			claim := clusterObject(namespace, "metadata: {name: def, annotations: {hyperfleet.io/force-delete: now}}")
			refused(forceDeleter.Create(ctx, claim), "is valid only on an object that is being deleted")
		})

		It("is in the audit log, with who and why", func(ctx context.Context) {
			Expect(owner.Delete(ctx, object)).To(Succeed())
			Expect(annotate(ctx, forceDeleter, object, v1.ForceDeleteAnnotation, "cloud is gone")).To(Succeed())
			Eventually(func(g Gomega) {
				log, err := os.ReadFile(auditLog)
				g.Expect(err).NotTo(HaveOccurred())
				var said []string
				for line := range bytes.Lines(log) {
					var event auditv1.Event
					g.Expect(json.Unmarshal(line, &event)).To(Succeed())
					if event.ObjectRef != nil && event.ObjectRef.Namespace == namespace {
						if text, ok := event.Annotations[policy+"/force-delete"]; ok {
							said = append(said, text)
						}
					}
				}
				g.Expect(said).To(Equal([]string{forceName + ": cloud is gone"}))
			}).Should(Succeed())
		})
	})
})

func mustJSON(value any) []byte {
	GinkgoHelper()
	text, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return text
}
