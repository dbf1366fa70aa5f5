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
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// finalizing makes some adapters finalize for the rest of a test.
func finalizing(ctx context.Context) {
	GinkgoHelper()
	DeferCleanup(func() {
		writeRequiredAdapters(requiredAdapters)
		Eventually(config.Finalizing).WithArguments(v1.ClusterKind).Should(BeEmpty())
	})
	writeRequiredAdapters(finalizingAdapters)
	Eventually(config.Finalizing).WithContext(ctx).WithArguments(v1.ClusterKind).Should(HaveExactElements("dns", "validator"))
}

// finalized makes adapters report whether they have finalized.
func finalized(ctx context.Context, o parent, generation int64, status metav1.ConditionStatus, adapters ...string) {
	GinkgoHelper()
	for _, adapter := range adapters {
		f := finding{Kind: kindOf(o), Name: o.GetName(), UID: o.GetUID(), Adapter: adapter, Generation: generation, Status: metav1.ConditionFalse, Finalized: status}
		Expect(f.send(ctx, o.GetNamespace())).To(Succeed())
	}
}

// holdBy adds a finalizer that is not HyperFleet's, release removes all finalizers but
// HyperFleet's.
func holdBy(ctx context.Context, o client.Object) {
	GinkgoHelper()
	Expect(env.Client.Patch(ctx, o, client.RawPatch(types.JSONPatchType,
		[]byte(`[{"op":"add","path":"/metadata/finalizers/-","value":"`+hold+`"}]`)))).To(Succeed())
}

func releaseHold(ctx context.Context, o client.Object) {
	GinkgoHelper()
	Expect(env.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":["`+v1.CascadeFinalizer+`"]}}`)))).To(Succeed())
}

// notes returns the notes of the Events with a reason about an object.
func notes(ctx context.Context, o client.Object, reason string) (found []string) {
	GinkgoHelper()
	list := &eventsv1.EventList{}
	Expect(env.Client.List(ctx, list, client.InNamespace(o.GetNamespace()))).To(Succeed())
	for _, e := range list.Items {
		if e.Regarding.UID == o.GetUID() && e.Reason == reason {
			found = append(found, e.Note)
		}
	}
	return found
}

// eventuallyWaits asserts the condition Ready of an object that is being deleted.
func eventuallyWaits(ctx context.Context, o parent, reason, message string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
		ready := aggregate.ReadyOf(o.GetStatus().Conditions)
		g.Expect(ready).To(HaveValue(And(
			HaveField("Status", metav1.ConditionFalse), HaveField("Reason", reason), HaveField("Message", message),
			HaveField("ObservedGeneration", o.GetGeneration()))))
	}).Should(Succeed())
}

