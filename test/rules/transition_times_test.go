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
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("Transition times", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	read := func(ctx context.Context) *v1.AdapterStatus {
		GinkgoHelper()
		stored := &v1.AdapterStatus{}
		Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: dnsName}, stored)).To(Succeed())
		return stored
	}
	// times returns each condition's lastTransitionTime as a time of day.
	times := func(stored *v1.AdapterStatus) map[string]string {
		found := map[string]string{}
		for _, condition := range stored.Spec.Conditions {
			found[condition.Type] = condition.LastTransitionTime.Format(time.TimeOnly)
		}
		return found
	}
	object := func(observed, conditions string) *unstructured.Unstructured {
		GinkgoHelper()
		o := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(adapterStatusYAML(dnsName, dnsReport.with(report{
			"observedTime": "'2025-01-01T" + observed + "Z'", "conditions": conditions,
		}).spec())), &o.Object)).To(Succeed())
		o.SetNamespace(namespace)
		return o
	}

	It("follow a report's history", func(ctx context.Context) {
		for _, step := range []struct {
			observed, conditions string
			want                 map[string]string
		}{
			{"10:00:00", "[{type: A, status: 'True'}, {type: B, status: 'False'}]", map[string]string{"A": "10:00:00", "B": "10:00:00"}},
			{"10:01:00", "[{type: A, status: 'True'}, {type: B, status: 'False'}]", map[string]string{"A": "10:00:00", "B": "10:00:00"}},
			{"10:02:00", "[{type: A, status: 'False'}, {type: B, status: 'False', reason: New}]", map[string]string{"A": "10:02:00", "B": "10:00:00"}},
			{"10:03:00", "[{type: B, status: 'False'}, {type: A, status: 'False'}]", map[string]string{"A": "10:02:00", "B": "10:00:00"}},
			{"10:04:00", "[{type: A, status: 'False'}, {type: C, status: Unknown}]", map[string]string{"A": "10:02:00", "C": "10:04:00"}},
			{"10:05:00", "[{type: A, status: 'False'}, {type: B, status: 'False'}]", map[string]string{"A": "10:02:00", "B": "10:05:00"}},
			{"10:06:00", "[{type: A, status: 'False', lastTransitionTime: '2020-01-01T00:00:00Z'}]", map[string]string{"A": "10:02:00"}},
			{"10:07:00", "[{type: A, status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z'}]", map[string]string{"A": "10:07:00"}},
			{"10:07:00", "[{type: A, status: 'True', lastTransitionTime: garbage}]", map[string]string{"A": "10:07:00"}},
			{"10:07:00", "[{type: A, status: 'False'}]", map[string]string{"A": "10:07:00"}},
			{"10:08:00", "[]", map[string]string{}},
		} {
			_, err := post(ctx, namespace, adapterstatuses, mustYAML(object(step.observed, step.conditions)))
			if err != nil {
				_, err = put(ctx, namespace, adapterstatuses, dnsName, mustYAML(object(step.observed, step.conditions)))
			}
			Expect(err).NotTo(HaveOccurred())
			stored := read(ctx)
			Expect(times(stored)).To(Equal(step.want), "at %s", step.observed)
			Expect(stored.FirstObserved().Format(time.TimeOnly)).To(Equal("10:00:00"))
		}
	})

	// A report for a newer generation may have an earlier time.
	DescribeTable("do not run backwards with a newer generation", func(ctx context.Context, before, after, conditions, want string) {
		at := func(observed string, generation int64, conditions string) *unstructured.Unstructured {
			o := object("10:00:00", conditions)
			Expect(unstructured.SetNestedField(o.Object, generation, "spec", "observedGeneration")).To(Succeed())
			Expect(unstructured.SetNestedField(o.Object, observed, "spec", "observedTime")).To(Succeed())
			return o
		}
		Expect(env.Client.Create(ctx, at(before, 2, "[{type: A, status: 'True'}]"))).To(Succeed())
		_, err := put(ctx, namespace, adapterstatuses, dnsName, mustYAML(at(after, 3, conditions)))
		Expect(err).NotTo(HaveOccurred())
		Expect(read(ctx).Spec.Conditions[0].LastTransitionTime.Format(time.RFC3339Nano)).To(Equal(want))
	},
		Entry("of an earlier time", "2025-01-01T10:10:00Z", "2025-01-01T10:00:00Z", "[{type: A, status: 'False'}]", "2025-01-01T10:10:00Z"),
		Entry("of the same status", "2025-01-01T10:10:00Z", "2025-01-01T10:00:00Z", "[{type: A, status: 'True'}]", "2025-01-01T10:10:00Z"),
		Entry("of another condition", "2025-01-01T10:10:00Z", "2025-01-01T10:00:00Z", "[{type: B, status: 'True'}]", "2025-01-01T10:00:00Z"),
		Entry("of a later time", "2025-01-01T10:10:00Z", "2025-01-01T10:20:00Z", "[{type: A, status: 'False'}]", "2025-01-01T10:20:00Z"),
		Entry("of an earlier time as a later string", "2025-01-01T10:10:00Z", "2025-01-01T11:00:00+02:00", "[{type: A, status: 'False'}]", "2025-01-01T10:10:00Z"),
		Entry("of a later time as an earlier string", "2025-01-01T11:10:00+02:00", "2025-01-01T10:00:00.5Z", "[{type: A, status: 'False'}]", "2025-01-01T10:00:00.5Z"),
		Entry("by a fraction of a second", "2025-01-01T10:10:00.000000002Z", "2025-01-01T10:10:00.000000001Z", "[{type: A, status: 'False'}]", "2025-01-01T10:10:00.000000002Z"),
		Entry("by a day", "2025-01-02T10:00:00Z", "2025-01-01T10:00:00Z", "[{type: A, status: 'False'}]", "2025-01-02T10:00:00Z"),
		Entry("but for a time that no clock has shown", "2999-12-31T00:00:00Z", "2025-01-01T10:00:00Z", "[{type: A, status: 'False'}]", "2025-01-01T10:00:00Z"),
	)

	DescribeTable("cannot be changed apart from a report", func(ctx context.Context, kind types.PatchType, change string) {
		Expect(env.Client.Create(ctx, object("10:00:00", "[{type: A, status: 'True'}]"))).To(Succeed())
		_, err := patch(ctx, namespace, adapterstatuses, dnsName, kind, change)
		Expect(err).NotTo(HaveOccurred())
		stored := read(ctx)
		Expect(times(stored)).To(Equal(map[string]string{"A": "10:00:00"}))
		Expect(stored.Annotations).To(HaveKeyWithValue(v1.FirstObservedAnnotation, "2025-01-01T10:00:00Z"))
	},
		Entry("by another time", types.MergePatchType, "spec: {conditions: [{type: A, status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z'}]}"),
		Entry("by a null", types.MergePatchType, "spec: {conditions: [{type: A, status: 'True', lastTransitionTime: null}]}"),
		Entry("by JSON patch", types.JSONPatchType, "[{op: remove, path: /spec/conditions/0/lastTransitionTime}]"),
		Entry("by forging the first report", types.MergePatchType, "metadata: {annotations: {hyperfleet.io/first-observed: '2020-01-01T00:00:00Z'}}"),
		Entry("by removing all annotations", types.MergePatchType, "metadata: {annotations: null}"),
		Entry("by a label", types.MergePatchType, "metadata: {labels: {a: b}}"),
	)

	It("are there for an adapter that claims another first report", func(ctx context.Context) {
		claim := object("10:00:00", "[]")
		claim.SetAnnotations(map[string]string{v1.FirstObservedAnnotation: "2020-01-01T00:00:00Z", "a": "b"})
		Expect(env.Client.Create(ctx, claim)).To(Succeed())
		Expect(claim.GetAnnotations()).To(Equal(map[string]string{v1.FirstObservedAnnotation: "2025-01-01T10:00:00Z", "a": "b"}))
	})

	It("are there in the largest of reports", func(ctx context.Context) {
		largest := func(observed, status string) *unstructured.Unstructured {
			conditions := make([]string, 100)
			for i := range conditions {
				conditions[i] = fmt.Sprintf("{type: %s%03d, status: '%s', message: %s}", strings.Repeat("t", 313), i, status, strings.Repeat("m", 1000))
			}
			return object(observed, "["+strings.Join(conditions, ", ")+"]")
		}
		Expect(env.Client.Create(ctx, largest("10:00:00", "True"))).To(Succeed())
		for _, step := range []struct{ observed, status, want string }{
			{"10:01:00", "True", "10:00:00"},
			{"10:02:00", "False", "10:02:00"},
		} {
			_, err := put(ctx, namespace, adapterstatuses, dnsName, mustYAML(largest(step.observed, step.status)))
			Expect(err).NotTo(HaveOccurred())
			Expect(times(read(ctx))).To(And(HaveLen(100), HaveEach(step.want)))
		}
	})

	// A mutation costs a large share of the API server's CPU time for the write.
	It("cost nothing where they are right already", func(ctx context.Context) {
		const policy = "hyperfleet-transition-times"
		mutations := func() int {
			GinkgoHelper()
			n, err := env.Mutations(ctx, policy)
			Expect(err).NotTo(HaveOccurred())
			return n
		}
		right := object("10:00:00", "[{type: A, status: 'True', lastTransitionTime: '2025-01-01T10:00:00Z'}]")
		right.SetAnnotations(map[string]string{v1.FirstObservedAnnotation: "2025-01-01T10:00:00Z"})
		before := mutations()
		Expect(env.Client.Create(ctx, right)).To(Succeed())
		_, err := patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType, "spec: {observedTime: '2025-01-01T10:01:00Z'}")
		Expect(err).NotTo(HaveOccurred())
		Expect(mutations()).To(Equal(before))

		_, err = patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType, "spec: {observedTime: '2025-01-01T10:02:00Z', conditions: []}")
		Expect(err).NotTo(HaveOccurred())
		Expect(mutations()).To(Equal(before))

		_, err = patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType,
			"spec: {observedTime: '2025-01-01T10:03:00Z', conditions: [{type: A, status: 'True'}]}")
		Expect(err).NotTo(HaveOccurred())
		Expect(mutations()).To(Equal(before+1), "and not once more for the same")
		Expect(times(read(ctx))).To(Equal(map[string]string{"A": "10:03:00"}))
	})

	It("do not drift under server-side apply", func(ctx context.Context) {
		const both = "[{type: A, status: 'True', reason: R}, {type: B, status: 'True'}]"
		Expect(apply(ctx, env.Client, object("10:00:00", both), "adapter")).To(Succeed())
		created := read(ctx)
		for range 3 {
			again := object("10:00:00", both)
			Expect(apply(ctx, env.Client, again, "adapter")).To(Succeed())
			Expect(again.GetResourceVersion()).To(Equal(created.ResourceVersion))
		}

		By("a later report of the same")
		Expect(apply(ctx, env.Client, object("10:01:00", both), "adapter")).To(Succeed())
		Expect(times(read(ctx))).To(Equal(map[string]string{"A": "10:00:00", "B": "10:00:00"}))

		By("a report without one of the conditions")
		Expect(apply(ctx, env.Client, object("10:02:00", "[{type: B, status: 'False'}]"), "adapter")).To(Succeed())
		Expect(times(read(ctx))).To(Equal(map[string]string{"B": "10:02:00"}))
	})

	It("are right after concurrent reports", func(ctx context.Context) {
		initial := object("10:00:00", "[{type: Available, status: 'False'}]")
		Expect(env.Client.Create(ctx, initial)).To(Succeed())
		first := read(ctx)
		watcher, err := client.NewWithWatch(env.Config, client.Options{Scheme: env.Scheme})
		Expect(err).NotTo(HaveOccurred())
		changes, err := watcher.Watch(ctx, &v1.AdapterStatusList{}, client.InNamespace(namespace),
			&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: initial.GetResourceVersion()}})
		Expect(err).NotTo(HaveOccurred())
		defer changes.Stop()

		const reports = 40
		var running sync.WaitGroup
		for i := range reports {
			running.Go(func() {
				status := []string{"True", "True", "False"}[i%3]
				change := fmt.Sprintf("spec: {observedTime: '2025-01-01T10:00:%02d.5Z', conditions: [{type: Available, status: '%s'}]}", i+1, status)
				// The API server retries a patch after a conflict. A refused patch is stale.
				_, _ = patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType, change)
			})
		}
		running.Wait()
		// The newest report is never stale, but the server may have given up retrying it.
		Eventually(func() error {
			_, err := patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType,
				"spec: {observedTime: '2025-01-01T10:01:00Z', conditions: [{type: Available, status: Unknown}]}")
			return err
		}).WithContext(ctx).Should(Succeed())

		previous := first
		accepted := 0
		for previous.Spec.Conditions[0].Status != metav1.ConditionUnknown {
			var event watch.Event
			Eventually(changes.ResultChan()).WithContext(ctx).Should(Receive(&event))
			next, ok := event.Object.(*v1.AdapterStatus)
			Expect(ok).To(BeTrue(), "%v", event)
			before, after := previous.Spec.Conditions[0], next.Spec.Conditions[0]
			want := next.Spec.ObservedTime
			if before.Status == after.Status {
				want = before.LastTransitionTime
			}
			Expect(after.LastTransitionTime).To(Equal(want))
			Expect(next.Spec.ObservedTime.Before(previous.Spec.ObservedTime.Time)).To(BeFalse())
			previous = next
			accepted++
		}
		Expect(accepted).To(BeNumerically(">", 1))
		Expect(previous.Annotations).To(HaveKeyWithValue(v1.FirstObservedAnnotation, "2025-01-01T10:00:00Z"))
	})
})

func mustYAML(object *unstructured.Unstructured) string {
	GinkgoHelper()
	text, err := yaml.Marshal(object.Object)
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}
