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
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// lostVersion is a resourceVersion that the store has not reached, as after the
// restore of an older revision.
const lostVersion = "999999999999"

// The tests call the reconcilers by hand. The suite's reconcilers are kept from
// writing.
var _ = Describe("A reconciler whose last write the cache does not show", func() {
	var (
		cluster  *v1.Cluster
		pool     *v1.NodePool
		frozen   *frozenCache
		clusters *ClusterReconciler
		pools    *NodePoolReconciler
	)
	BeforeEach(func(ctx context.Context) {
		namespace := newNamespace(ctx)
		probe.setFault(func(_ string, o client.Object) error {
			if o.GetNamespace() == namespace {
				return errors.New("the suite's reconcilers do not write")
			}
			return nil
		})
		DeferCleanup(func() { probe.setFault(nil) })
		cluster, pool = newCluster(namespace, "alpha"), newPool(namespace, "alpha", "workers")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		for _, o := range []client.Object{cluster, pool} {
			Eventually(func() error {
				return mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(o), o.DeepCopyObject().(client.Object))
			}).Should(Succeed())
		}
		frozen = &frozenCache{Client: mgr.GetClient()}
		options := Options{
			Client: frozen, APIReader: mgr.GetAPIReader(), Reports: reports, Adapters: fixedAdapters(clusterAdapters()), Clock: clock.RealClock{},
		}
		clusters, pools = &ClusterReconciler{Options: options}, &NodePoolReconciler{Options: options}
	})
	reconcile := func(ctx context.Context) (ctrl.Result, error) {
		return clusters.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(cluster)})
	}
	// wrote makes the reconciler remember a write, as long ago as the age.
	wrote := func(m *memory, o client.Object, resourceVersion string, age time.Duration) {
		m.written.Store(client.ObjectKeyFromObject(o), ownWrite{resourceVersion, 0, time.Now().Add(-age)})
	}

	It("goes on with a store that was restored to an older revision", func(ctx context.Context) {
		wrote(&clusters.memory, cluster, lostVersion, maxCacheLag)
		clusters.memory.vanished.Store(key(cluster.Namespace, "beta"), vanished{resourceVersion: lostVersion})
		Expect(reconcile(ctx)).To(BeZero())
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		Expect(clusters.memory.isOwnWrite(cluster)).To(BeTrue(), "the new write takes the place of the lost one")
		_, remembered := clusters.memory.vanished.Load(key(cluster.Namespace, "beta"))
		Expect(remembered).To(BeFalse(), "what else is remembered is of the lost history too")
	})

	It("does so for NodePools", func(ctx context.Context) {
		wrote(&pools.memory, pool, lostVersion, maxCacheLag)
		Eventually(func(g Gomega) { // until the cache holds the write of the metadata
			_, err := pools.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(pool)})
			g.Expect(err).NotTo(HaveOccurred())
			expectCondition(ctx, g, pool, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		}).Should(Succeed())
	})

	It("waits longer the older the write is, and writes nothing", func(ctx context.Context) {
		frozen.hold(cluster)
		Expect(changeSpec(ctx, cluster, `{"region":"us-west1"}`)).To(Succeed())
		var waits []time.Duration
		for _, age := range []time.Duration{0, time.Second, maxCacheLag, time.Hour} {
			wrote(&clusters.memory, cluster, cluster.ResourceVersion, age)
			result, err := reconcile(ctx)
			Expect(err).NotTo(HaveOccurred())
			waits = append(waits, result.RequeueAfter)
		}
		Expect(waits).To(HaveExactElements(
			And(BeNumerically(">=", retryDelay), BeNumerically("<=", maxCacheLag)),
			And(BeNumerically(">=", time.Second), BeNumerically("<=", maxCacheLag)),
			Equal(maxCacheLag),
			Equal(maxCacheLag),
		))
		Expect(clusters.memory.isOwnWrite(cluster)).To(BeTrue(), "the write is not lost")
		version := cluster.ResourceVersion
		refresh(ctx, cluster)
		Expect(cluster.ResourceVersion).To(Equal(version))
	})

	It("forgets an object that the store does not have", func(ctx context.Context) {
		gone := newCluster(cluster.Namespace, "gone")
		gone.UID, gone.ResourceVersion = "5f3759df-0000-4000-8000-000000000000", "1"
		frozen.hold(gone)
		wrote(&clusters.memory, gone, lostVersion, maxCacheLag)
		Expect(clusters.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(gone)})).To(BeZero())
		_, remembered := clusters.memory.written.Load(client.ObjectKeyFromObject(gone))
		Expect(remembered).To(BeFalse())
	})

	It("does not sweep by a revision that the store has not reached", func(ctx context.Context) {
		clusters.memory.vanished.Store(client.ObjectKeyFromObject(cluster), vanished{uid: cluster.UID, resourceVersion: lostVersion})
		Expect(reconcile(ctx)).To(BeZero())
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AwaitingAdaptersReason, 1)
		refresh(ctx, pool)
		Expect(pool.DeletionTimestamp).To(BeNil())
	})

	It("does not sweep the NodePools of another Cluster of the name", func(ctx context.Context) {
		pool.TieTo(cluster)
		Expect(env.Client.Update(ctx, pool)).To(Succeed())
		lost := vanished{uid: "5f3759df-0000-4000-8000-000000000000", resourceVersion: pool.ResourceVersion}
		c := clusters.cascade()
		Expect(c.sweepPools(ctx, client.ObjectKeyFromObject(cluster), lost)).To(Succeed())
		refresh(ctx, pool)
		Expect(pool.DeletionTimestamp).To(BeNil())

		lost.uid = cluster.UID
		Expect(c.sweepPools(ctx, client.ObjectKeyFromObject(cluster), lost)).To(Succeed())
		refresh(ctx, pool)
		Expect(pool.DeletionTimestamp).NotTo(BeNil())
	})
})

// frozenCache is a client whose cache does not advance for one Cluster.
type frozenCache struct {
	client.Client
	held *v1.Cluster
}

// hold makes the cache return the Cluster as it is now.
func (f *frozenCache) hold(cluster *v1.Cluster) { f.held = cluster.DeepCopy() }

func (f *frozenCache) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if cluster, ok := o.(*v1.Cluster); ok && f.held != nil && key == client.ObjectKeyFromObject(f.held) {
		f.held.DeepCopyInto(cluster)
		return nil
	}
	return f.Client.Get(ctx, key, o, opts...)
}