var _ = Describe("Finalizing", func() {
	var (
		namespace string
		cluster   *v1.Cluster
		pool      *v1.NodePool
	)
	BeforeEach(func(ctx context.Context) {
		finalizing(ctx)
		namespace = newNamespace(ctx)
		cluster, pool = newCluster(namespace, "alpha"), newPool(namespace, "alpha", "workers")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	})
	withPool := func(ctx context.Context) {
		GinkgoHelper()
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator", "hypershift")
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	}
	remaining := func(ctx context.Context) int {
		GinkgoHelper()
		list := &v1.AdapterStatusList{}
		Expect(env.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		return len(list.Items)
	}

	It("takes NodePools first, each with its own adapters, then the Cluster, then the reports", func(ctx context.Context) {
		withPool(ctx)
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.WaitingForNodePoolsReason, "NodePools: workers; dns: at generation 1; validator: at generation 1")
		eventuallyWaits(ctx, pool, v1.FinalizingReason, "validator: at generation 1")
		Expect(pool.Generation).To(BeEquivalentTo(2))
		expectCondition(ctx, Default, cluster, v1.AvailableCondition, metav1.ConditionTrue, v1.ResourceAvailableReason, 1)

		By("the Cluster's adapters being faster")
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		eventuallyWaits(ctx, cluster, v1.WaitingForNodePoolsReason, "NodePools: workers")

		By("the NodePool's adapter working on it")
		finalized(ctx, pool, 2, metav1.ConditionFalse, "validator")
		eventuallyWaits(ctx, pool, v1.FinalizingReason, "validator: Finalized=False")
		Expect(remaining(ctx)).To(Equal(4 + 2))
		finalized(ctx, pool, 2, metav1.ConditionTrue, "validator")
		eventuallyGone(ctx, pool, cluster)
		Eventually(remaining).WithContext(ctx).Should(BeZero())
	})

	It("does not take what was reported before the deletion", func(ctx context.Context) {
		finalized(ctx, cluster, 1, metav1.ConditionTrue, "dns", "validator")
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.FinalizingReason, "dns: at generation 1; validator: at generation 1")
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		eventuallyGone(ctx, cluster)
	})

	It("waits for the finalizers of others, says so, and keeps the reports until then", func(ctx context.Context) {
		holdBy(ctx, cluster)
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.FinalizingReason, "dns: at generation 1; validator: at generation 1; finalizers: "+hold)
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		eventuallyWaits(ctx, cluster, v1.WaitingForFinalizersReason, "finalizers: "+hold)
		Eventually(notes).WithContext(ctx).WithArguments(cluster, v1.EventDeletionBlocked).Should(ConsistOf(ContainSubstring(hold)))
		Expect(remaining(ctx)).To(Equal(4))
		releaseHold(ctx, cluster)
		eventuallyGone(ctx, cluster)
		Expect(remaining(ctx)).To(BeZero())
	})

	It("asks the API server before it gives up the reports", func(ctx context.Context) {
		var asked atomic.Int32
		contradict := func(list client.ObjectList, options *client.ListOptions) {
			found, ok := list.(*v1.AdapterStatusList)
			if !ok || options.Namespace != namespace {
				return
			}
			for i := range found.Items {
				for j := range found.Items[i].Spec.Conditions {
					if c := &found.Items[i].Spec.Conditions[j]; c.Type == v1.FinalizedCondition {
						c.Status = metav1.ConditionFalse
						asked.Add(1)
					}
				}
			}
		}
		live.afterList.Store(&contradict)
		defer live.afterList.Store(nil)
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		Eventually(asked.Load).Should(BeNumerically(">=", 2))
		eventuallyWaits(ctx, cluster, v1.FinalizingReason, "dns: Finalized=False; validator: Finalized=False")
		Expect(remaining(ctx)).To(Equal(4))
		live.afterList.Store(nil)
		again := finding{Kind: v1.ClusterKind, Name: "alpha", UID: cluster.UID, Adapter: "dns", Generation: 2, Status: metav1.ConditionFalse, Finalized: metav1.ConditionTrue}
		// A reconcile that was due already may delete the report while it is replaced.
		Expect(client.IgnoreNotFound(again.send(ctx, namespace))).To(Succeed())
		eventuallyGone(ctx, cluster)
	})

	It("ends although it is interrupted after the first report is gone", func(ctx context.Context) {
		var deleted atomic.Int32
		probe.setFault(func(verb string, o client.Object) error {
			if o.GetNamespace() != namespace || verb != "delete" {
				return nil
			}
			if n := deleted.Add(1); n > 1 && n < 8 {
				return errors.New("the test fails this delete")
			}
			return nil
		})
		defer probe.setFault(nil)
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		eventuallyGone(ctx, cluster)
		Expect(deleted.Load()).To(BeNumerically(">=", 8))
	})

	It("records its decision also in a status that is shorter because of its size", func(ctx context.Context) {
		var refused, decided atomic.Bool
		probe.setFault(func(verb string, o client.Object) error {
			c, ok := o.(*v1.Cluster)
			if !ok || verb != "update status" || c.Namespace != namespace {
				return nil
			}
			if c.Status.FinalizedGeneration > 0 && refused.CompareAndSwap(false, true) {
				return apierrors.NewInternalError(errors.New("etcdserver: request is too large"))
			}
			if refused.Load() && c.Status.FinalizedGeneration == c.Status.ObservedGeneration {
				decided.Store(true)
			}
			return nil
		})
		DeferCleanup(func() { probe.setFault(nil) })
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		eventuallyGone(ctx, cluster)
		Expect(refused.Load()).To(BeTrue(), "the decision was refused once")
		Expect(decided.Load()).To(BeTrue(), "the shorter status has the decision")
	})

	It("ends when the adapters that it waits for finalize no longer", func(ctx context.Context) {
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.FinalizingReason, "dns: at generation 1; validator: at generation 1")
		writeRequiredAdapters(requiredAdapters)
		eventuallyGone(ctx, cluster)
	})

	It("deletes NodePools that arrive, and says why", func(ctx context.Context) {
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.FinalizingReason, "dns: at generation 1; validator: at generation 1")
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.WaitingForNodePoolsReason, "NodePools: workers; dns: at generation 1; validator: at generation 1")
		Eventually(notes).WithContext(ctx).WithArguments(pool, v1.EventParentDeleted).Should(ConsistOf(ContainSubstring(`Cluster "alpha"`)))
		eventuallyWaits(ctx, pool, v1.FinalizingReason, "validator: not reported")
		finalized(ctx, pool, 2, metav1.ConditionTrue, "validator")
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		eventuallyGone(ctx, pool, cluster)
	})

	It("says so when a report that arrived late goes with its resource, and only of that one", func(ctx context.Context) {
		holdBy(ctx, cluster)
		// The creation and the deletion are usually in the same second, and both times are
		// whole seconds.
		early := finding{Kind: v1.ClusterKind, Name: "alpha", UID: cluster.UID, Adapter: "early", Generation: 1, Status: metav1.ConditionTrue}.report(namespace)
		Expect(env.Client.Create(ctx, early)).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		finalized(ctx, cluster, 2, metav1.ConditionTrue, "dns", "validator")
		late := finding{Kind: v1.ClusterKind, Name: "alpha", UID: cluster.UID, Adapter: "late", Generation: 2, Status: metav1.ConditionTrue}.report(namespace)
		Expect(env.Client.Create(ctx, late)).To(Succeed())
		eventuallyWaits(ctx, cluster, v1.WaitingForFinalizersReason, "finalizers: "+hold)
		releaseHold(ctx, cluster)
		eventuallyGone(ctx, cluster)
		Eventually(notes).WithContext(ctx).WithArguments(late, v1.EventParentDeleted).Should(ConsistOf(ContainSubstring(`Cluster "alpha"`)))
		Expect(notes(ctx, early, v1.EventParentDeleted)).To(BeEmpty())
	})

	Context("by force", func() {
		force := func(ctx context.Context, o client.Object) {
			GinkgoHelper()
			Expect(env.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType,
				[]byte(`{"metadata":{"annotations":{"`+v1.ForceDeleteAnnotation+`":"the cloud account is closed"}}}`)))).To(Succeed())
		}
		forced := ConsistOf(And(ContainSubstring("the cloud account is closed"), ContainSubstring("by admin: ")))

		It("removes a Cluster and its NodePools, and says who and why", func(ctx context.Context) {
			withPool(ctx)
			Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
			eventuallyWaits(ctx, cluster, v1.WaitingForNodePoolsReason, "NodePools: workers; dns: at generation 1; validator: at generation 1")
			force(ctx, cluster)
			eventuallyGone(ctx, pool, cluster)
			Expect(remaining(ctx)).To(BeZero())
			for _, o := range []client.Object{cluster, pool} {
				Eventually(notes).WithContext(ctx).WithArguments(o, v1.EventForceDeleted).Should(forced)
			}
		})

		It("removes a NodePool alone", func(ctx context.Context) {
			withPool(ctx)
			Expect(env.Client.Delete(ctx, pool)).To(Succeed())
			eventuallyWaits(ctx, pool, v1.FinalizingReason, "validator: at generation 1")
			force(ctx, pool)
			eventuallyGone(ctx, pool)
			refresh(ctx, cluster)
			Expect(cluster.DeletionTimestamp).To(BeNil())
		})

		It("does not remove the finalizers of others, nor wait for those on NodePools", func(ctx context.Context) {
			withPool(ctx)
			holdBy(ctx, pool)
			holdBy(ctx, cluster)
			Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
			force(ctx, cluster)
			for _, o := range []parent{pool, cluster} {
				eventuallyWaits(ctx, o, v1.WaitingForFinalizersReason, "finalizers: "+hold)
				Eventually(func() []string { refresh(ctx, o); return o.GetFinalizers() }).Should(HaveExactElements(hold))
			}
			Expect(remaining(ctx)).To(BeZero())
			for _, o := range []client.Object{pool, cluster} {
				Expect(env.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
			}
			eventuallyGone(ctx, pool, cluster)
		})
	})
})

