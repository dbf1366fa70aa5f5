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
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("The status of a Cluster", func() {
	var (
		namespace string
		cluster   *v1.Cluster
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		cluster = newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Eventually(func() bool { refresh(ctx, cluster); return cluster.Status.Computed() }).Should(BeTrue())
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
	})
	ready := func(ctx context.Context) {
		GinkgoHelper()
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	}

	It("follows the reports from creation to readiness and through a change of spec", func(ctx context.Context) {
		expectCondition(ctx, Default, cluster, v1.AvailableCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 0)
		Expect(cluster.Status.ID).To(Equal(v1.ID(cluster.UID)))
		Expect(cluster.Status.Conditions).To(HaveLen(4))

		By("some reports")
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, "validator", "dns", "pullsecret")
		eventuallyCondition(ctx, cluster, "DnsSuccessful", metav1.ConditionTrue, "", 1)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)

		By("all reports")
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, "hypershift")
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		expectCondition(ctx, Default, cluster, v1.AvailableCondition, metav1.ConditionTrue, v1.ResourceAvailableReason, 1)
		Expect(cluster.Status.Ready).To(Equal(metav1.ConditionTrue))
		Expect(cluster.Status.Available).To(Equal(metav1.ConditionTrue))
		Expect(cluster.Status.Conditions).To(HaveLen(8))

		By("a change of spec")
		Expect(changeSpec(ctx, cluster, `{"region":"us-west1"}`)).To(Succeed())
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 2)
		expectCondition(ctx, Default, cluster, v1.AvailableCondition, metav1.ConditionTrue, v1.ResourceAvailableReason, 1)
		Expect(cluster.Status.ObservedGeneration).To(BeEquivalentTo(2))

		By("one adapter failing at the new generation")
		sendAll(ctx, cluster, v1.ClusterKind, 2, metav1.ConditionFalse, "dns")
		eventuallyCondition(ctx, cluster, "DnsSuccessful", metav1.ConditionFalse, "", 2)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 2)
		expectCondition(ctx, Default, cluster, v1.AvailableCondition, metav1.ConditionTrue, v1.ResourceAvailableReason, 1)

		By("all at the new generation, one failing")
		sendAll(ctx, cluster, v1.ClusterKind, 2, metav1.ConditionTrue, "validator", "pullsecret", "hypershift")
		eventuallyCondition(ctx, cluster, v1.AvailableCondition, metav1.ConditionFalse, v1.AdaptersUnavailableReason, 2)

		By("the last one succeeding")
		sendAll(ctx, cluster, v1.ClusterKind, 2, metav1.ConditionTrue, "dns")
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 2)
		expectCondition(ctx, Default, cluster, v1.AvailableCondition, metav1.ConditionTrue, v1.ResourceAvailableReason, 2)
		Eventually(func(g Gomega) { expectSettled(ctx, g, cluster, v1.ClusterKind, clusterAdapters()) }).Should(Succeed())
	})

	It("keeps a known result when work is in progress", func(ctx context.Context) {
		ready(ctx)
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionUnknown, "dns")
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, "marker") // aggregated after the report of dns
		eventuallyCondition(ctx, cluster, "MarkerSuccessful", metav1.ConditionTrue, "", 1)
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		expectCondition(ctx, Default, cluster, "DnsSuccessful", metav1.ConditionTrue, "", 1)
	})

	It("drops the result of a deleted report", func(ctx context.Context) {
		ready(ctx)
		Expect(env.Client.Delete(ctx, finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "dns"}.report(namespace))).To(Succeed())
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)
	})

	It("is not written where nothing changes", func(ctx context.Context) {
		ready(ctx)
		Eventually(func(g Gomega) { expectSettled(ctx, g, cluster, v1.ClusterKind, clusterAdapters()) }).Should(Succeed())
		version := cluster.ResourceVersion
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionUnknown, "dns") // causes a reconcile but no write
		Consistently(func(g Gomega) {
			refresh(ctx, cluster)
			g.Expect(cluster.ResourceVersion).To(Equal(version))
		}).Should(Succeed())
	})

	It("is corrected when it was edited by hand", func(ctx context.Context) {
		ready(ctx)
		want := cluster.Status.DeepCopy()
		edit := client.RawPatch("application/merge-patch+json", []byte(`{"status":{"ready":"False","id":"2wrong","observedGeneration":7}}`))
		Expect(env.Client.Status().Patch(ctx, cluster, edit, client.FieldOwner("kubectl-edit"))).To(Succeed())
		Eventually(func(g Gomega) {
			refresh(ctx, cluster)
			g.Expect(cluster.Status.Ready).To(Equal(want.Ready))
			g.Expect(cluster.Status.ID).To(Equal(want.ID))
			g.Expect(cluster.Status.ObservedGeneration).To(Equal(want.ObservedGeneration))
		}).Should(Succeed())
	})

	It("takes in all reports that came in the meantime by one write", func(ctx context.Context) {
		const adapters = 48
		Eventually(func(g Gomega) { // the first status is written and does not count
			refresh(ctx, cluster)
			g.Expect(cluster.Status.Computed()).To(BeTrue())
		}).Should(Succeed())
		before := probe.statusWrites(client.ObjectKeyFromObject(cluster))
		gate := make(chan struct{})
		open := sync.OnceFunc(func() { close(gate) })
		defer open()
		probe.setFault(func(verb string, o client.Object) error {
			if verb == "update status" && o.GetNamespace() == namespace {
				<-gate
			}
			return nil
		})
		defer probe.setFault(nil)
		parallel(8, func(worker int) {
			for i := worker; i < adapters; i += 8 {
				f := finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: fmt.Sprintf("adapter-%d", i), Generation: 1, Status: metav1.ConditionTrue}
				Expect(f.send(ctx, namespace)).To(Succeed())
			}
		})
		Eventually(func() []*v1.AdapterStatus { return reports.On(v1.ClusterKind, cluster) }).Should(HaveLen(adapters))
		open()
		Eventually(func(g Gomega) { expectSettled(ctx, g, cluster, v1.ClusterKind, clusterAdapters()) }).Should(Succeed())
		Expect(cluster.Status.Conditions).To(HaveLen(4 + adapters))
		Expect(probe.statusWrites(client.ObjectKeyFromObject(cluster))-before).To(BeNumerically("<=", 2), "one write that was held up, and one for all other reports")
	})

	It("survives a storm of reports, spec changes and conflicting metadata writes", func(ctx context.Context) {
		const rounds = 15
		parallel(6, func(worker int) {
			for i := range rounds {
				switch worker {
				case 0:
					Expect(changeSpec(ctx, cluster.DeepCopy(), fmt.Sprintf(`{"round":%d}`, i))).To(Succeed())
				case 1:
					label := fmt.Appendf(nil, `{"metadata":{"labels":{"round":"%d"}}}`, i)
					Expect(env.Client.Patch(ctx, cluster.DeepCopy(), client.RawPatch("application/merge-patch+json", label))).To(Succeed())
				default:
					f := finding{Kind: v1.ClusterKind, Name: "alpha", UID: cluster.UID, Adapter: clusterAdapters()[worker-2], Generation: int64(i + 1), Status: anyStatus()}
					Expect(f.send(ctx, namespace)).To(Succeed())
				}
			}
		})
		Eventually(func(g Gomega) { expectSettled(ctx, g, cluster, v1.ClusterKind, clusterAdapters()) }).Should(Succeed())
		AddReportEntry("conflicts", probe.statusConflicts(client.ObjectKeyFromObject(cluster)))
		Expect(cluster.Generation).To(BeEquivalentTo(rounds + 1))
		sendAll(ctx, cluster, v1.ClusterKind, cluster.Generation, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, cluster.Generation)
	})

	It("does not disturb server-side apply, nor change when and by whom the object was updated", func(ctx context.Context) {
		apply := func(region string) {
			GinkgoHelper()
			o := &unstructured.Unstructured{Object: map[string]any{
				"metadata": map[string]any{"name": "beta", "namespace": namespace, "labels": map[string]any{"team": "a"}},
				"spec":     map[string]any{"region": region},
			}}
			o.SetGroupVersionKind(v1.GroupVersion.WithKind(v1.ClusterKind))
			Expect(env.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("gitops"))).To(Succeed())
		}
		apply("us-east1")
		beta := newCluster(namespace, "beta")
		eventuallyCondition(ctx, beta, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		updated, by := v1.UpdatedTime(beta), beta.Annotations[v1.UpdatedByAnnotation]
		sendAll(ctx, beta, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, beta, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		Expect(v1.UpdatedTime(beta)).To(BeTemporally("==", updated))
		Expect(beta.Annotations).To(HaveKeyWithValue(v1.UpdatedByAnnotation, by))

		version := beta.ResourceVersion
		apply("us-east1")
		refresh(ctx, beta)
		Expect(beta.ResourceVersion).To(Equal(version))

		apply("us-west1")
		eventuallyCondition(ctx, beta, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 2)
		Expect(beta.Spec.Raw).To(MatchJSON(`{"region":"us-west1"}`))
		Expect(beta.Labels).To(HaveKeyWithValue("team", "a"))
		Expect(beta.Finalizers).To(ContainElement(v1.CascadeFinalizer))
	})

	It("follows a change of the required adapters", func(ctx context.Context) {
		DeferCleanup(func() { writeRequiredAdapters(requiredAdapters) })
		pool := newPool(namespace, "alpha", "workers")
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, "validator", "dns")
		sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator")
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)

		writeRequiredAdapters("requiredAdapters:\n  Cluster: [validator, dns]\n  NodePool: [validator]\n")
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)

		writeRequiredAdapters(requiredAdapters)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)
	})

	It("loses no report", func(ctx context.Context) {
		const writers, writes = 8, 40
		parents := []*v1.Cluster{cluster}
		for i := range 4 {
			another := newCluster(namespace, fmt.Sprintf("another-%d", i))
			Expect(env.Client.Create(ctx, another)).To(Succeed())
			parents = append(parents, another)
		}
		for _, p := range parents {
			// A report about a generation that its Cluster does not reach is deleted after a minute.
			Expect(changeSpec(ctx, p, `{"region":"us-west1"}`)).To(Succeed())
		}
		adapters := append(clusterAdapters(), "optional")
		parallel(writers, func(int) {
			for range writes {
				f := finding{
					Kind: v1.ClusterKind, Name: parents[rand.IntN(len(parents))].Name, Adapter: adapters[rand.IntN(len(adapters))],
					Generation: 1 + int64(rand.IntN(2)), Status: anyStatus(), Reason: fmt.Sprintf("R%d", rand.IntN(1000)),
				}
				_ = f.send(ctx, namespace) // the report may be stale by now
			}
		})
		for _, p := range parents {
			Eventually(func(g Gomega) { expectSettled(ctx, g, p, v1.ClusterKind, clusterAdapters()) }).Should(Succeed())
		}
	})

	It("is read from a cache that holds only what the reconcilers need", func(ctx context.Context) {
		cached := &v1.Cluster{}
		Eventually(func() error { return mgr.GetCache().Get(ctx, client.ObjectKeyFromObject(cluster), cached) }).Should(Succeed())
		Expect(cached.Spec.Raw).To(BeEmpty())
		Expect(cached.ManagedFields).To(BeEmpty(), "no client has changed it since its creation")
		Expect(v1.UpdatedTime(cached)).To(BeTemporally("==", v1.UpdatedTime(cluster)))

		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, "dns")
		eventuallyCondition(ctx, cluster, "DnsSuccessful", metav1.ConditionTrue, "", 1)
		var missing *cache.ErrResourceNotCached
		Expect(errors.As(mgr.GetCache().Get(ctx, key(namespace, "alpha.dns"), &v1.AdapterStatus{}), &missing)).To(BeTrue(), "the replica has them")
		Expect(cluster.Spec.Raw).To(MatchJSON(`{"region":"us-east1"}`), "a write must not drop what the cache lacks")
	})
})

func anyStatus() metav1.ConditionStatus {
	return []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}[rand.IntN(3)]
}

// parallel runs f in n goroutines and waits for them.
func parallel(n int, f func(worker int)) {
	GinkgoHelper()
	var all sync.WaitGroup
	for worker := range n {
		all.Go(func() {
			defer GinkgoRecover()
			f(worker)
		})
	}
	all.Wait()
}
