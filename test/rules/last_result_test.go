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
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("The last result", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	const (
		done      = "[{type: Available, status: 'True', reason: Done, message: All is well}]"
		unknown   = "[{type: Available, status: Unknown, reason: Working}]"
		onlyOther = "[{type: Health, status: 'True'}]"
		recorded  = `True 1 2025-01-01T10:00:00Z "Done" "All is well"`
	)
	object := func(generation int, observed, conditions string) *unstructured.Unstructured {
		GinkgoHelper()
		o := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(adapterStatusYAML(dnsName, dnsReport.with(report{
			"observedGeneration": fmt.Sprint(generation), "observedTime": "'2025-01-01T" + observed + "Z'", "conditions": conditions,
		}).spec())), &o.Object)).To(Succeed())
		o.SetNamespace(namespace)
		return o
	}
	lastResult := func(ctx context.Context) string {
		GinkgoHelper()
		stored := &v1.AdapterStatus{}
		Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: dnsName}, stored)).To(Succeed())
		return stored.Annotations[v1.LastResultAnnotation]
	}
	replace := func(ctx context.Context, generation int, observed, conditions string) {
		GinkgoHelper()
		_, err := put(ctx, namespace, adapterstatuses, dnsName, mustYAML(object(generation, observed, conditions)))
		Expect(err).NotTo(HaveOccurred())
	}

	It("stays until the next result", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, object(1, "09:00:00", unknown))).To(Succeed())
		for _, step := range []struct {
			generation           int
			observed, conditions string
			want                 string
		}{
			{1, "09:30:00", onlyOther, ""},
			{1, "10:00:00", done, ""},
			{1, "10:01:00", done, ""},
			{1, "10:02:00", unknown, strings.Replace(recorded, "10:00", "10:01", 1)},
			{2, "10:03:00", onlyOther, strings.Replace(recorded, "10:00", "10:01", 1)},
			{2, "10:04:00", "[]", strings.Replace(recorded, "10:00", "10:01", 1)},
			{2, "10:05:00", "[{type: Available, status: 'False'}]", ""},
			{3, "10:06:00", unknown, `False 2 2025-01-01T10:05:00Z "" ""`},
			{3, "10:07:00", `[{type: Available, status: 'False', reason: "a \"b\"\nc", message: "é\td"}, {type: Stalled, status: 'True'}]`, ""},
			{3, "10:08:00", unknown, `Stalled 3 2025-01-01T10:07:00Z "a \"b\"\nc" "é\td"`},
		} {
			replace(ctx, step.generation, step.observed, step.conditions)
			Expect(lastResult(ctx)).To(Equal(step.want), "at %s", step.observed)
		}
	})

	DescribeTable("cannot be changed apart from a report", func(ctx context.Context, change string) {
		Expect(env.Client.Create(ctx, object(1, "10:00:00", done))).To(Succeed())
		forged := "metadata: {annotations: {hyperfleet.io/last-result: 'True 1 2025-01-01T10:00:00Z \"\" \"\"'}}"
		for _, step := range []struct{ conditions, want string }{{done, ""}, {unknown, strings.Replace(recorded, "10:00", "10:01", 1)}} {
			replace(ctx, 1, "10:01:00", step.conditions)
			for _, change := range []string{forged, change} {
				_, err := patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType, change)
				Expect(err).NotTo(HaveOccurred())
				Expect(lastResult(ctx)).To(Equal(step.want))
			}
		}
	},
		Entry("by removing it", "metadata: {annotations: {hyperfleet.io/last-result: null}}"),
		Entry("by removing all annotations", "metadata: {annotations: null}"),
		Entry("by a label", "metadata: {labels: {a: b}}"),
	)

	It("is there for no adapter that claims one", func(ctx context.Context) {
		claim := object(1, "10:00:00", unknown)
		claim.SetAnnotations(map[string]string{v1.LastResultAnnotation: recorded})
		Expect(env.Client.Create(ctx, claim)).To(Succeed())
		Expect(lastResult(ctx)).To(BeEmpty())
	})

	It("stays under server-side apply, and holds of a long message what a condition keeps", func(ctx context.Context) {
		long := "[{type: Available, status: 'True', message: '" + strings.Repeat("é", 3000) + "'}]"
		Expect(apply(ctx, env.Client, object(1, "10:00:00", long), "adapter")).To(Succeed())
		want := `True 1 2025-01-01T10:00:00Z "" "` + strings.Repeat("é", 1025) + `"`
		for _, conditions := range []string{unknown, onlyOther} {
			for range 2 {
				Expect(apply(ctx, env.Client, object(1, "10:01:00", conditions), "adapter")).To(Succeed())
				Expect(lastResult(ctx)).To(Equal(want))
			}
		}
		Expect(apply(ctx, env.Client, object(1, "10:02:00", done), "adapter")).To(Succeed())
		Expect(lastResult(ctx)).To(BeEmpty())
	})

	// A mutation costs a large share of the API server's CPU time for the write.
	It("costs nothing while results follow results, and reports without one each other", func(ctx context.Context) {
		Expect(env.Client.Create(ctx, object(1, "10:00:00", done))).To(Succeed())
		mutations := func() int {
			GinkgoHelper()
			n, err := env.Mutations(ctx, "hyperfleet-transition-times")
			Expect(err).NotTo(HaveOccurred())
			return n
		}
		beat := func(observed string) {
			GinkgoHelper()
			_, err := patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType, "spec: {observedTime: '2025-01-01T"+observed+"Z'}")
			Expect(err).NotTo(HaveOccurred())
		}
		before := mutations()
		beat("10:01:00")
		Expect(mutations()).To(Equal(before))
		replace(ctx, 1, "10:02:00", unknown)
		before = mutations()
		beat("10:03:00")
		Expect(mutations()).To(Equal(before))
		Expect(lastResult(ctx)).To(Equal(strings.Replace(recorded, "10:00", "10:01", 1)))
	})
})
