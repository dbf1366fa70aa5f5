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
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

// The tests call this reconciler by hand, with its own clock. The suite's reconciler,
// which writes immediately, is kept from writing.
var _ = Describe("Heartbeats", func() {
	const delay = time.Minute // four fifths of HeartbeatDelay
	var (
		cluster *v1.Cluster
		own     *probeClient
		clock   *clocktesting.FakePassiveClock
		called  *ClusterReconciler
	)
	reconciled := func(ctx context.Context) ctrl.Result {
		GinkgoHelper()
		var result ctrl.Result
		Eventually(func(g Gomega) { // until the cache holds the last write
			var err error
			result, err = called.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(cluster)})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.RequeueAfter).To(Or(BeZero(), BeNumerically(">", maxCacheLag)))
		}).Should(Succeed())
		return result
	}
	// reported sends reports, and waits until this replica knows them.
	reported := func(ctx context.Context, status metav1.ConditionStatus, adapters ...string) {
		GinkgoHelper()
		for _, adapter := range adapters {
			sendAll(ctx, cluster, v1.ClusterKind, 1, status, adapter)
			stored := finding{Kind: v1.ClusterKind, Name: cluster.Name, Adapter: adapter}.report(cluster.Namespace)
			refresh(ctx, stored)
			Eventually(func(g Gomega) {
				known, ok := reports.Get(client.ObjectKeyFromObject(stored))
				g.Expect(ok).To(BeTrue())
				g.Expect(known.ResourceVersion).To(Equal(stored.ResourceVersion))
			}).Should(Succeed())
		}
	}
	writes := func() int { return own.statusWrites(client.ObjectKeyFromObject(cluster)) }
	expectWritten := func(ctx context.Context, n int) {
		GinkgoHelper()
		Expect(writes()).To(Equal(n))
		expectSettled(ctx, Default, cluster, v1.ClusterKind, clusterAdapters())
	}

	BeforeEach(func(ctx context.Context) {
		namespace := newNamespace(ctx)
		probe.setFault(func(verb string, o client.Object) error {
			if verb == "update status" && o.GetNamespace() == namespace {
				return errors.New("the suite's reconciler does not write")
			}
			return nil
		})
		DeferCleanup(func() { probe.setFault(nil) })
		cluster = newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Eventually(func() error {
			return mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(cluster), &v1.Cluster{})
		}).Should(Succeed())

		own = newProbeClient(mgr.GetClient())
		clock = clocktesting.NewFakePassiveClock(time.Now())
		called = &ClusterReconciler{Options: Options{
			Client: own, APIReader: mgr.GetAPIReader(), Reports: reports, Adapters: fixedAdapters(clusterAdapters()), Clock: clock, HeartbeatDelay: delay * 5 / 4,
		}}
		reported(ctx, metav1.ConditionTrue, clusterAdapters()...)
		Expect(reconciled(ctx)).To(BeZero())
		expectWritten(ctx, 1)
		Expect(reconciled(ctx)).To(BeZero())
	})

	It("are batched for the delay and written once", func(ctx context.Context) {
		reported(ctx, metav1.ConditionTrue, "dns")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))

		clock.SetTime(clock.Now().Add(delay / 2))
		reported(ctx, metav1.ConditionTrue, "dns", "hypershift", "validator")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay/2), "later heartbeats do not extend the delay")
		Expect(writes()).To(Equal(1))

		clock.SetTime(clock.Now().Add(delay / 2))
		Expect(reconciled(ctx)).To(BeZero())
		expectWritten(ctx, 2)

		By("the next batch")
		reported(ctx, metav1.ConditionTrue, "dns")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))
		clock.SetTime(clock.Now().Add(delay))
		Expect(reconciled(ctx)).To(BeZero())
		expectWritten(ctx, 3)
		_, waits := called.memory.heartbeats.Load(client.ObjectKeyFromObject(cluster))
		Expect(waits).To(BeFalse())
	})

	It("are written with the next change of status", func(ctx context.Context) {
		reported(ctx, metav1.ConditionTrue, "dns")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))
		reported(ctx, metav1.ConditionFalse, "validator")
		Expect(reconciled(ctx)).To(BeZero())
		expectWritten(ctx, 2)
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)
	})

	It("are written again where a write fails", func(ctx context.Context) {
		reported(ctx, metav1.ConditionTrue, "dns")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))
		clock.SetTime(clock.Now().Add(delay))
		own.setFault(func(string, client.Object) error { return errors.New("the API server is unavailable") })
		_, err := called.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(cluster)})
		Expect(err).To(MatchError(ContainSubstring("unavailable")))
		own.setFault(nil)
		Expect(reconciled(ctx)).To(BeZero())
		expectWritten(ctx, 2)
	})

	It("survive a change of spec", func(ctx context.Context) {
		reported(ctx, metav1.ConditionTrue, "dns")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))
		Expect(changeSpec(ctx, cluster, `{"region":"us-west1"}`)).To(Succeed())
		Eventually(func(g Gomega) {
			cached := &v1.Cluster{}
			g.Expect(mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(cluster), cached)).To(Succeed())
			g.Expect(cached.Generation).To(Equal(cluster.Generation))
		}).Should(Succeed())
		Expect(reconciled(ctx)).To(BeZero())
		expectWritten(ctx, 2)
	})

	It("keep their time where an Unknown report follows before they are written", func(ctx context.Context) {
		reported(ctx, metav1.ConditionTrue, "dns")
		heartbeat := finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "dns"}.report(cluster.Namespace)
		refresh(ctx, heartbeat)
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))
		reported(ctx, metav1.ConditionUnknown, "dns")
		Expect(reconciled(ctx).RequeueAfter).To(Equal(delay))
		clock.SetTime(clock.Now().Add(delay))
		Expect(reconciled(ctx)).To(BeZero())
		refresh(ctx, cluster)
		Expect(cluster.Status.Conditions).To(ContainElement(And(
			HaveField("Type", "DnsSuccessful"),
			HaveField("Status", metav1.ConditionTrue),
			HaveField("LastUpdatedTime.Time", BeTemporally("==", heartbeat.Spec.ObservedTime.Time)),
		)))
	})
})

// fixedAdapters are required for every Kind, and do not finalize.
type fixedAdapters []string

func (f fixedAdapters) Required(string) []string      { return f }
func (f fixedAdapters) Finalizing(string) []string    { return nil }
func (fixedAdapters) Mapping(string) *mapping.Program { return nil }
func (f fixedAdapters) OnChange(func())               {}
