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
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// No controller runs here: every status is the default of the API server.
var _ = Describe("The status of a new object", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	bodies := map[string]string{
		clusters:  clusterYAML("abc", "spec: {}\n"),
		nodepools: nodepoolYAML("abc.def", "{clusterName: abc}"),
	}
	names := map[string]string{clusters: "abc", nodepools: "abc.def"}

	DescribeTable("says that it is not ready yet", func(ctx context.Context, resource, fields string) {
		body := bodies[resource] + fields
		text, err := post(ctx, namespace, resource, body)
		Expect(err).NotTo(HaveOccurred())
		stored, err := get(ctx, namespace, resource, names[resource])
		Expect(err).NotTo(HaveOccurred())
		answered := &unstructured.Unstructured{}
		Expect(answered.UnmarshalJSON(text)).To(Succeed())
		list, err := api.RESTClient().Get().AbsPath(path(namespace, resource)).Do(ctx).Raw()
		Expect(err).NotTo(HaveOccurred())
		listed := &unstructured.UnstructuredList{}
		Expect(listed.UnmarshalJSON(list)).To(Succeed())

		for _, object := range []*unstructured.Unstructured{answered, stored, &listed.Items[0]} {
			var typed v1.Cluster // a NodePool has the same type of status
			raw, err := object.MarshalJSON()
			Expect(err).NotTo(HaveOccurred())
			Expect(json.Unmarshal(raw, &typed)).To(Succeed())
			Expect(typed.Status.Ready).To(BeEquivalentTo("False"))
			Expect(typed.Status.Available).To(BeEquivalentTo("False"))
			Expect(typed.Status.ID).To(BeEmpty())
			Expect(typed.Status.Computed()).To(BeFalse())
			Expect(typed.Status.Conditions).To(HaveExactElements(
				And(HaveField("Type", v1.AvailableCondition), HaveField("Reason", v1.AwaitingAdaptersReason), HaveField("CreatedTime.Unix()", int64(0))),
				And(HaveField("Type", v1.ReadyCondition), HaveField("Reason", v1.AwaitingAdaptersReason), HaveField("CreatedTime.Unix()", int64(0))),
			))
			result, err := status.Compute(object)
			Expect(err).NotTo(HaveOccurred())
			Expect(result.Status).To(Equal(status.InProgressStatus), result.Message)
		}
	},
		Entry("a Cluster's", clusters, ""),
		Entry("a Cluster's, whatever the client claims", clusters, "status: {ready: 'True', conditions: []}"),
		Entry("a NodePool's", nodepools, ""),
		Entry("a NodePool's, whatever the client claims", nodepools, "\nstatus: {ready: 'True'}"),
	)

	It("does not drift under server-side apply", func(ctx context.Context) {
		object := clusterObject(namespace, "{metadata: {name: abc}, spec: {region: eu}}")
		Expect(apply(ctx, env.Client, object, "gitops")).To(Succeed())
		storeStatus(ctx, object)
		again := clusterObject(namespace, "{metadata: {name: abc}, spec: {region: eu}}")
		Expect(apply(ctx, env.Client, again, "gitops")).To(Succeed())
		Expect(again.GetResourceVersion()).To(Equal(object.GetResourceVersion()))
	})

	It("is replaced as a whole by the controller's", func(ctx context.Context) {
		cluster := &v1.Cluster{}
		cluster.Namespace, cluster.Name, cluster.Spec.Raw = namespace, "abc", []byte("{}")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		now := v1.NewTimestamp(cluster.CreationTimestamp.Time)
		cluster.Status = v1.ResourceStatus{
			ID: v1.ID(cluster.UID), ObservedGeneration: 1, Ready: "True", Sequence: 7, UpdatedTime: now, ObservedLabels: v1.LabelsDigest(nil),
			Conditions: []v1.ResourceCondition{{Type: v1.ReadyCondition, Status: "True", ObservedGeneration: 1, CreatedTime: now, LastUpdatedTime: now, LastTransitionTime: now}},
		}
		want := cluster.Status.DeepCopy()
		Expect(env.Client.Status().Update(ctx, cluster)).To(Succeed())
		Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(cluster), cluster)).To(Succeed())
		Expect(&cluster.Status).To(Equal(want))
		Expect(cluster.Status.Computed()).To(BeTrue())

		stored, err := get(ctx, namespace, clusters, "abc")
		Expect(err).NotTo(HaveOccurred())
		result, err := status.Compute(stored)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Status).To(Equal(status.CurrentStatus), result.Message)
	})

	It("makes an object that is being deleted look so", func(ctx context.Context) {
		object := clusterObject(namespace, "metadata: {name: abc}")
		Expect(env.Client.Create(ctx, object)).To(Succeed())
		Expect(env.Client.Delete(ctx, object)).To(Succeed())
		stored, err := get(ctx, namespace, clusters, "abc")
		Expect(err).NotTo(HaveOccurred())
		result, err := status.Compute(stored)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Status).To(Equal(status.TerminatingStatus))
		_, err = patch(ctx, namespace, clusters, "abc", types.MergePatchType, "metadata: {finalizers: null}")
		Expect(err).NotTo(HaveOccurred())
	})
})
