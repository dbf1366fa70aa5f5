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
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

func TestCollectorWait(t *testing.T) {
	start := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		finalizers []string
		want       []time.Duration // at the start, half way, and at the end
	}{
		"no finalizer":             {nil, []time.Duration{0, 0, 0}},
		"finalizers of others":     {[]string{v1.CascadeFinalizer, hold}, []time.Duration{0, 0, 0}},
		"of a foreground deletion": {[]string{v1.CascadeFinalizer, "foregroundDeletion"}, []time.Duration{collectorGracePeriod, collectorGracePeriod / 2, 0}},
		"of an orphan deletion":    {[]string{hold, "orphan"}, []time.Duration{collectorGracePeriod, collectorGracePeriod / 2, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, m := newCluster("default", "alpha"), &memory{}
			cluster.Finalizers = test.finalizers
			for i, want := range test.want {
				if got := m.collectorWait(cluster, start.Add(time.Duration(i)*collectorGracePeriod/2)); got != want {
					t.Errorf("look %d: wait %s, want %s", i, got, want)
				}
			}
			m.forget(client.ObjectKeyFromObject(cluster))
			if got := m.collectorWait(cluster, start.Add(time.Hour)); got != test.want[0] {
				t.Errorf("a successor is to wait %s, want %s", got, test.want[0])
			}
		})
	}
}

var _ = Describe("Deletion with foreground propagation", func() {
	var (
		namespace string
		cluster   *v1.Cluster
		pool      *v1.NodePool
		report    *v1.AdapterStatus
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		cluster, pool = newCluster(namespace, "alpha"), newPool(namespace, "alpha", "workers")
		report = finding{Kind: v1.NodePoolKind, Name: pool.Name, Adapter: "validator", Generation: 1, Status: metav1.ConditionTrue}.report(namespace)
		for _, o := range []client.Object{cluster, pool, report} {
			Expect(env.Client.Create(ctx, o)).To(Succeed())
		}
	})
	foreground := client.PropagationPolicy(metav1.DeletePropagationForeground)

	It("completes where no garbage collector runs", func(ctx context.Context) {
		for _, o := range []client.Object{report, pool, cluster} {
			Expect(env.Client.Delete(ctx, o, foreground)).To(Succeed())
		}
		eventuallyGone(ctx, report, pool, cluster)
	})

	// The tests call the reconcilers by hand, with their own clock. The suite's
	// reconcilers are kept from writing.
	Context("by the clock", func() {
		var (
			clock      *clocktesting.FakePassiveClock
			clusters   *ClusterReconciler
			reconciler map[client.Object]reconcile.Reconciler
		)
		BeforeEach(func() {
			probe.setFault(func(_ string, o client.Object) error {
				if o.GetNamespace() == namespace {
					return errors.New("the suite's reconcilers do not write")
				}
				return nil
			})
			DeferCleanup(func() { probe.setFault(nil) })
			clock = clocktesting.NewFakePassiveClock(time.Now())
			options := Options{
				Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Reports: reports, Adapters: fixedAdapters(clusterAdapters()), Clock: clock,
			}
			clusters = &ClusterReconciler{Options: options}
			reconciler = map[client.Object]reconcile.Reconciler{
				cluster: clusters, pool: &NodePoolReconciler{Options: options}, report: &AdapterStatusReconciler{Options: options},
			}
		})
		reconciled := func(ctx context.Context, o client.Object) ctrl.Result {
			GinkgoHelper()
			result, err := reconciler[o].Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(o)})
			Expect(err).NotTo(HaveOccurred())
			return result
		}
		// waits reconciles o until it waits for the garbage collector.
		waits := func(ctx context.Context, o client.Object) {
			GinkgoHelper()
			Eventually(func() time.Duration { return reconciled(ctx, o).RequeueAfter }).Should(Equal(collectorGracePeriod))
			refresh(ctx, o)
			Expect(o.GetFinalizers()).To(ContainElement(metav1.FinalizerDeleteDependents))
		}
		// collect does what a garbage collector does.
		collect := func(ctx context.Context, o client.Object) {
			GinkgoHelper()
			Expect(env.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType,
				[]byte(`{"metadata":{"finalizers":["`+v1.CascadeFinalizer+`"]}}`)))).To(Succeed())
		}
		deletePool := func(ctx context.Context) {
			GinkgoHelper()
			Expect(env.Client.Delete(ctx, report)).To(Succeed())
			Expect(env.Client.Delete(ctx, pool, foreground)).To(Succeed())
		}

		It("waits for a garbage collector, and does its work after the wait", func(ctx context.Context) {
			deletePool(ctx)
			waits(ctx, pool)
			clock.SetTime(clock.Now().Add(collectorGracePeriod))
			Expect(reconciled(ctx, pool)).To(BeZero())
			eventuallyGone(ctx, pool)
		})

		It("does not wait longer than the garbage collector takes", func(ctx context.Context) {
			deletePool(ctx)
			waits(ctx, pool)
			collect(ctx, pool)
			Eventually(func() error { // until the cache holds the patch
				reconciled(ctx, pool)
				return env.Client.Get(ctx, client.ObjectKeyFromObject(pool), &v1.NodePool{})
			}).ShouldNot(Succeed())
		})

		It("waits for dependents first", func(ctx context.Context) {
			Expect(env.Client.Delete(ctx, report)).To(Succeed())
			Expect(env.Client.Delete(ctx, cluster, foreground)).To(Succeed())
			Eventually(func(g Gomega) { // until the cache holds the deletion
				g.Expect(reconciled(ctx, cluster)).To(BeZero())
				refresh(ctx, pool)
				g.Expect(pool.DeletionTimestamp).NotTo(BeNil())
			}).Should(Succeed())
			clock.SetTime(clock.Now().Add(time.Hour))
			Eventually(func() ctrl.Result { return reconciled(ctx, cluster) }).Should(BeZero(), "once the cache holds the status")
			Eventually(func() error { // until the cache holds the deletion
				reconciled(ctx, pool)
				return env.Client.Get(ctx, client.ObjectKeyFromObject(pool), &v1.NodePool{})
			}).ShouldNot(Succeed())
			waits(ctx, cluster)
			Expect(cluster.Finalizers).To(ContainElement(v1.CascadeFinalizer))
		})

		It("waits for the finalizers of others first, and leaves them", func(ctx context.Context) {
			Expect(env.Client.Delete(ctx, report)).To(Succeed())
			holdBy(ctx, pool)
			Expect(env.Client.Delete(ctx, pool, foreground)).To(Succeed())
			Eventually(func(g Gomega) { // until the cache holds the deletion
				g.Expect(reconciled(ctx, pool)).To(BeZero())
				expectCondition(ctx, g, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.WaitingForFinalizersReason, 2)
			}).Should(Succeed())
			clock.SetTime(clock.Now().Add(time.Hour))
			Eventually(func() ctrl.Result { return reconciled(ctx, pool) }).Should(BeZero(), "once the cache holds the status")
			refresh(ctx, pool)
			Expect(pool.Finalizers).To(ConsistOf(v1.CascadeFinalizer, metav1.FinalizerDeleteDependents, hold))
			Expect(env.Client.Patch(ctx, pool, client.RawPatch(types.MergePatchType,
				[]byte(`{"metadata":{"finalizers":["`+v1.CascadeFinalizer+`","`+metav1.FinalizerDeleteDependents+`"]}}`)))).To(Succeed())
			waits(ctx, pool)
		})

		It("does the same for a report, which would keep its resource", func(ctx context.Context) {
			Expect(env.Client.Delete(ctx, report, foreground)).To(Succeed())
			waits(ctx, report)
			clock.SetTime(clock.Now().Add(collectorGracePeriod))
			Expect(reconciled(ctx, report)).To(BeZero())
			eventuallyGone(ctx, report)
		})
	})
})

