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
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("Events", func() {
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
	// recorded returns the Events about an object in the order of their creation, each
	// as type, reason and count.
	recorded := func(ctx context.Context, o client.Object) (got []string) {
		GinkgoHelper()
		list := &eventsv1.EventList{}
		Expect(env.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		times := map[string]int{}
		var order []string
		for _, e := range list.Items {
			if e.Regarding.UID != o.GetUID() {
				continue
			}
			Expect(e.Regarding.Name).To(Equal(o.GetName()))
			Expect(e.ReportingController).To(Equal(recorderName))
			Expect(e.Note).NotTo(BeEmpty())
			key := e.Type + " " + e.Reason
			if times[key]++; times[key] == 1 {
				order = append(order, key)
			}
			if e.Series != nil {
				times[key] += int(e.Series.Count) - 1
			}
		}
		for _, key := range order {
			got = append(got, fmt.Sprintf("%s ×%d", key, times[key]))
		}
		return got
	}
	eventually := func(ctx context.Context, o client.Object, want ...any) {
		GinkgoHelper()
		Eventually(func() []string { return recorded(ctx, o) }).Should(ConsistOf(want...))
	}

	It("say once that a Cluster has become ready and available, and nothing about further reports", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		eventually(ctx, cluster, "Normal Ready ×1", "Normal Available ×1")

		last := time.Now()
		time.Sleep(time.Millisecond) // the times of reports are cut to milliseconds
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		Eventually(func(g Gomega) {
			refresh(ctx, cluster)
			g.Expect(v1.FindCondition(cluster.Status.Conditions, v1.ReadyCondition).LastUpdatedTime.Time).To(BeTemporally(">", last))
		}).Should(Succeed())

		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionFalse, "dns")
		eventually(ctx, cluster, "Normal Ready ×1", "Normal Available ×1", "Warning NotReady ×1", "Warning Unavailable ×1")
	})

	It("say nothing about a change of the spec until the Cluster is ready again", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		Expect(changeSpec(ctx, cluster, `{"region":"us-west1"}`)).To(Succeed())
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 2)
		sendAll(ctx, cluster, v1.ClusterKind, 2, metav1.ConditionTrue, clusterAdapters()...)
		eventually(ctx, cluster, "Normal Ready ×2", "Normal Available ×1")
	})

	It("say once that a NodePool's Cluster does not exist", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		eventually(ctx, pool, "Warning ClusterNotFound ×1")
		sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "validator")
		eventuallyCondition(ctx, pool, "ValidatorSuccessful", metav1.ConditionTrue, "", 1)
		sendAll(ctx, pool, v1.NodePoolKind, 1, metav1.ConditionTrue, "hypershift")
		eventually(ctx, pool, "Warning ClusterNotFound ×1", "Normal Available ×1")
	})

	It("say that a NodePool is deleted because its Cluster is gone", func(ctx context.Context) {
		pool.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "hyperfleet.io/v1", Kind: "Cluster", Name: "alpha", UID: "5f3759df-0000-4000-8000-000000000000",
		}}
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		eventuallyGone(ctx, pool)
		Eventually(func() []string { return recorded(ctx, pool) }).Should(ContainElement(HavePrefix("Warning ClusterGone")))
	})

	It("say that a report without a resource was deleted", func(ctx context.Context) {
		report := finding{Kind: v1.ClusterKind, Name: "alpha", UID: "5f3759df-0000-4000-8000-000000000000", Adapter: "dns", Generation: 1, Status: metav1.ConditionTrue}.report(namespace)
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		eventuallyGone(ctx, report)
		eventually(ctx, report, "Warning OrphanDeleted ×1")
	})

	It("name the finalizers on a NodePool that a deletion waits for", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		pool.Finalizers = []string{hold}
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		Eventually(func() []string { return recorded(ctx, cluster) }).Should(ContainElement(HavePrefix("Warning DeletionBlocked")))
		Expect(env.Client.Patch(ctx, pool, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		eventuallyGone(ctx, pool, cluster)
	})

	It("name the finalizer on a report that a deletion waits for", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		report := finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: "dns", Generation: 1, Status: metav1.ConditionTrue}.report(namespace)
		report.Finalizers = []string{hold}
		Expect(env.Client.Create(ctx, report)).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		Eventually(func() []string { return recorded(ctx, cluster) }).Should(ContainElement(HavePrefix("Warning DeletionBlocked")))
		list := &eventsv1.EventList{}
		Expect(env.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		Expect(list.Items).To(ContainElement(HaveField("Note", ContainSubstring(`AdapterStatus "alpha.dns" (`+hold+`)`))))
		Expect(env.Client.Patch(ctx, report, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		eventuallyGone(ctx, report, cluster)
	})

	It("say that a NodePool of a deleted Cluster cannot be deleted", func(ctx context.Context) {
		refuseDeletion(ctx, namespace)
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Expect(env.Client.Create(ctx, pool)).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		Eventually(func() []string { return recorded(ctx, cluster) }).Should(ContainElement(HavePrefix("Warning CleanupFailed")))
		list := &eventsv1.EventList{}
		Expect(env.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		Expect(list.Items).To(ContainElement(HaveField("Note", ContainSubstring("nobody deletes this"))))
	})

	It("cut a long message to the API server's limit", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		r := eventRecorder{mgr.GetEventRecorder(recorderName)}
		r.record(v1.ClusterKind, cluster, corev1.EventTypeWarning, "Long", actionAggregate, strings.Repeat("ä%s", 600))
		eventually(ctx, cluster, "Warning Long ×1")
	})
})

// refuseDeletion makes the API server refuse the deletion of every NodePool of a
// namespace, and returns once it does.
func refuseDeletion(ctx context.Context, namespace string) {
	GinkgoHelper()
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "refuse-" + namespace},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Delete},
					Rule:       admissionv1.Rule{APIGroups: []string{v1.GroupVersion.Group}, APIVersions: []string{"v1"}, Resources: []string{"nodepools"}},
				}}},
			},
			Validations: []admissionv1.Validation{{Expression: "false", Message: "nobody deletes this"}},
		},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
	Expect(env.Client.Create(ctx, policy)).To(Succeed())
	Expect(env.Client.Create(ctx, binding)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(env.Client.Delete(ctx, binding)).To(Succeed())
		Expect(env.Client.Delete(ctx, policy)).To(Succeed())
	})
	bait := newPool(namespace, "bait", "workers")
	Expect(env.Client.Create(ctx, bait)).To(Succeed())
	Eventually(func() error { return env.Client.Delete(ctx, bait, client.DryRunAll) }).Should(MatchError(ContainSubstring("nobody deletes this")))
}