var _ = Describe("A deletion that is stuck", func() {
	It("is recorded after a while, and then again", func(ctx context.Context) {
		finalizing(ctx)
		s := newByHand(ctx)
		Expect(env.Client.Create(ctx, s.cluster)).To(Succeed())
		Expect(env.Client.Delete(ctx, s.cluster)).To(Succeed())
		refresh(ctx, s.cluster)
		s.options.StuckAfter, s.options.Adapters = 15*time.Minute, config
		clusters := s.clusters()
		s.clock.SetTime(s.cluster.DeletionTimestamp.Add(5 * time.Minute))
		Eventually(func() time.Duration { // until the cache holds the deletion
			return s.reconciled(ctx, clusters, s.cluster).RequeueAfter
		}).Should(Equal(10 * time.Minute))
		Expect(notes(ctx, s.cluster, v1.EventDeletionStuck)).To(BeEmpty())

		s.clock.SetTime(s.cluster.DeletionTimestamp.Add(15 * time.Minute))
		Eventually(func() time.Duration { // until the cache holds the status
			return s.reconciled(ctx, clusters, s.cluster).RequeueAfter
		}).Should(Equal(15 * time.Minute))
		Eventually(notes).WithContext(ctx).WithArguments(s.cluster, v1.EventDeletionStuck).Should(ConsistOf(And(
			ContainSubstring(s.cluster.DeletionTimestamp.UTC().Format(time.RFC3339)), ContainSubstring("dns: not reported; validator: not reported"))))
		s.clock.SetTime(s.cluster.DeletionTimestamp.Add(20 * time.Minute))
		Expect(s.reconciled(ctx, clusters, s.cluster).RequeueAfter).To(Equal(10 * time.Minute))
	})
})
