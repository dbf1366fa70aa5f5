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

package rules_test

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// An object that was created before the policies must stay usable under them. A client
// must not be able to add annotations that were never recorded.
var _ = Describe("Objects from before the policies", Serial, Ordered, func() {
	var (
		namespace string
		object    *unstructured.Unstructured
	)
	BeforeAll(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		object = clusterObject(namespace, "{metadata: {name: abc}, spec: {region: eu}}")
		withoutPolicies(ctx, func() {
			Expect(env.Client.Create(ctx, object)).To(Succeed())
			Expect(object.GetAnnotations()).To(BeEmpty())
			_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, dnsReport.spec()))
			Expect(err).NotTo(HaveOccurred())
		})
	})

	It("get no author but whoever changes them from then on", func(ctx context.Context) {
		bob := clientAs("bob@example.com")

		claim := client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"hyperfleet.io/created-by":"mallory","hyperfleet.io/updated-by":"mallory"}}}`))
		Expect(bob.Patch(ctx, object, claim)).To(Succeed())
		Expect(object.GetAnnotations()).To(BeEmpty())
		Expect(object.GetFinalizers()).To(Equal([]string{v1.CascadeFinalizer}))

		Expect(bob.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"region":"us"}}`)))).To(Succeed())
		Expect(object.GetAnnotations()).To(Equal(map[string]string{v1.UpdatedByAnnotation: "bob@example.com"}))

		Expect(bob.Patch(ctx, object, claim)).To(Succeed())
		Expect(object.GetAnnotations()).To(Equal(map[string]string{v1.UpdatedByAnnotation: "bob@example.com"}))
	})

	It("get the transition times of the first report that follows", func(ctx context.Context) {
		_, err := patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType,
			"{metadata: {annotations: {hyperfleet.io/first-observed: '2020-01-01T00:00:00Z'}}, spec: {observedTime: '2025-01-01T11:00:00Z'}}")
		Expect(err).NotTo(HaveOccurred())
		stored := &v1.AdapterStatus{}
		Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: dnsName}, stored)).To(Succeed())
		Expect(stored.Spec.Conditions[0].LastTransitionTime.Format(time.RFC3339)).To(Equal("2025-01-01T11:00:00Z"))
		Expect(stored.Annotations).To(BeEmpty())
		Expect(stored.FirstObserved()).To(Equal(stored.CreationTimestamp.UTC()))
	})
})

// withoutPolicies calls do while no policy is bound.
func withoutPolicies(ctx context.Context, do func()) {
	GinkgoHelper()
	var bindings admissionregistrationv1.MutatingAdmissionPolicyBindingList
	Expect(env.Client.List(ctx, &bindings)).To(Succeed())
	Expect(bindings.Items).NotTo(BeEmpty())
	inForce := func(g Gomega) bool {
		cluster := &v1.Cluster{}
		cluster.Namespace, cluster.Name, cluster.Spec.Raw = "default", "probe", []byte("{}")
		g.Expect(env.Client.Create(ctx, cluster, client.DryRunAll)).To(Succeed())
		probe := &v1.AdapterStatus{}
		probe.Namespace, probe.Name = "default", "probe.probe"
		probe.Spec = v1.AdapterStatusSpec{
			ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: "probe"}, Adapter: "probe",
			ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(time.Now()), Conditions: []v1.AdapterCondition{},
		}
		g.Expect(env.Client.Create(ctx, probe, client.DryRunAll)).To(Succeed())
		set := len(cluster.Annotations) > 0
		g.Expect(slices.Contains(cluster.Finalizers, v1.CascadeFinalizer)).To(Equal(set), "the policies come and go one by one")
		_, dated := probe.Annotations[v1.FirstObservedAnnotation]
		g.Expect(dated).To(Equal(set), "the policies come and go one by one")
		return set
	}
	for i := range bindings.Items {
		Expect(env.Client.Delete(ctx, &bindings.Items[i])).To(Succeed())
	}
	Eventually(inForce).Should(BeFalse())
	defer func() {
		for i := range bindings.Items {
			bindings.Items[i].ResourceVersion = ""
			Expect(env.Client.Create(ctx, &bindings.Items[i])).To(Succeed())
		}
		Eventually(inForce).Should(BeTrue())
	}()
	do()
}
