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
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// hold is a finalizer that is not HyperFleet's.
const hold = "test.hyperfleet.io/hold"

var _ = Describe("Deletion", func() {
	var (
		namespace string
		cluster   *v1.Cluster
		pools     []*v1.NodePool
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		cluster = newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		pools = nil
		for i := range 3 {
			pool := newPool(namespace, "alpha", fmt.Sprintf("pool-%d", i))
			Expect(env.Client.Create(ctx, pool)).To(Succeed())
			pools = append(pools, pool)
			sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator", "hypershift")
			eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		}
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	})
	left := func(ctx context.Context) (names []string) {
		GinkgoHelper()
		for _, list := range []client.ObjectList{&v1.ClusterList{}, &v1.NodePoolList{}, &v1.AdapterStatusList{}} {
			found, err := listObjects(ctx, env.Client, list, client.InNamespace(namespace))
			Expect(err).NotTo(HaveOccurred())
			for _, o := range found {
				names = append(names, o.GetName())
			}
		}
		return names
	}

	It("of a Cluster deletes its NodePools and the reports on both, and nothing else", func(ctx context.Context) {
		other := newCluster(namespace, "alpha2")
		Expect(env.Client.Create(ctx, other)).To(Succeed())
		otherPool := newPool(namespace, "alpha2", "pool-0")
		Expect(env.Client.Create(ctx, otherPool)).To(Succeed())
		sendAll(ctx, other, v1.ClusterKind, 1, metav1.ConditionTrue, "dns")
		sendAll(ctx, otherPool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator")

		for range 3 {
			Expect(client.IgnoreNotFound(env.Client.Delete(ctx, cluster.DeepCopy()))).To(Succeed())
		}
		Eventually(left).WithContext(ctx).Should(ConsistOf("alpha2", "alpha2.pool-0", "alpha2.dns", "alpha2.pool-0.validator"))
		refresh(ctx, otherPool)
		Expect(otherPool.DeletionTimestamp).To(BeNil())
	})

	It("of a NodePool deletes its own reports only", func(ctx context.Context) {
		Expect(env.Client.Delete(ctx, pools[0])).To(Succeed())
		eventuallyGone(ctx, pools[0])
		Expect(left(ctx)).To(HaveLen(1 + 2 + 2*2 + 4))
	})

	It("names the very object whose last finalizer it removes", func(ctx context.Context) {
		var mu sync.Mutex
		released := map[string]types.UID{}
		probe.setFault(func(verb string, o client.Object) error {
			mu.Lock()
			defer mu.Unlock()
			if verb == "update" && o.GetNamespace() == namespace && len(o.GetFinalizers()) == 0 && o.GetResourceVersion() != "" {
				released[o.GetName()] = o.GetUID()
			}
			return nil
		})
		DeferCleanup(func() { probe.setFault(nil) })
		Expect(env.Client.Delete(ctx, cluster.DeepCopy())).To(Succeed())
		eventuallyGone(ctx, cluster)
		mu.Lock()
		defer mu.Unlock()
		want := map[string]types.UID{cluster.Name: cluster.UID}
		for _, pool := range pools {
			want[pool.Name] = pool.UID
		}
		Expect(released).To(Equal(want))
	})

	It("completes although writes fail", func(ctx context.Context) {
		var mu sync.Mutex
		calls := 0
		probe.setFault(func(_ string, o client.Object) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; o.GetNamespace() == namespace && calls%2 != 0 {
				return errors.New("the test fails this write")
			}
			return nil
		})
		defer probe.setFault(nil)
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		Eventually(left).WithContext(ctx).Should(BeEmpty())
	})

	It("deletes dependents that arrive while it is under way", func(ctx context.Context) {
		Expect(env.Client.Patch(ctx, cluster, client.RawPatch(types.JSONPatchType,
			[]byte(`[{"op":"add","path":"/metadata/finalizers/-","value":"`+hold+`"}]`)))).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		kept := []any{"alpha", "alpha.dns", "alpha.hypershift", "alpha.pullsecret", "alpha.validator"}
		Eventually(left).WithContext(ctx).Should(ConsistOf(kept...))

		late := newPool(namespace, "alpha", "late")
		Expect(env.Client.Create(ctx, late)).To(Succeed())
		sendAll(ctx, late, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator")
		sendAll(ctx, cluster, v1.ClusterKind, 2, metav1.ConditionTrue, "late")
		Eventually(left).WithContext(ctx).Should(ConsistOf(append(kept, "alpha.late")...))

		Expect(env.Client.Patch(ctx, cluster, client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		Eventually(left).WithContext(ctx).Should(BeEmpty())
	})

	It("deletes dependents that arrive between the last list and the removal of the finalizer", func(ctx context.Context) {
		var once sync.Once
		arrive := func(list client.ObjectList, options *client.ListOptions) {
			if found, ok := list.(*v1.NodePoolList); !ok || len(found.Items) > 0 || options.Namespace != namespace {
				return
			}
			once.Do(func() {
				defer GinkgoRecover()
				late := newPool(namespace, "alpha", "late")
				Expect(env.Client.Create(ctx, late)).To(Succeed())
				sendAll(ctx, late, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator")
			})
		}
		live.afterList.Store(&arrive)
		defer live.afterList.Store(nil)
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyGone(ctx, cluster)
		Eventually(left).WithContext(ctx).Should(BeEmpty())
	})

	It("deletes dependents although the finalizer is removed by hand", func(ctx context.Context) {
		Expect(env.Client.Patch(ctx, pools[0], client.RawPatch(types.JSONPatchType,
			[]byte(`[{"op":"add","path":"/metadata/finalizers/-","value":"`+hold+`"}]`)))).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		Eventually(left).WithContext(ctx).Should(ConsistOf("alpha", "alpha.dns", "alpha.hypershift", "alpha.pullsecret", "alpha.validator",
			"alpha.pool-0", "alpha.pool-0.hypershift", "alpha.pool-0.validator"))
		Expect(env.Client.Patch(ctx, cluster, client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		eventuallyGone(ctx, cluster)
		Expect(env.Client.Patch(ctx, pools[0], client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		Eventually(left).WithContext(ctx).Should(BeEmpty())
	})

	It("lets a successor take the name, for which old reports do not count", func(ctx context.Context) {
		old := cluster.DeepCopy()
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		eventuallyGone(ctx, cluster)
		cluster = newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		pool := newPool(namespace, "alpha", "pool-0")
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)

		sendAll(ctx, old, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		Eventually(left).WithContext(ctx).Should(ConsistOf("alpha", "alpha.pool-0"))
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		eventuallyCondition(ctx, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)

		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	})

	It("sweeps NodePools that existed when a Cluster vanished, and no later ones", func(ctx context.Context) {
		early := newPool(namespace, "beta", "early")
		Expect(env.Client.Create(ctx, early)).To(Succeed())
		list := &v1.NodePoolList{}
		Expect(env.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		later := newPool(namespace, "beta", "later")
		Expect(env.Client.Create(ctx, later)).To(Succeed())

		c := cascade{Options: Options{Client: probe, APIReader: live}}
		Expect(c.sweepPools(ctx, key(namespace, "beta"), vanished{resourceVersion: list.ResourceVersion})).To(Succeed())
		eventuallyGone(ctx, early)
		refresh(ctx, later)
		Expect(later.DeletionTimestamp).To(BeNil())
		Expect(c.sweepPools(ctx, key(namespace, "beta"), vanished{resourceVersion: "1"})).To(Succeed(), "a compacted resourceVersion is no error")
	})
})

var _ = Describe("A report without a resource", func() {
	var (
		namespace string
		clock     *clocktesting.FakePassiveClock
		orphans   *AdapterStatusReconciler // called by hand in addition to the running one, with its own clock
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		clock = clocktesting.NewFakePassiveClock(time.Now())
		orphans = &AdapterStatusReconciler{Options: Options{Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Reports: reports, Clock: clock}}
	})
	known := func(report *v1.AdapterStatus) {
		GinkgoHelper()
		Eventually(func() bool {
			_, ok := reports.Get(client.ObjectKeyFromObject(report))
			return ok
		}).Should(BeTrue())
	}

	It("is deleted immediately where it has the UID of its resource", func(ctx context.Context) {
		for _, f := range []finding{
			{Kind: v1.ClusterKind, Name: "gone", UID: "5f3759df-0000-4000-8000-000000000000", Adapter: "dns", Generation: 1, Status: "True"},
			{Kind: v1.NodePoolKind, Name: "gone.pool", UID: "5f3759df-0000-4000-8000-000000000000", Adapter: "dns", Generation: 1, Status: "True"},
		} {
			report := f.report(namespace)
			Expect(env.Client.Create(ctx, report)).To(Succeed())
			eventuallyGone(ctx, report)
		}
	})

	It("waits a minute for its resource", func(ctx context.Context) {
		report := finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "dns", Generation: 1, Status: "True"}.report(namespace)
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		known(report)
		request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(report)}

		clock.SetTime(report.CreationTimestamp.Add(20 * time.Second))
		result, err := orphans.Reconcile(ctx, request)
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(Equal(ctrl.Result{RequeueAfter: 40 * time.Second}))
		refresh(ctx, report)

		clock.SetTime(report.CreationTimestamp.Add(time.Minute))
		Expect(orphans.Reconcile(ctx, request)).To(Equal(ctrl.Result{}))
		eventuallyGone(ctx, report)
	})

	It("counts when its resource is created in time", func(ctx context.Context) {
		for _, adapter := range clusterAdapters() {
			Expect(finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: adapter, Generation: 1, Status: "True"}.send(ctx, namespace)).To(Succeed())
		}
		cluster := newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)

		clock.SetTime(time.Now().Add(time.Hour))
		Expect(orphans.Reconcile(ctx, ctrl.Request{NamespacedName: key(namespace, "alpha.dns")})).To(Equal(ctrl.Result{}))
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
	})
})
