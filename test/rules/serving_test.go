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
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const readyStatus = `{"status":{"id":"20000000000000000000000001","ready":"True","available":"False","conditions":[
	{"type":"Available","status":"False","reason":"AdaptersUnavailable","message":"dns: Available=False","observedGeneration":1,
	"createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"2025-01-01T10:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"},
	{"type":"Ready","status":"True","reason":"ResourceReady","message":"All is well","observedGeneration":1,
	"createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"2025-01-01T10:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"}]}}`

// reconciledStatus is a status with the newer names only.
var reconciledStatus = strings.NewReplacer(
	`"Available"`, `"LastKnownReconciled"`, `"Ready"`, `"Reconciled"`, "ResourceReady", "ReconciledAll",
	"000001", "000002", `"ready":"True"`, `"ready":"False"`).Replace(readyStatus)

var _ = Describe("What the API server serves", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		for resource, bodies := range map[string][]string{
			clusters:        {clusterYAML("one", "spec: {}"), clusterYAML("two", "spec: {}")},
			nodepools:       {nodepoolYAML("one.abc", "{clusterName: one}"), nodepoolYAML("two.abc", "{clusterName: two}")},
			adapterstatuses: {adapterStatusYAML(dnsName, dnsReport.spec()), adapterStatusYAML("one.two.aws", dnsReport.with(report{"resourceRef": "{kind: NodePool, name: one.two}", "adapter": "aws"}).spec())},
		} {
			for _, body := range bodies {
				_, err := post(ctx, namespace, resource, body)
				Expect(err).NotTo(HaveOccurred())
			}
		}
		for status, names := range map[string]map[string]string{
			readyStatus:      {clusters: "one", nodepools: "one.abc"},
			reconciledStatus: {clusters: "two", nodepools: "two.abc"},
		} {
			for resource, name := range names {
				_, err := send(ctx, api.RESTClient().Patch(types.MergePatchType), path(namespace, resource, name, "status"), status)
				Expect(err).NotTo(HaveOccurred())
			}
		}
	})

	DescribeTable("selects by field", func(ctx context.Context, kind, selector string, want ...string) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
		Expect(env.Client.List(ctx, list, client.InNamespace(namespace),
			&client.ListOptions{Raw: &metav1.ListOptions{FieldSelector: selector}})).To(Succeed())
		names := []string{}
		for i := range list.Items {
			names = append(names, list.Items[i].GetName())
		}
		Expect(names).To(Equal(want))
	},
		Entry(nil, v1.ClusterKind, "status.ready=True", "one"),
		Entry(nil, v1.ClusterKind, "status.ready!=True", "two"),
		Entry(nil, v1.ClusterKind, "status.available=False", "one", "two"),
		Entry(nil, v1.ClusterKind, "status.id=20000000000000000000000001", "one"),
		Entry(nil, v1.ClusterKind, "metadata.name=two", "two"),
		Entry(nil, v1.NodePoolKind, "status.ready=True", "one.abc"),
		Entry(nil, v1.NodePoolKind, "status.available=False", "one.abc", "two.abc"),
		Entry(nil, v1.NodePoolKind, "status.id=20000000000000000000000001", "one.abc"),
		Entry(nil, v1.NodePoolKind, "spec.clusterName=two", "two.abc"),
		Entry(nil, v1.NodePoolKind, "spec.clusterName=one,status.ready=True", "one.abc"),
		Entry(nil, v1.AdapterStatusKind, "spec.adapter=dns", dnsName),
		Entry(nil, v1.AdapterStatusKind, "spec.resourceRef.kind=NodePool", "one.two.aws"),
		Entry(nil, v1.AdapterStatusKind, "spec.resourceRef.name=my-cluster", dnsName),
		Entry(nil, v1.AdapterStatusKind, "spec.adapter=none"),
	)

	DescribeTable("prints columns", func(ctx context.Context, resource, name string, wantColumns []string, wantCells []any) {
		text, err := api.RESTClient().Get().AbsPath(path(namespace, resource, name)).
			SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(ctx).Raw()
		Expect(err).NotTo(HaveOccurred())
		var table metav1.Table
		Expect(json.Unmarshal(text, &table)).To(Succeed())
		var columns []string
		for _, column := range table.ColumnDefinitions {
			name := column.Name
			if column.Priority > 0 {
				name += " (wide)"
			}
			columns = append(columns, name)
		}
		Expect(columns).To(Equal(wantColumns))
		Expect(table.Rows).To(HaveLen(1))
		cells := table.Rows[0].Cells
		Expect(cells).To(HaveLen(len(columns)))
		Expect(cells[:len(wantCells)]).To(Equal(wantCells))
	},
		Entry("of a Cluster", clusters, "one",
			[]string{"Name", "Ready", "Available", "Reason", "Deleting", "Message (wide)", "ID (wide)", "Age"},
			[]any{"one", "True", "False", "ResourceReady", nil, "All is well", "20000000000000000000000001"}),
		Entry("of a NodePool", nodepools, "one.abc",
			[]string{"Name", "Cluster", "Ready", "Available", "Reason", "Deleting", "Message (wide)", "ID (wide)", "Age"},
			[]any{"one.abc", "one", "True", "False", "ResourceReady", nil, "All is well", "20000000000000000000000001"}),
		Entry("of a Cluster with the newer names only", clusters, "two",
			[]string{"Name", "Ready", "Available", "Reason", "Deleting", "Message (wide)", "ID (wide)", "Age"},
			[]any{"two", "False", "False", "ReconciledAll", nil, "All is well", "20000000000000000000000002"}),
		Entry("of a NodePool with the newer names only", nodepools, "two.abc",
			[]string{"Name", "Cluster", "Ready", "Available", "Reason", "Deleting", "Message (wide)", "ID (wide)", "Age"},
			[]any{"two.abc", "two", "False", "False", "ReconciledAll", nil, "All is well", "20000000000000000000000002"}),
		Entry("of an AdapterStatus", adapterstatuses, dnsName,
			[]string{"Name", "Kind", "Resource", "Adapter", "Generation", "Available", "Reason (wide)", "Message (wide)", "Observed", "Age"},
			[]any{dnsName, "Cluster", "my-cluster", "dns", float64(5), "True", "Done", "All is well"}),
	)

	It("is found by short names and by category", func() {
		list, err := api.ServerResourcesForGroupVersion(v1.GroupVersion.String())
		Expect(err).NotTo(HaveOccurred())
		shortNames := map[string][]string{}
		for _, resource := range list.APIResources {
			if resource.ShortNames == nil {
				continue // a status subresource
			}
			shortNames[resource.Name] = resource.ShortNames
			Expect(resource.Categories).To(Equal([]string{"hyperfleet"}))
			Expect(resource.Namespaced).To(BeTrue())
		}
		Expect(shortNames).To(Equal(map[string][]string{clusters: {"hfc"}, nodepools: {"hfnp"}, adapterstatuses: {"hfas"}}))
	})

	It("counts changes of spec, and of nothing else, as generations", func(ctx context.Context) {
		generationAfter := func(body string, subresource ...string) int64 {
			GinkgoHelper()
			_, err := send(ctx, api.RESTClient().Patch(types.MergePatchType), path(namespace, append([]string{clusters, "one"}, subresource...)...), body)
			Expect(err).NotTo(HaveOccurred())
			stored, err := get(ctx, namespace, clusters, "one")
			Expect(err).NotTo(HaveOccurred())
			return stored.GetGeneration()
		}
		Expect(generationAfter(`{"metadata":{"labels":{"a":"b"},"annotations":{"a":"b"}}}`)).To(Equal(int64(1)))
		Expect(generationAfter(`{"status":{"ready":"False"}}`, "status")).To(Equal(int64(1)))
		Expect(generationAfter(`{"spec":{}}`)).To(Equal(int64(1)))
		Expect(generationAfter(`{"spec":{"a":1}}`)).To(Equal(int64(2)))
		Expect(generationAfter(`{"spec":{"a":1.0}}`)).To(Equal(int64(2)), "1.0 and 1 are one JSON value")
		Expect(generationAfter(`{"spec":{"a":null}}`)).To(Equal(int64(3)))
		Expect(generationAfter(`{"spec":{"b":[1]},"status":{"ready":"True"}}`)).To(Equal(int64(4)))
	})

	It("keeps status and spec apart", func(ctx context.Context) {
		_, err := patch(ctx, namespace, clusters, "two", types.MergePatchType, `{"status":{"ready":"True"}}`)
		Expect(err).NotTo(HaveOccurred())
		_, err = send(ctx, api.RESTClient().Patch(types.MergePatchType), path(namespace, clusters, "two", "status"), `{"spec":{"a":1},"metadata":{"labels":{"a":"b"}}}`)
		Expect(err).NotTo(HaveOccurred())
		stored, err := get(ctx, namespace, clusters, "two")
		Expect(err).NotTo(HaveOccurred())
		Expect(stored.Object["status"]).To(HaveKeyWithValue("ready", "False"))
		Expect(stored.Object["spec"]).To(BeEmpty())
		Expect(stored.GetLabels()).To(BeEmpty())
	})
})
