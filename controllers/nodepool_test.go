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
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("A NodePool", func() {
	var (
		namespace string
		cluster   *v1.Cluster
		pool      *v1.NodePool
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		cluster = newCluster(namespace, "alpha")
		pool = newPool(namespace, "alpha", "workers")
	})
	eventuallyTied := func(ctx context.Context, pool *v1.NodePool) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			refresh(ctx, pool)
			g.Expect(pool.OwnerReferences).To(HaveExactElements(metav1.OwnerReference{
				APIVersion: "hyperfleet.io/v1", Kind: "Cluster", Name: cluster.Name, UID: cluster.UID, Controller: new(true),
			}))
			g.Expect(pool.Labels).To(HaveKeyWithValue(v1.ClusterLabel, cluster.Name))
			g.Expect(pool.Finalizers).To(ContainElement(v1.CascadeFinalizer))
		}).Should(Succeed())
	}

	It("is tied to its Cluster and becomes ready", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		updated, by := v1.UpdatedTime(pool), pool.Annotations[v1.UpdatedByAnnotation]
		eventuallyTied(ctx, pool)
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		Expect(pool.Spec.Fields.Raw).To(MatchJSON(`{"replicas":3}`))
		Expect(v1.UpdatedTime(pool)).To(BeTemporally("==", updated), "a change by the controller is no update")
		Expect(pool.Annotations).To(HaveKeyWithValue(v1.UpdatedByAnnotation, by))

		sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator", "hypershift")
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		Eventually(func(g Gomega) {
			expectSettled(ctx, g, pool, v1.NodePoolKind, []string{"hypershift", "validator"})
		}).Should(Succeed())
		Expect(probe.statusWrites(client.ObjectKeyFromObject(pool))).To(BeNumerically("<=", 3))
	})

	It("has its label restored", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		eventuallyTied(ctx, pool)
		edit := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"hyperfleet.io/cluster":"other","own":"kept"}}}`))
		Expect(env.Client.Patch(ctx, pool, edit)).To(Succeed())
		eventuallyTied(ctx, pool)
		Expect(pool.Labels).To(HaveKeyWithValue("own", "kept"))
	})

	It("says that its Cluster does not exist, and recovers when it appears", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.ClusterNotFoundReason, 1)
		Expect(pool.OwnerReferences).To(BeEmpty())
		sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator", "hypershift")
		eventuallyCondition(ctx, pool, "ValidatorSuccessful", metav1.ConditionTrue, "", 1)
		expectCondition(ctx, Default, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.ClusterNotFoundReason, 1)

		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		eventuallyTied(ctx, pool)
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	})

	It("never says so of a Cluster that was created just before the NodePool", func(ctx context.Context) {
		for _, name := range []string{"one", "two", "three", "four", "five"} {
			Expect(env.Client.Create(ctx, newCluster(namespace, name))).To(Succeed())
			pool := newPool(namespace, name, "workers")
			Expect(env.Client.Create(ctx, pool)).To(Succeed())
			Eventually(func() bool { refresh(ctx, pool); return pool.Status.Computed() }).Should(BeTrue())
			Expect(pool.Status.Conditions).NotTo(ContainElement(HaveField("Reason", v1.ClusterNotFoundReason)))
		}
	})

	It("keeps another controller's ownerReference", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		other := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "fleet", UID: "f1", Controller: new(true)}
		pool.OwnerReferences = []metav1.OwnerReference{other}
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		Eventually(func() []metav1.OwnerReference { refresh(ctx, pool); return pool.OwnerReferences }).Should(HaveExactElements(
			other, metav1.OwnerReference{APIVersion: "hyperfleet.io/v1", Kind: "Cluster", Name: "alpha", UID: cluster.UID}))
	})

	It("is deleted when the Cluster that it was tied to is gone", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		pool.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "hyperfleet.io/v1", Kind: "Cluster", Name: "alpha", UID: "5f3759df-0000-4000-8000-000000000000",
		}}
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		orphan := newPool(namespace, "unknown", "workers")
		orphan.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "hyperfleet.io/v1", Kind: "Cluster", Name: "unknown", UID: "5f3759df-0000-4000-8000-000000000001",
		}}
		Expect(env.Client.Create(ctx, orphan)).To(Succeed())
		eventuallyGone(ctx, pool, orphan)
		refresh(ctx, cluster)
		Expect(cluster.DeletionTimestamp).To(BeNil())
	})
})
