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
	"fmt"
	"sort"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	asOwned = ", with every key counted twice, or once more for each field manager that owns it, and characters that JSON escapes as escaped"

	allHeavy      = "spec, metadata.labels and metadata.annotations together must weigh at most 1310720 bytes" + asOwned
	reportHeavy   = "spec.data, spec.metadata and spec.conditions together must weigh at most 1310720 bytes" + asOwned
	reportMarked  = "metadata.labels and metadata.annotations of a report must weigh at most 196608 bytes" + asOwned
	boundsPolicy  = "hyperfleet-bounds"
	largestStatus = 6 * 32_768 // bytes
)

// heaviest returns the largest n up to limit for which accepts returns true.
func heaviest(limit int, accepts func(n int) bool) int {
	const step = 500
	n := sort.Search(limit/step, func(i int) bool { return !accepts((i + 1) * step) })
	return n * step
}

// longestLabels returns as many labels as an object may have, each as long as it may be.
func longestLabels() map[string]string {
	labels := map[string]string{}
	for i := range v1.MaxLabels {
		labels[fmt.Sprintf("%0*d.example.com/%s", 200, i, strings.Repeat("k", 63))] = strings.Repeat("v", 63)
	}
	return labels
}

// longestReferences returns finalizers and ownerReferences of the maximum size.
func longestReferences() (finalizers []string, owners []metav1.OwnerReference) {
	for i := range 12 {
		finalizers = append(finalizers, fmt.Sprintf("%0250d.a/%s", i, strings.Repeat("f", 60)))
	}
	for i := range 8 {
		owners = append(owners, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "n", UID: types.UID(fmt.Sprintf("%0430d", i))})
	}
	return finalizers, owners
}

