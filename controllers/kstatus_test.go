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

package controllers

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// How Flux, kubectl wait and other readers of kstatus judge an object, from its creation
// to its removal. api/v1 has the test of an object that no manager has seen.
var _ = Describe("The status that kstatus computes", func() {
	DescribeTable("follows the life of", func(ctx context.Context, kind string, adapters ...string) {
		namespace := newNamespace(ctx)
		cluster, pool := newCluster(namespace, "alpha"), newPool(namespace, "alpha", "workers")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		var object parent = cluster
		if kind == v1.NodePoolKind {
			object = pool
			Expect(env.Client.Create(ctx, pool)).To(Succeed())
		}
		Expect(kstatusOf(object)).To(Equal(status.InProgressStatus), "as the create is answered")

		eventually := func(conditionType string, want metav1.ConditionStatus, reason string, generation int64) {
			GinkgoHelper()
			eventuallyCondition(ctx, object, conditionType, want, reason, generation)
		}
		eventually(v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		Expect(kstatusOf(object)).To(Equal(status.InProgressStatus), "before any report")
		sendAll(ctx, object, kind, 1, metav1.ConditionTrue, adapters...)
		eventually(v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		Expect(kstatusOf(object)).To(Equal(status.CurrentStatus), "ready")

		object.SetResourceVersion("")
		patch := []byte(`{"spec":{"zone":"b"}}`)
		Expect(env.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch))).To(Succeed())
		Expect(object.GetGeneration()).To(BeEquivalentTo(2))
		Expect(kstatusOf(object)).To(Equal(status.InProgressStatus), "as the change of the spec is answered")
		eventually(v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 2)
		Expect(kstatusOf(object)).To(Equal(status.InProgressStatus), "before the adapters have taken the change up")

		failing := finding{Kind: kind, Name: object.GetName(), UID: object.GetUID(), Adapter: adapters[0], Generation: 2, Status: metav1.ConditionFalse, Reason: "QuotaExceeded"}
		Expect(failing.send(ctx, namespace)).To(Succeed())
		eventually("ValidatorSuccessful", metav1.ConditionFalse, "QuotaExceeded", 2)
		Expect(kstatusOf(object)).To(Equal(status.InProgressStatus), "an adapter is at fault and keeps trying")
		failing.Stalled = metav1.ConditionTrue
		Expect(failing.send(ctx, namespace)).To(Succeed())
		eventually(v1.StalledCondition, metav1.ConditionTrue, "QuotaExceeded", 2)
		Expect(kstatusOf(object)).To(Equal(status.FailedStatus), "waiting will not help")
		Expect(object.GetStatus().Ready).To(Equal(metav1.ConditionFalse))
		Expect(object.GetStatus().Conditions).To(ContainElement(HaveField("Message", "validator: Ask for more quota")))

		sendAll(ctx, object, kind, 2, metav1.ConditionTrue, adapters...)
		eventually(v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 2)
		Expect(object.GetStatus().Conditions).NotTo(ContainElement(HaveField("Type", v1.StalledCondition)))
		Expect(kstatusOf(object)).To(Equal(status.CurrentStatus), "ready again")

		object.SetFinalizers(append(object.GetFinalizers(), hold))
		Expect(env.Client.Update(ctx, object)).To(Succeed())
		Expect(env.Client.Delete(ctx, object)).To(Succeed())
		refresh(ctx, object)
		Expect(kstatusOf(object)).To(Equal(status.TerminatingStatus), "deleted")
		release := []byte(`{"metadata":{"finalizers":null}}`)
		Expect(env.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, release))).To(Succeed())
	},
		Entry("a Cluster", v1.ClusterKind, "validator", "dns", "pullsecret", "hypershift"),
		Entry("a NodePool", v1.NodePoolKind, "validator", "hypershift"),
	)
})

func kstatusOf(object parent) status.Status {
	GinkgoHelper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	Expect(err).NotTo(HaveOccurred())
	result, err := status.Compute(&unstructured.Unstructured{Object: fields})
	Expect(err).NotTo(HaveOccurred())
	return result.Status
}
