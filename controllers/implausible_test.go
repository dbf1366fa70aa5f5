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
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// planted returns a report by dns on the Cluster "alpha" that no honest adapter makes.
// While it is stored, the API server refuses the honest reports of dns.
func planted(namespace string, change func(*v1.AdapterStatusSpec)) *v1.AdapterStatus {
	report := finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "dns", Generation: 1, Status: metav1.ConditionTrue}.report(namespace)
	change(&report.Spec)
	return report
}

func atTime(t time.Time) func(*v1.AdapterStatusSpec) {
	return func(s *v1.AdapterStatusSpec) { s.ObservedTime = v1.NewTimestamp(t) }
}

var _ = Describe("An implausible report", func() {
	var (
		namespace string
		cluster   *v1.Cluster
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		cluster = newCluster(namespace, "alpha")
	})
	honest := func(ctx context.Context, status metav1.ConditionStatus) {
		GinkgoHelper()
		Expect(finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "dns", Generation: 1, Status: status}.send(ctx, namespace)).To(Succeed())
		eventuallyCondition(ctx, cluster, "DnsSuccessful", status, "", 1)
	}
	// replaces writes the planted report over the stored one.
	replaces := func(ctx context.Context, report *v1.AdapterStatus) {
		GinkgoHelper()
		stored := &v1.AdapterStatus{}
		Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(report), stored)).To(Succeed())
		stored.Spec.ObservedTime, stored.Spec.ObservedGeneration = report.Spec.ObservedTime, report.Spec.ObservedGeneration
		Expect(env.Client.Update(ctx, stored)).To(Succeed())
		report.UID = stored.UID
	}

	DescribeTable("from the future is deleted, and what was known stays known",
		func(ctx context.Context, at time.Time) {
			Expect(env.Client.Create(ctx, cluster)).To(Succeed())
			honest(ctx, metav1.ConditionTrue)
			report := planted(namespace, atTime(at))
			replaces(ctx, report)
			eventuallyGone(ctx, report)
			for _, o := range []client.Object{report, cluster} {
				Eventually(notes).WithContext(ctx).WithArguments(o, v1.EventImplausibleDeleted).Should(ConsistOf(And(
					ContainSubstring(`"alpha.dns"`), ContainSubstring(at.UTC().Format(time.RFC3339)))))
			}
			// The report of another adapter makes the reconciler look at all reports.
			Expect(finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "validator", Generation: 1, Status: metav1.ConditionTrue}.send(ctx, namespace)).To(Succeed())
			eventuallyCondition(ctx, cluster, "ValidatorSuccessful", metav1.ConditionTrue, "", 1)
			expectCondition(ctx, Default, cluster, "DnsSuccessful", metav1.ConditionTrue, "", 1)
			honest(ctx, metav1.ConditionFalse)
		},
		Entry("by an hour", time.Now().Add(time.Hour)),
		Entry("by centuries", time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC)),
	)

	It("leaves no result behind that its adapter withdraws later", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		honest(ctx, metav1.ConditionTrue)
		report := planted(namespace, atTime(time.Now().Add(time.Hour)))
		replaces(ctx, report)
		eventuallyGone(ctx, report)
		honest(ctx, metav1.ConditionFalse)
		Expect(env.Client.Delete(ctx, report)).To(Succeed())
		Eventually(func(g Gomega) {
			refresh(ctx, cluster)
			g.Expect(cluster.Status.Conditions).NotTo(ContainElement(HaveField("Type", "DnsSuccessful")))
		}).Should(Succeed())
	})

	It("from the future is deleted also before its resource exists", func(ctx context.Context) {
		report := planted(namespace, atTime(time.Now().Add(time.Hour)))
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		eventuallyGone(ctx, report)
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		honest(ctx, metav1.ConditionTrue)
	})

	It("is not taken away if the clock of this process is late", func(ctx context.Context) {
		s := newByHand(ctx)
		Expect(env.Client.Create(ctx, s.cluster)).To(Succeed())
		report := planted(s.cluster.Namespace, atTime(time.Now()))
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		Eventually(func() bool { _, ok := reports.Get(client.ObjectKeyFromObject(report)); return ok }).Should(BeTrue())
		s.clock.SetTime(time.Now().Add(-time.Hour))
		adapterStatuses := s.reports()
		Expect(s.reconciled(ctx, adapterStatuses, report)).To(BeZero())
		refresh(ctx, report)
		queue := &recordingQueue{}
		Expect(adapterStatuses.enqueueFromTheFuture(ctx, queue)).To(Succeed())
		Expect(queue.added).NotTo(HaveKey(client.ObjectKeyFromObject(report)))

		By("and counts")
		Eventually(func(g Gomega) {
			g.Expect(s.reconciled(ctx, s.clusters(), s.cluster)).To(BeZero())
			expectCondition(ctx, g, s.cluster, "DnsSuccessful", metav1.ConditionTrue, "", 1)
		}).Should(Succeed())
	})

	It("of a clock that was ahead and is set right keeps no honest report out", func(ctx context.Context) {
		s := newByHand(ctx)
		Expect(env.Client.Create(ctx, s.cluster)).To(Succeed())
		now, ahead := time.Now().Truncate(time.Millisecond), time.Now().AddDate(1, 0, 0).Truncate(time.Millisecond)
		clusters, adapterStatuses, queue := s.clusters(), s.reports(), &recordingQueue{}
		eventually := func(status metav1.ConditionStatus, updated time.Time) {
			GinkgoHelper()
			Eventually(func(g Gomega) {
				g.Expect(s.reconciled(ctx, clusters, s.cluster)).To(BeZero())
				expectCondition(ctx, g, s.cluster, "DnsSuccessful", status, "", 1)
				dns := v1.FindCondition(s.cluster.Status.Conditions, "DnsSuccessful")
				g.Expect(dns.LastUpdatedTime.Time).To(BeTemporally("==", updated))
				g.Expect(dns.LastTransitionTime.Time).To(BeTemporally("==", updated))
			}).Should(Succeed())
		}
		s.clock.SetTime(ahead)
		report := planted(s.cluster.Namespace, atTime(ahead))
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		eventually(metav1.ConditionTrue, ahead)
		Expect(adapterStatuses.enqueueFromTheFuture(ctx, queue)).To(Succeed())
		Expect(queue.added).NotTo(HaveKey(client.ObjectKeyFromObject(report)))

		s.clock.SetTime(now)
		Expect(adapterStatuses.enqueueFromTheFuture(ctx, queue)).To(Succeed())
		Expect(queue.added).To(HaveKey(client.ObjectKeyFromObject(report)))
		s.cached(ctx) // a write to an older version of the Cluster would conflict
		Expect(s.reconciled(ctx, adapterStatuses, report)).To(BeZero())
		Expect(apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(report), report))).To(BeTrue())
		eventually(metav1.ConditionTrue, ahead)

		report = planted(s.cluster.Namespace, atTime(now))
		report.Spec.Conditions[1].Status = metav1.ConditionFalse
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		eventually(metav1.ConditionFalse, now)
	})

	It("of a generation that its resource does not reach within a minute is deleted", func(ctx context.Context) {
		s := newByHand(ctx)
		Expect(env.Client.Create(ctx, s.cluster)).To(Succeed())
		report := planted(s.cluster.Namespace, func(spec *v1.AdapterStatusSpec) {
			spec.ObservedGeneration, spec.ResourceRef.UID = 2147483647, s.cluster.UID
		})
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		Eventually(func() bool { _, ok := reports.Get(client.ObjectKeyFromObject(report)); return ok }).Should(BeTrue())
		adapterStatuses := s.reports()
		Expect(s.reconciled(ctx, adapterStatuses, report).RequeueAfter).To(Equal(aheadGracePeriod))
		s.clock.SetTime(s.clock.Now().Add(aheadGracePeriod - time.Second))
		Expect(s.reconciled(ctx, adapterStatuses, report).RequeueAfter).To(Equal(time.Second))
		refresh(ctx, report)
		s.clock.SetTime(s.clock.Now().Add(time.Second))
		Expect(s.reconciled(ctx, adapterStatuses, report)).To(BeZero())
		Expect(apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(report), report))).To(BeTrue())
		Eventually(notes).WithContext(ctx).WithArguments(s.cluster, v1.EventImplausibleDeleted).Should(ConsistOf(ContainSubstring("2147483647")))
	})

	It("of a generation that its resource reaches in time stays and counts", func(ctx context.Context) {
		s := newByHand(ctx)
		Expect(env.Client.Create(ctx, s.cluster)).To(Succeed())
		report := planted(s.cluster.Namespace, func(spec *v1.AdapterStatusSpec) { spec.ObservedGeneration = 2 })
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		Eventually(func() bool { _, ok := reports.Get(client.ObjectKeyFromObject(report)); return ok }).Should(BeTrue())
		adapterStatuses := s.reports()
		Expect(s.reconciled(ctx, adapterStatuses, report).RequeueAfter).To(Equal(aheadGracePeriod))
		Expect(changeSpec(ctx, s.cluster, `{"region":"us-west1"}`)).To(Succeed())
		s.clock.SetTime(s.clock.Now().Add(time.Hour))
		Expect(s.reconciled(ctx, adapterStatuses, report)).To(BeZero())
		refresh(ctx, report)
		Expect(report.DeletionTimestamp).To(BeNil())
	})
})

// recordingQueue is a queue that keeps what is added to it.
type recordingQueue struct {
	requestQueue
	added map[client.ObjectKey]bool
}

func (q *recordingQueue) Add(r reconcile.Request) {
	if q.added == nil {
		q.added = map[client.ObjectKey]bool{}
	}
	q.added[r.NamespacedName] = true
}