var _ = Describe("Bounds on weight", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	It("leave room for labels and annotations beside the spec", func(ctx context.Context) {
		large := func(spec, annotation int) error {
			cluster := newObjects(namespace)[clusters].(*v1.Cluster)
			cluster.Spec.Raw = []byte(longString("x", spec))
			cluster.Annotations = map[string]string{"a": strings.Repeat("y", annotation-2000), "b": strings.Repeat("<", 2000)}
			return env.Client.Create(ctx, cluster, client.DryRunAll)
		}
		Expect(large(1_040_000, 250_000)).To(Succeed())
		Expect(denial(large(1_040_000, 262_000), boundsPolicy)).To(Equal(allHeavy))
	})

	It("leave room for the status of an object at all limits", func(ctx context.Context) {
		cluster := newObjects(namespace)[clusters].(*v1.Cluster)
		cluster.Spec.Raw = []byte(keys(3_980, 120))
		cluster.Labels = longestLabels()
		cluster.Finalizers, cluster.OwnerReferences = longestReferences()
		escaped := heaviest(36_000, func(n int) bool {
			cluster.Annotations = map[string]string{"a": strings.Repeat("<", n)}
			err := env.Client.Create(ctx, cluster.DeepCopy(), client.DryRunAll)
			if err != nil {
				Expect(denial(err, boundsPolicy)).To(Equal(allHeavy))
			}
			return err == nil
		})
		Expect(escaped).To(BeNumerically(">", 20_000))
		cluster.Annotations = map[string]string{"a": strings.Repeat("<", escaped)}
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())

		By("HyperFleet's own annotations")
		Expect(annotate(ctx, env.Client, cluster, v1.KeptResultsAnnotation, `{"dns":["`+strings.Repeat("1", 20_400)+`"]}`)).To(Succeed())
		Expect(annotate(ctx, env.Client, cluster, v1.DeletedByAnnotation, "x")).To(Succeed())
		Expect(env.Client.Delete(ctx, cluster)).To(Succeed())
		Expect(annotate(ctx, env.Client, cluster, v1.ForceDeleteAnnotation, strings.Repeat("<", 1024))).To(Succeed())

		By("more of anything else")
		Expect(denial(annotate(ctx, env.Client, cluster.DeepCopy(), "b", strings.Repeat("y", 500)), boundsPolicy)).To(Equal(allHeavy))

		By("the status")
		now := v1.NewTimestamp(cluster.CreationTimestamp.Time)
		for i := range largestStatus / 32_768 {
			cluster.Status.Conditions = append(cluster.Status.Conditions, v1.ResourceCondition{
				Type: fmt.Sprint("Adapter", i), Status: "False", Message: strings.Repeat("m", 32_768), CreatedTime: now, LastUpdatedTime: now, LastTransitionTime: now,
			})
		}
		Expect(env.Client.Status().Update(ctx, cluster)).To(Succeed())
	})

	It("count the fields of each manager", func(ctx context.Context) {
		applied := func(manager string, options ...client.PatchOption) error {
			object := clusterObject(namespace, "{metadata: {name: abc}, spec: "+keys(3_000, 120)+"}")
			text, err := object.MarshalJSON()
			Expect(err).NotTo(HaveOccurred())
			return env.Client.Patch(ctx, object, client.RawPatch(types.ApplyYAMLPatchType, text),
				append(options, client.FieldOwner(manager), client.ForceOwnership)...)
		}
		Expect(applied("m1")).To(Succeed())
		Expect(applied("m2")).To(Succeed())
		Expect(denial(applied("m3"), boundsPolicy)).To(Equal(allHeavy))

		By("what already owns everything")
		Expect(applied("m1")).To(Succeed())
	})

	It("count field managers of short fields, too", func(ctx context.Context) {
		cluster := newObjects(namespace)[clusters].(*v1.Cluster)
		cluster.Spec.Raw = []byte(longString("x", 1_040_000))
		cluster.Annotations = map[string]string{"a": strings.Repeat("y", 250_000), "b": strings.Repeat("<", 3_200)}
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		managers := 0
		var err error
		for ; managers < 20 && err == nil; managers++ {
			object := clusterObject(namespace, "{metadata: {name: abc, labels: {a: b}}}")
			unstructured.RemoveNestedField(object.Object, "spec")
			err = apply(ctx, env.Client, object, fmt.Sprintf("%0*d", 128, managers))
		}
		Expect(denial(err, boundsPolicy)).To(Equal(allHeavy))
		Expect(managers).To(BeNumerically(">", 1))
	})

	Describe("of a report", func() {
		newReport := func(data string, conditions ...v1.AdapterCondition) *v1.AdapterStatus {
			report := newObjects(namespace)[adapterstatuses].(*v1.AdapterStatus)
			report.Spec.Data, report.Spec.Conditions = &runtime.RawExtension{Raw: []byte(data)}, conditions
			return report
		}
		messages := func(n int, message string) []v1.AdapterCondition {
			var conditions []v1.AdapterCondition
			for i := range n {
				conditions = append(conditions, v1.AdapterCondition{Type: fmt.Sprint("Condition", i), Status: "True", Message: message})
			}
			return conditions
		}

		It("include the conditions", func(ctx context.Context) {
			long, escaped := strings.Repeat("é", 32_768), strings.Repeat("<", 32_768)
			Expect(env.Client.Create(ctx, newReport("{}", messages(19, long)...), client.DryRunAll)).To(Succeed())
			Expect(denial(env.Client.Create(ctx, newReport("{}", messages(20, long)...)), boundsPolicy)).To(Equal(reportHeavy))
			Expect(denial(env.Client.Create(ctx, newReport("{}", messages(7, escaped)...)), boundsPolicy)).To(Equal(reportHeavy))
			Expect(denial(env.Client.Create(ctx, newReport("{}", messages(12, escaped)...)), boundsPolicy)).To(Equal(reportHeavy))
			Expect(denial(env.Client.Create(ctx, newReport(longString("x", 1_000_000), messages(5, long)...)), boundsPolicy)).To(Equal(reportHeavy))

			report := newReport(longString("x", 1_000_000), messages(4, long)...)
			Expect(env.Client.Create(ctx, report)).To(Succeed())
			report.Spec.Conditions = messages(5, long)
			Expect(denial(env.Client.Update(ctx, report), boundsPolicy)).To(Equal(reportHeavy))
		})

		It("leave the room of the next report, whatever other clients do to its metadata", func(ctx context.Context) {
			report := newReport("{}", messages(1, "")...)
			report.Labels = longestLabels()
			report.Finalizers, report.OwnerReferences = longestReferences()
			escaped := heaviest(32_000, func(n int) bool {
				report.Annotations = map[string]string{"a": strings.Repeat("<", n)}
				err := env.Client.Create(ctx, report.DeepCopy(), client.DryRunAll)
				if err != nil {
					Expect(denial(err, boundsPolicy)).To(Equal(reportMarked))
				}
				return err == nil
			})
			Expect(escaped).To(BeNumerically(">", 10_000))
			report.Annotations = map[string]string{"a": strings.Repeat("<", escaped)}
			Expect(env.Client.Create(ctx, report)).To(Succeed())

			By("more of it")
			marked := &unstructured.Unstructured{}
			Expect(yaml.Unmarshal([]byte(adapterStatusYAML(dnsName, dnsReport.spec())), &marked.Object)).To(Succeed())
			marked.SetNamespace(namespace)
			unstructured.RemoveNestedField(marked.Object, "spec")
			marked.SetAnnotations(map[string]string{"b": strings.Repeat("y", 200_000)})
			Expect(denial(apply(ctx, env.Client, marked, "other"), boundsPolicy)).To(Equal(reportMarked))

			By("a report at all limits")
			size := heaviest(1_100_000, func(n int) bool {
				report.Spec.Data.Raw = []byte(longString("x", n))
				return env.Client.Update(ctx, report.DeepCopy(), client.DryRunAll) == nil
			})
			Expect(size).To(BeNumerically(">", 1_048_000))
			report.Spec.Data.Raw = []byte(longString("x", size))
			report.Spec.Conditions = messages(7, strings.Repeat("m", 32_768))
			report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{Type: "Last", Status: "True", Message: strings.Repeat("m", 31_000)})
			Expect(env.Client.Update(ctx, report)).To(Succeed())
		})
	})
})