var _ = Describe("Deletion with orphan propagation", func() {
	orphan := client.PropagationPolicy(metav1.DeletePropagationOrphan)
	var namespace string
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		bait := newCluster(namespace, "bait")
		Expect(env.Client.Create(ctx, bait)).To(Succeed())
		Eventually(func() error { return env.Client.Delete(ctx, bait, orphan, client.DryRunAll) }).ShouldNot(Succeed(), "the policy is in force")
	})
	refused := MatchError(ContainSubstring("--cascade=background"))

	It("is refused, however a client asks for it", func(ctx context.Context) {
		marked := newCluster(namespace, "marked")
		marked.Finalizers = []string{metav1.FinalizerOrphanDependents}
		for _, o := range []client.Object{newCluster(namespace, "alpha"), newPool(namespace, "alpha", "workers"), marked} {
			Expect(env.Client.Create(ctx, o)).To(Succeed())
			Expect(env.Client.Delete(ctx, o, orphan)).To(refused)
			Expect(env.Client.Delete(ctx, o, &client.DeleteOptions{Raw: &metav1.DeleteOptions{OrphanDependents: new(true)}})).To(refused) //nolint:staticcheck // old clients still send it
			refresh(ctx, o)
			Expect(o.GetDeletionTimestamp()).To(BeNil())
		}
		Expect(env.Client.Delete(ctx, marked)).To(refused, "without a choice, the finalizer decides")
		Expect(env.Client.DeleteAllOf(ctx, &v1.Cluster{}, client.InNamespace(namespace), orphan)).To(refused)
	})

	It("is not what the other policies ask for", func(ctx context.Context) {
		marked := newCluster(namespace, "marked")
		marked.Finalizers = []string{metav1.FinalizerOrphanDependents}
		plain := newCluster(namespace, "plain")
		Expect(env.Client.Create(ctx, marked)).To(Succeed())
		Expect(env.Client.Create(ctx, plain)).To(Succeed())
		Expect(env.Client.Delete(ctx, plain)).To(Succeed())
		Expect(env.Client.Delete(ctx, marked, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		eventuallyGone(ctx, plain, marked)
	})
})
