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
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// report maps the fields of an AdapterStatus's spec to their values as YAML.
type report map[string]string

// with returns the report with the changes applied. "" removes a field.
func (r report) with(changes report) report {
	changed := maps.Clone(r)
	maps.Copy(changed, changes)
	return changed
}

func (r report) spec() string {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if r[name] != "" {
			fields = append(fields, name+": "+r[name])
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func adapterStatusYAML(name, spec string) string {
	return fmt.Sprintf("apiVersion: hyperfleet.io/v1\nkind: AdapterStatus\nmetadata: {name: %q}\nspec: %s", name, spec)
}

var dnsReport = report{
	"resourceRef":        "{kind: Cluster, name: my-cluster}",
	"adapter":            "dns",
	"observedGeneration": "5",
	"observedTime":       "'2025-01-01T10:00:00Z'",
	"conditions":         "[{type: Available, status: 'True', reason: Done, message: All is well}]",
}

const dnsName = "my-cluster.dns"

var _ = Describe("Rules of AdapterStatus", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	DescribeTable("accepts", func(ctx context.Context, name string, changes report) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(name, dnsReport.with(changes).spec()))
		Expect(err).NotTo(HaveOccurred())
	},
		Entry("a report on a Cluster", dnsName, report{}),
		Entry("a report on a NodePool", "my-cluster.workers.dns", report{"resourceRef": "{kind: NodePool, name: my-cluster.workers}"}),
		Entry("an adapter of one character", "my-cluster.d", report{"adapter": "d"}),
		Entry("an adapter of 63 characters", "my-cluster."+strings.Repeat("d", 63), report{"adapter": strings.Repeat("d", 63)}),
		Entry("a uid", dnsName, report{"resourceRef": "{kind: Cluster, name: my-cluster, uid: 2f1e}"}),
		Entry("generation 1", dnsName, report{"observedGeneration": "1"}),
		Entry("the largest generation", dnsName, report{"observedGeneration": "2147483647"}),
		Entry("no conditions in the list", dnsName, report{"conditions": "[]"}),
		Entry("conditions without reason and message", dnsName, report{"conditions": "[{type: A, status: 'True'}, {type: B, status: 'False'}, {type: C, status: Unknown}]"}),
		Entry("null reason and message", dnsName, report{"conditions": "[{type: A, status: 'True', reason: null, message: null}]"}),
		Entry("a client's transition time, which is replaced", dnsName, report{"conditions": "[{type: A, status: 'True', lastTransitionTime: never}]"}),
		Entry("data and metadata", dnsName, report{"data": "{a: [1, null]}", "metadata": "{b: {}}"}),
		Entry("null data and metadata", dnsName, report{"data": "null", "metadata": "null"}),
		Entry("100 conditions of the greatest length", dnsName, report{"conditions": manyConditions(100)}),
	)

	DescribeTable("refuses", func(ctx context.Context, name string, changes report, want ...string) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(name, dnsReport.with(changes).spec()))
		Expect(causes(err)).To(Equal(want))
	},
		Entry("a name of another adapter", "my-cluster.aws", report{}, "metadata: Invalid value: metadata.name of an AdapterStatus must be spec.resourceRef.name, a dot, and spec.adapter"),
		Entry("a name of another resource", "another.dns", report{}, "metadata: Invalid value: metadata.name of an AdapterStatus must be spec.resourceRef.name, a dot, and spec.adapter"),
		Entry("a name without the adapter", "my-cluster", report{}, "metadata: Invalid value: metadata.name of an AdapterStatus must be spec.resourceRef.name, a dot, and spec.adapter"),
		Entry("no resourceRef", dnsName, report{"resourceRef": ""}, "spec.resourceRef: Required value"),
		Entry("no kind", dnsName, report{"resourceRef": "{name: my-cluster}"}, "spec.resourceRef.kind: Required value"),
		Entry("another kind", dnsName, report{"resourceRef": "{kind: Node, name: my-cluster}"}, `spec.resourceRef.kind: Unsupported value: "Node": supported values: "Cluster", "NodePool"`),
		Entry("no name", dnsName, report{"resourceRef": "{kind: Cluster}"}, "spec.resourceRef.name: Required value"),
		Entry("a name of 2 characters", "my.dns", report{"resourceRef": "{kind: Cluster, name: my}"}, `spec.resourceRef.name: Invalid value: "my": spec.resourceRef.name in body should be at least 3 chars long`),
		Entry("a name of 70 characters", strings.Repeat("a", 70)+".dns", report{"resourceRef": "{kind: Cluster, name: " + strings.Repeat("a", 70) + "}"}, "spec.resourceRef.name: Too long: may not be more than 69 bytes"),
		Entry("a Cluster with a NodePool's name", "my-cluster.workers.dns", report{"resourceRef": "{kind: Cluster, name: my-cluster.workers}"}, "spec.resourceRef.name: Invalid value: must be <cluster> for a Cluster and <cluster>.<nodepool> for a NodePool"),
		Entry("a NodePool with a Cluster's name", dnsName, report{"resourceRef": "{kind: NodePool, name: my-cluster}"}, "spec.resourceRef.name: Invalid value: must be <cluster> for a Cluster and <cluster>.<nodepool> for a NodePool"),
		Entry("an empty uid", dnsName, report{"resourceRef": "{kind: Cluster, name: my-cluster, uid: ''}"}, `spec.resourceRef.uid: Invalid value: "": spec.resourceRef.uid in body should be at least 1 chars long`),
		Entry("no adapter", dnsName, report{"adapter": ""}, "spec.adapter: Required value"),
		Entry("an empty adapter", "my-cluster.", report{"adapter": "''"}, notASubdomain("my-cluster."), `spec.adapter: Invalid value: "": spec.adapter in body should be at least 1 chars long`),
		Entry("an adapter with capitals", "my-cluster.dns", report{"adapter": "DNS"}, `spec.adapter: Invalid value: "DNS": spec.adapter in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'`, "metadata: Invalid value: metadata.name of an AdapterStatus must be spec.resourceRef.name, a dot, and spec.adapter"),
		Entry("an adapter with a dot", "my-cluster.d.ns", report{"adapter": "d.ns"}, `spec.adapter: Invalid value: "d.ns": spec.adapter in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'`),
		Entry("an adapter of 64 characters", "my-cluster."+strings.Repeat("d", 64), report{"adapter": strings.Repeat("d", 64)}, "spec.adapter: Too long: may not be more than 63 bytes"),
		Entry("a number as adapter", "my-cluster.1", report{"adapter": "1"}, `spec.adapter: Invalid value: "integer": spec.adapter in body must be of type string: "integer"`),
		Entry("no generation", dnsName, report{"observedGeneration": ""}, "spec.observedGeneration: Required value"),
		Entry("generation 0", dnsName, report{"observedGeneration": "0"}, "spec.observedGeneration: Invalid value: 0: spec.observedGeneration in body should be greater than or equal to 1"),
		Entry("a generation beyond int32", dnsName, report{"observedGeneration": "2147483648"}, "spec.observedGeneration: Invalid value: 2147483648: spec.observedGeneration in body should be less than or equal to 2147483647"),
		Entry("half a generation", dnsName, report{"observedGeneration": "1.5"}, `spec.observedGeneration: Invalid value: "float64": spec.observedGeneration in body must be of type int64: "float64"`, `<nil>: Invalid value: "": Checked value must be of type integer with format int64 in spec.observedGeneration`),
		Entry("a string as generation", dnsName, report{"observedGeneration": "'1'"}, `spec.observedGeneration: Invalid value: "string": spec.observedGeneration in body must be of type integer: "string"`),
		Entry("no time", dnsName, report{"observedTime": ""}, "spec.observedTime: Required value"),
		Entry("a number as time", dnsName, report{"observedTime": "1735725600"}, `spec.observedTime: Invalid value: "int64": spec.observedTime in body must be of type date-time: "int64"`),
		Entry("30 February", dnsName, report{"observedTime": "'2025-02-30T10:00:00Z'"}, `spec.observedTime: Invalid value: "2025-02-30T10:00:00Z": spec.observedTime in body must be of type date-time: "2025-02-30T10:00:00Z"`),
		Entry("a time of long ago", dnsName, report{"observedTime": "'1969-12-31T23:59:59Z'"}, `spec.observedTime: Invalid value: "1969-12-31T23:59:59Z": must be in the years 1970 to 2999`),
		Entry("no conditions", dnsName, report{"conditions": ""}, "spec.conditions: Required value"),
		Entry("null conditions", dnsName, report{"conditions": "null"}, "spec.conditions: Required value"),
		Entry("a string as conditions", dnsName, report{"conditions": "Available"}, `spec.conditions: Invalid value: "string": spec.conditions in body must be of type array: "string"`),
		Entry("an object as conditions", dnsName, report{"conditions": "{Available: 'True'}"}, `spec.conditions: Invalid value: "object": spec.conditions in body must be of type array: "object"`),
		Entry("a string as condition", dnsName, report{"conditions": "[Available]"}, `spec.conditions[0]: Invalid value: "string": spec.conditions[0] in body must be of type object: "string"`, `spec.conditions[0]: Invalid value: "Available": must be an object for an array of list-type map`),
		Entry("a null as condition", dnsName, report{"conditions": "[null]"}, `spec.conditions[0]: Invalid value: "null": spec.conditions[0] in body must be of type object: "null"`),
		Entry("a condition without type", dnsName, report{"conditions": "[{status: 'True'}]"}, "spec.conditions[0].type: Required value"),
		Entry("a condition of an empty type", dnsName, report{"conditions": "[{type: '', status: 'True'}]"}, `spec.conditions[0].type: Invalid value: "": spec.conditions[0].type in body should be at least 1 chars long`),
		Entry("a condition of a long type", dnsName, report{"conditions": "[{type: " + strings.Repeat("T", 317) + ", status: 'True'}]"}, "spec.conditions[0].type: Too long: may not be more than 316 bytes"),
		Entry("a number as type", dnsName, report{"conditions": "[{type: 1, status: 'True'}]"}, `spec.conditions[0].type: Invalid value: "integer": spec.conditions[0].type in body must be of type string: "integer"`),
		Entry("a condition without status", dnsName, report{"conditions": "[{type: Available}]"}, "spec.conditions[0].status: Required value"),
		Entry("a null status", dnsName, report{"conditions": "[{type: Available, status: null}]"}, "spec.conditions[0].status: Required value"),
		Entry("another status", dnsName, report{"conditions": "[{type: Available, status: Done}]"}, `spec.conditions[0].status: Unsupported value: "Done": supported values: "True", "False", "Unknown"`),
		Entry("a status in lower case", dnsName, report{"conditions": "[{type: Available, status: 'true'}]"}, `spec.conditions[0].status: Unsupported value: "true": supported values: "True", "False", "Unknown"`),
		Entry("a boolean as status", dnsName, report{"conditions": "[{type: Available, status: true}]"}, `spec.conditions[0].status: Invalid value: "boolean": spec.conditions[0].status in body must be of type string: "boolean"`, `spec.conditions[0].status: Unsupported value: true: supported values: "True", "False", "Unknown"`),
		Entry("a number as reason", dnsName, report{"conditions": "[{type: Available, status: 'True', reason: 1}]"}, `spec.conditions[0].reason: Invalid value: "integer": spec.conditions[0].reason in body must be of type string: "integer"`),
		Entry("two conditions of a type", dnsName, report{"conditions": "[{type: Available, status: 'True'}, {type: Available, status: 'False'}]"}, `spec.conditions[1]: Duplicate value: {"type":"Available"}`),
		Entry("101 conditions", dnsName, report{"conditions": manyConditions(101)}, "spec.conditions: Too many: 101: must have at most 100 items"),
		Entry("a text as data", dnsName, report{"data": "text"}, `spec.data: Invalid value: "string": spec.data in body must be of type object: "string"`),
		Entry("a list as metadata", dnsName, report{"metadata": "[1]"}, `spec.metadata: Invalid value: "array": spec.metadata in body must be of type object: "array"`),
	)

	It("refuses a report without a spec", func(ctx context.Context) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, "null"))
		Expect(causes(err)).To(Equal([]string{"spec: Required value"}))
		_, err = post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, "text"))
		Expect(causes(err)).To(Equal([]string{`spec: Invalid value: "string": spec in body must be of type object: "string"`}))
	})

	DescribeTable("guards what a report is about", func(ctx context.Context, before, after string, want ...string) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, dnsReport.with(report{"resourceRef": before}).spec()))
		Expect(err).NotTo(HaveOccurred())
		_, err = put(ctx, namespace, adapterstatuses, dnsName, adapterStatusYAML(dnsName, dnsReport.with(report{"resourceRef": after}).spec()))
		if len(want) == 0 {
			Expect(err).NotTo(HaveOccurred())
			return
		}
		Expect(causes(err)).To(Equal(want))
	},
		Entry("accepts the same", "{kind: Cluster, name: my-cluster, uid: u1}", "{kind: Cluster, name: my-cluster, uid: u1}"),
		Entry("accepts the same without a uid", "{kind: Cluster, name: my-cluster}", "{kind: Cluster, name: my-cluster}"),
		Entry("refuses a uid that comes later", "{kind: Cluster, name: my-cluster}", "{kind: Cluster, name: my-cluster, uid: u1}", "spec.resourceRef: Invalid value: spec.resourceRef is immutable: a report on another resource is another AdapterStatus"),
		Entry("refuses another uid", "{kind: Cluster, name: my-cluster, uid: u1}", "{kind: Cluster, name: my-cluster, uid: u2}", "spec.resourceRef: Invalid value: spec.resourceRef is immutable: a report on another resource is another AdapterStatus"),
		Entry("refuses that the uid goes", "{kind: Cluster, name: my-cluster, uid: u1}", "{kind: Cluster, name: my-cluster}", "spec.resourceRef: Invalid value: spec.resourceRef is immutable: a report on another resource is another AdapterStatus"),
		Entry("refuses another name", "{kind: Cluster, name: my-cluster}", "{kind: Cluster, name: another}", "spec.resourceRef: Invalid value: spec.resourceRef is immutable: a report on another resource is another AdapterStatus"),
		Entry("refuses another kind", "{kind: Cluster, name: my-cluster}", "{kind: NodePool, name: my-cluster}", "spec.resourceRef: Invalid value: spec.resourceRef is immutable: a report on another resource is another AdapterStatus"),
	)

	It("refuses a change of the adapter", func(ctx context.Context) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, dnsReport.spec()))
		Expect(err).NotTo(HaveOccurred())
		_, err = patch(ctx, namespace, adapterstatuses, dnsName, types.MergePatchType, "spec: {adapter: aws}")
		Expect(causes(err)).To(Equal([]string{`spec.adapter: Invalid value: "aws": spec.adapter is immutable: each adapter has an AdapterStatus of its own`}))
	})

	const accepted = ""
	DescribeTable("compares with the stored report, of generation 5 at 10:00:00.5Z", func(ctx context.Context, generation, time, want string) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, dnsReport.with(report{"observedTime": "'2025-01-01T10:00:00.5Z'"}).spec()))
		Expect(err).NotTo(HaveOccurred())
		_, err = put(ctx, namespace, adapterstatuses, dnsName, adapterStatusYAML(dnsName, dnsReport.with(report{
			"observedGeneration": generation, "observedTime": "'" + time + "'",
		}).spec()))
		if want == accepted {
			Expect(err).NotTo(HaveOccurred())
			return
		}
		Expect(causes(err)).To(Equal([]string{"spec: Invalid value: " + want}))
	},
		Entry("the same", "5", "2025-01-01T10:00:00.5Z", accepted),
		Entry("the same instant, written otherwise", "5", "2025-01-01T10:00:00.500000Z", accepted),
		Entry("the same instant, in the east", "5", "2025-01-01T12:00:00.5+02:00", accepted),
		Entry("later by a nanosecond", "5", "2025-01-01T10:00:00.500000001Z", accepted),
		Entry("later by a second", "5", "2025-01-01T10:00:01.5Z", accepted),
		Entry("later in the west, though an earlier string", "5", "2025-01-01T09:30:00-01:00", accepted),
		Entry("earlier by a nanosecond", "5", "2025-01-01T10:00:00.499999999Z", v1.StaleReportMessage),
		Entry("earlier without a fraction, though a later string", "5", "2025-01-01T10:00:00Z", v1.StaleReportMessage),
		Entry("earlier in the east, though a later string", "5", "2025-01-01T11:00:00+02:00", v1.StaleReportMessage),
		Entry("a higher generation, earlier", "6", "2024-01-01T10:00:00Z", accepted),
		Entry("a higher generation, later", "6", "2026-01-01T10:00:00Z", accepted),
		Entry("a lower generation, later", "4", "2026-01-01T10:00:00Z", v1.StaleReportMessage),
		Entry("a lower generation, at the same time", "4", "2025-01-01T10:00:00.5Z", v1.StaleReportMessage),
		Entry("a generation that is lower as a number, not as a string", "10", "2024-01-01T10:00:00Z", accepted),
	)
})

// manyConditions returns n conditions with types of the maximum length.
func manyConditions(n int) string {
	var conditions []string
	for i := range n {
		conditions = append(conditions, fmt.Sprintf("{type: %s%03d, status: 'True', message: %s}", strings.Repeat("T", 313), i, strings.Repeat("m", 1000)))
	}
	return "[" + strings.Join(conditions, ", ") + "]"
}
