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
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Every object that the API server stores must decode into the Go types: a single object
// that does not would prevent every informer from listing all others.
var _ = Describe("What is stored", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	const refused = ""
	DescribeTable("as observedTime decodes, or else is refused", func(ctx context.Context, text, want string) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, dnsReport.with(report{"observedTime": text}).spec()))
		if want == refused {
			Expect(causes(err)).NotTo(BeEmpty())
			Expect(causes(err)).To(HaveEach(HavePrefix("spec.observedTime: ")))
			return
		}
		Expect(err).NotTo(HaveOccurred())
		var list v1.AdapterStatusList
		Expect(env.Client.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
		Expect(list.Items).To(HaveLen(1))
		Expect(list.Items[0].Spec.ObservedTime.Format(time.RFC3339Nano)).To(Equal(want))
		Expect(list.Items[0].Spec.Conditions[0].LastTransitionTime).To(Equal(list.Items[0].Spec.ObservedTime))
		Expect(list.Items[0].FirstObserved().Format(time.RFC3339Nano)).To(Equal(want))
		Expect(env.Client.Update(ctx, &list.Items[0])).To(Succeed(), "what was decoded is the same report when it is written again")
	},
		Entry(nil, "'2025-01-01T10:00:00Z'", "2025-01-01T10:00:00Z"),
		Entry(nil, "'2025-01-01T10:00:00.1Z'", "2025-01-01T10:00:00.1Z"),
		Entry(nil, "'2025-01-01T10:00:00.123456789Z'", "2025-01-01T10:00:00.123456789Z"),
		Entry(nil, "'2025-01-01T10:00:00.1234567890Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00.Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00,5Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00 5Z'", refused),
		Entry(nil, "'2025-01-01t10:00:00Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00z'", refused),
		Entry(nil, "'2025-01-01 10:00:00Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00'", refused),
		Entry(nil, "'2025-01-01T10:00Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00ZT10:00:00Z'", refused),
		Entry(nil, "'2025-01-01T10:00:00Ztomorrow'", refused),
		Entry(nil, "\"2025-01-01T10:00:00Z\n\"", refused),
		Entry(nil, "' 2025-01-01T10:00:00Z'", refused),
		Entry(nil, "'2025-01-01'", refused),
		Entry(nil, "'1735725600'", refused),
		Entry(nil, "1735725600", refused),
		Entry(nil, "''", refused),
		Entry(nil, "null", refused),
		Entry(nil, "{}", refused),
		Entry(nil, "'2025-02-30T10:00:00Z'", refused),
		Entry(nil, "'2025-02-29T10:00:00Z'", refused),
		Entry(nil, "'2024-02-29T10:00:00Z'", "2024-02-29T10:00:00Z"),
		Entry(nil, "'2025-00-01T10:00:00Z'", refused),
		Entry(nil, "'2025-13-01T10:00:00Z'", refused),
		Entry(nil, "'2025-01-00T10:00:00Z'", refused),
		Entry(nil, "'2025-01-01T24:00:00Z'", refused),
		Entry(nil, "'2025-01-01T10:60:00Z'", refused),
		Entry(nil, "'2016-12-31T23:59:60Z'", refused),
		Entry(nil, "'2016-12-31T23:59:59.999999999Z'", "2016-12-31T23:59:59.999999999Z"),
		Entry(nil, "'2025-01-01T10:00:00+00:00'", "2025-01-01T10:00:00Z"),
		Entry(nil, "'2025-01-01T10:00:00-00:00'", "2025-01-01T10:00:00Z"),
		Entry(nil, "'2025-01-01T10:00:00+23:59'", "2024-12-31T10:01:00Z"),
		Entry(nil, "'2025-01-01T10:00:00-23:59'", "2025-01-02T09:59:00Z"),
		Entry(nil, "'2025-01-01T10:00:00+24:00'", refused),
		Entry(nil, "'2025-01-01T10:00:00+25:00'", refused),
		Entry(nil, "'2025-01-01T10:00:00+99:99'", refused),
		Entry(nil, "'2025-01-01T10:00:00+00:60'", refused),
		Entry(nil, "'2025-01-01T10:00:00+0100'", refused),
		Entry(nil, "'2025-01-01T10:00:00+01'", refused),
		Entry(nil, "'0000-01-01T00:00:00Z'", refused),
		Entry(nil, "'0001-01-01T00:00:00Z'", refused),
		Entry(nil, "'1969-12-31T23:59:59Z'", refused),
		Entry(nil, "'1970-01-01T00:00:00Z'", "1970-01-01T00:00:00Z"),
		Entry(nil, "'1970-01-01T00:00:00+00:01'", refused),
		Entry(nil, "'2999-12-31T23:59:59Z'", "2999-12-31T23:59:59Z"),
		Entry(nil, "'2999-12-31T23:59:59-00:01'", refused),
		Entry(nil, "'3000-01-01T00:00:00Z'", refused),
		Entry(nil, "'9999-12-31T23:59:59-23:59'", refused),
		Entry(nil, "'10000-01-01T00:00:00Z'", refused),
		Entry(nil, "'+2025-01-01T00:00:00Z'", refused),
		Entry(nil, "'-001-01-01T00:00:00Z'", refused),
		Entry(nil, "'２０２５-01-01T00:00:00Z'", refused),
	)

	DescribeTable("as a report decodes, or else is refused", func(ctx context.Context, field, value string) {
		spec := map[string]json.RawMessage{ // RawMessage keeps the notation of numbers
			"resourceRef":        json.RawMessage(`{"kind":"Cluster","name":"my-cluster"}`),
			"adapter":            json.RawMessage(`"dns"`),
			"observedGeneration": json.RawMessage(`1`),
			"observedTime":       json.RawMessage(`"2025-01-01T10:00:00Z"`),
			"conditions":         json.RawMessage(`[]`),
		}
		spec[field] = json.RawMessage(value)
		body, err := json.Marshal(map[string]any{
			"apiVersion": "hyperfleet.io/v1", "kind": "AdapterStatus", "metadata": map[string]any{"name": dnsName}, "spec": spec,
		})
		Expect(err).NotTo(HaveOccurred())
		_, err = post(ctx, namespace, adapterstatuses, string(body))
		if err != nil {
			Expect(causes(err)).NotTo(BeEmpty())
			return
		}
		var list v1.AdapterStatusList
		Expect(env.Client.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
		Expect(list.Items).To(HaveLen(1))
		Expect(env.Client.Update(ctx, &list.Items[0])).To(Succeed(), "what was decoded can be written again")
	},
		numbersFor("observedGeneration", "%s"),
		numbersFor("data", `{"n":%s}`),
		numbersFor("resourceRef", `{"kind":"Cluster","name":"my-cluster","uid":%s}`),
		numbersFor("conditions", `[{"type":"A","status":"True","reason":%s}]`),
		Entry("a null among a condition's fields", "conditions", `[{"type":"A","status":"True","reason":null,"message":null,"lastTransitionTime":null}]`),
		Entry("an unknown field of a condition", "conditions", `[{"type":"A","status":"True","severity":1}]`),
		Entry("a field in another case", "conditions", `[{"type":"A","status":"True","Reason":1}]`),
		Entry("an unknown field of the reference", "resourceRef", `{"kind":"Cluster","name":"my-cluster","namespace":7}`),
		Entry("what looks like a Kubernetes object", "data", `{"apiVersion":1,"kind":[],"metadata":null}`),
		Entry("half a surrogate pair", "data", `{"\ud800":"\udfff"}`),
		Entry("a field twice", "data", `{"a":1,"a":{"b":2}}`),
		Entry("deep nesting", "data", `{"a":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`),
	)

	DescribeTable("as status decodes, or else is refused", func(ctx context.Context, status string) {
		_, err := post(ctx, namespace, clusters, clusterYAML("my-cluster", "spec: {}"))
		Expect(err).NotTo(HaveOccurred())
		_, err = send(ctx, api.RESTClient().Patch(types.MergePatchType), path(namespace, clusters, "my-cluster", "status"), `{"status":`+status+`}`)
		if err != nil {
			Expect(causes(err)).NotTo(BeEmpty())
			return
		}
		var list v1.ClusterList
		Expect(env.Client.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
		Expect(list.Items).To(HaveLen(1))
		Expect(env.Client.Status().Update(ctx, &list.Items[0])).To(Succeed(), "what was decoded can be written again")
	},
		Entry(nil, `{"observedGeneration":1.0}`),
		Entry(nil, `{"observedGeneration":1e3}`),
		Entry(nil, `{"observedGeneration":1e9}`),
		Entry(nil, `{"observedGeneration":1e18}`),
		Entry(nil, `{"observedGeneration":1e21}`),
		Entry(nil, `{"observedGeneration":9223372036854775807}`),
		Entry(nil, `{"observedGeneration":9223372036854775808}`),
		Entry(nil, `{"observedGeneration":-1}`),
		Entry(nil, `{"conditions":null,"ready":null,"id":null}`),
		Entry(nil, `{"conditions":[]}`),
		Entry(nil, `{"ready":""}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","observedGeneration":1e3,"createdTime":"2025-01-01T10:00:00.5+01:00","lastUpdatedTime":"2025-01-01T10:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","observedGeneration":1e21,"createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"2025-01-01T10:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","createdTime":"2025-01-01t10:00:00z","lastUpdatedTime":"2025-01-01T10:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","createdTime":null,"lastUpdatedTime":"2025-01-01T10:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"2025-01-01T10:00:00+99:99","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"0001-01-01T00:00:00Z","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"9999-12-31T23:59:59-23:59","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
		Entry(nil, `{"conditions":[{"type":"Ready","status":"True","createdTime":"2025-01-01T10:00:00Z","lastUpdatedTime":"0000-01-01T00:00:00+23:59","lastTransitionTime":"2025-01-01T10:00:00Z"}]}`),
	)
})

// numbersFor returns entries with unusual numbers and other JSON values for a field.
func numbersFor(field, format string) []TableEntry {
	var entries []TableEntry
	for _, number := range []string{
		"1.0", "1e0", "10e-1", "1E3", "2147483647.0", "1e10", "1e21", "1e400", "-0.0", "0.1e1", "1.0000000000000001",
		"9223372036854775807", "9223372036854775808", "true", "null", `"7"`,
	} {
		entries = append(entries, Entry(field+" "+number, field, fmt.Sprintf(format, number)))
	}
	return entries
}
