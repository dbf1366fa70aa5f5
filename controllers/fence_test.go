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
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/leader"
)

// The tests call this reconciler by hand. The suite's reconcilers are kept from
// writing.
var _ = Describe("A reconciler behind the fence of a lease", func() {
	var (
		cluster *v1.Cluster
		pool    *v1.NodePool
		lease   *leader.Lease
		fenced  *ClusterReconciler
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

		var err error
		lease, err = leader.NewLease(env.Config, namespace, "manager", time.Hour, nil)
		Expect(err).NotTo(HaveOccurred())
		fenced = &ClusterReconciler{Options: Options{
			Client: lease.Fence(mgr.GetClient()), APIReader: mgr.GetAPIReader(), Reports: reports,
			Adapters: fixedAdapters(clusterAdapters()), Clock: clock.RealClock{},
		}}
	})
	// cached waits until the cache holds the Cluster and NodePool as they are stored.
	cached := func(ctx context.Context) {
		GinkgoHelper()
		for _, o := range []client.Object{cluster, pool} {
			refresh(ctx, o)
			Eventually(func(g Gomega) {
				known := o.DeepCopyObject().(client.Object)
				g.Expect(mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(o), known)).To(Succeed())
				g.Expect(known.GetResourceVersion()).To(Equal(o.GetResourceVersion()))
			}).Should(Succeed())
		}
	}
	reconcile := func(ctx context.Context) error {
		_, err := fenced.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(cluster)})
		return err
	}
	held := func() resourcelock.LeaderElectionRecord {
		return resourcelock.LeaderElectionRecord{HolderIdentity: lease.Identity(), LeaseDurationSeconds: 15}
	}

	It("writes and deletes only while the lease is held", func(ctx context.Context) {
		By("not holding the lease")
		cached(ctx)
		Expect(reconcile(ctx)).To(MatchError(leader.ErrNotLeading))
		refresh(ctx, cluster)
		Expect(cluster.Status.ID).To(BeEmpty())

		By("holding it")
		Expect(lease.Create(ctx, held())).To(Succeed())
		Expect(reconcile(ctx)).To(Succeed())
		refresh(ctx, cluster)
		Expect(cluster.Status.ID).NotTo(BeEmpty())

		By("having released it")
		Expect(lease.Update(ctx, resourcelock.LeaderElectionRecord{LeaseDurationSeconds: 1})).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		cached(ctx)
		Expect(reconcile(ctx)).To(MatchError(leader.ErrNotLeading))
		refresh(ctx, pool)
		Expect(pool.DeletionTimestamp).To(BeNil())

		By("holding it again")
		Expect(lease.Update(ctx, held())).To(Succeed())
		Expect(reconcile(ctx)).To(Succeed())
		refresh(ctx, pool)
		Expect(pool.DeletionTimestamp).NotTo(BeNil())
	})

	It("writes once its manager is elected, and no longer when that stops", func(ctx context.Context) {
		var elected ctrl.Manager
		lease, err := leader.NewLease(env.Config, cluster.Namespace, "elected", 10*time.Second, func() events.EventRecorder {
			return elected.GetEventRecorder("elected")
		})
		Expect(err).NotTo(HaveOccurred())
		elected, err = ctrl.NewManager(env.Config, ctrl.Options{
			Scheme: env.Scheme, Metrics: metricsserver.Options{BindAddress: "0"},
			LeaderElection: true, LeaderElectionID: "elected", LeaderElectionResourceLockInterface: lease, LeaderElectionReleaseOnCancel: true,
		})
		Expect(err).NotTo(HaveOccurred())
		write := func() error {
			return lease.Fence(env.Client).Patch(ctx, cluster.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{}`)))
		}
		Expect(write()).To(MatchError(leader.ErrNotLeading))

		running, stop := context.WithCancel(ctx)
		defer stop()
		stopped := make(chan error, 1)
		go func() { stopped <- elected.Start(running) }()
		Eventually(write).Should(Succeed())
		Eventually(func(g Gomega) {
			list := &eventsv1.EventList{}
			g.Expect(env.Client.List(ctx, list, client.InNamespace(cluster.Namespace))).To(Succeed())
			g.Expect(list.Items).To(ContainElement(And(
				HaveField("Reason", "LeaderElection"), HaveField("Regarding.Name", "elected"), HaveField("Note", HaveSuffix("became leader")))))
		}).Should(Succeed())

		stop()
		Eventually(stopped).Should(Receive(Succeed()))
		Expect(write()).To(MatchError(leader.ErrNotLeading))
	})
})
