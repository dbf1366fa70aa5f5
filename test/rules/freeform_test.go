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
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("Free-form JSON", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	DescribeTable("comes back as an equal JSON value", func(ctx context.Context, value string) {
		cluster := `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"abc"},"spec":{"v":` + value + `}}`
		pool := `{"apiVersion":"hyperfleet.io/v1","kind":"NodePool","metadata":{"name":"abc.def"},"spec":{"v":` + value + `,"clusterName":"abc"}}`
		status := `{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"abc.dns"},"spec":{` +
			`"resourceRef":{"kind":"Cluster","name":"abc"},"adapter":"dns","observedGeneration":1,` +
			`"observedTime":"2025-01-01T10:00:00Z","conditions":[],"data":{"v":` + value + `},"metadata":{"v":` + value + `}}}`
		for resource, body := range map[string]string{clusters: cluster, nodepools: pool, adapterstatuses: status} {
			answer, err := post(ctx, namespace, resource, body)
			Expect(err).NotTo(HaveOccurred())
			Expect(jsonValue(string(answer), "spec")).To(Equal(jsonValue(body, "spec")), resource)
		}

		By("going through the Go types")
		var read v1.Cluster
		Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "abc"}, &read)).To(Succeed())
		Expect(jsonValue(string(read.Spec.Raw))).To(Equal(jsonValue(cluster, "spec")))
		Expect(env.Client.Update(ctx, &read)).To(Succeed(), "this stores the default status")
		before := read.ResourceVersion
		Expect(env.Client.Update(ctx, &read)).To(Succeed())
		Expect(read.ResourceVersion).To(Equal(before), "written again it is the same object")

		var readPool v1.NodePool
		Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "abc.def"}, &readPool)).To(Succeed())
		Expect(readPool.Spec.ClusterName).To(Equal("abc"))
		Expect(jsonValue(string(readPool.Spec.Fields.Raw))).To(Equal(jsonValue(cluster, "spec")))
		Expect(env.Client.Update(ctx, &readPool)).To(Succeed(), "this stores the default status")
		before = readPool.ResourceVersion
		Expect(env.Client.Update(ctx, &readPool)).To(Succeed())
		Expect(readPool.ResourceVersion).To(Equal(before), "written again it is the same object")

		var readStatus v1.AdapterStatus
		Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "abc.dns"}, &readStatus)).To(Succeed())
		Expect(jsonValue(string(readStatus.Spec.Data.Raw))).To(Equal(jsonValue(status, "spec", "data")))
		Expect(jsonValue(string(readStatus.Spec.Metadata.Raw))).To(Equal(jsonValue(status, "spec", "metadata")))
	},
		Entry("nulls", `[null,{"a":null}]`),
		Entry("a null", `null`),
		Entry("booleans", `[true,false]`),
		Entry("empty things", `["",[],{}]`),
		Entry("nested lists", `[[[[1],[2,[3]]]],[]]`),
		Entry("nested objects", `{"a":{"b":{"c":{"d":[{"e":1}]}}}}`),
		Entry("the largest integers", `[9223372036854775807,-9223372036854775808]`),
		Entry("an integer that no float64 holds", `9007199254740993`),
		Entry("floats", `[1.5,-0.1,1e300,5e-324,0.30000000000000004,3.141592653589793]`),
		Entry("floats that are whole", `[1.0,1e3,-2.50e1]`),
		Entry("Unicode", `"ключ 鍵 🚀 \u0000 \u2028 \u00e9 é"`),
		Entry("Unicode keys", `{"ключ":1,"鍵":2,"🚀":3,"":4,"a.b/c~d":5,"__proto__":6}`),
		Entry("HTML", `"<a href='x'>&amp;</a>"`),
		Entry("what looks like YAML", `["yes","1e3","0x10","~","2025-01-01"]`),
		Entry("what looks like a Kubernetes object", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":7,"managedFields":1}}`),
		Entry("a long string", strconv.Quote(strings.Repeat("x", 200_000))),
		Entry("a long list", "["+strings.TrimSuffix(strings.Repeat(`{"a":1},`, 2_400), ",")+"]"),
	)

	// The API server decodes a number beyond int64 as a float64 before any rule of
	// HyperFleet sees it. A client that needs all digits must write a string.
	It("holds numbers beyond int64 and float64 as the nearest float64", func(ctx context.Context) {
		answer, err := post(ctx, namespace, clusters,
			`{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"abc"},"spec":{"a":9223372036854775809,"b":0.12345678901234567890}}`)
		Expect(err).NotTo(HaveOccurred())
		Expect(jsonValue(string(answer), "spec", "a")).To(Equal(float64(1 << 63)))
		Expect(jsonValue(string(answer), "spec", "b")).To(Equal(0.12345678901234568))
	})

	It("refuses a number beyond float64", func(ctx context.Context) {
		_, err := post(ctx, namespace, clusters,
			`{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"abc"},"spec":{"a":1e400}}`)
		Expect(causes(err)).To(ConsistOf(ContainSubstring("1e400")))
	})
})

// jsonValue decodes a JSON text, or the field at a path in it. Each number is an
// int64 or, if it does not fit, a float64.
func jsonValue(text string, path ...string) any {
	GinkgoHelper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value any
	Expect(decoder.Decode(&value)).To(Succeed())
	for _, field := range path {
		value = value.(map[string]any)[field]
	}
	return withNumbers(value)
}

func withNumbers(value any) any {
	GinkgoHelper()
	switch value := value.(type) {
	case json.Number:
		if integer, err := value.Int64(); err == nil {
			return integer
		}
		float, err := value.Float64()
		Expect(err).NotTo(HaveOccurred())
		if whole := int64(float); float64(whole) == float && math.Abs(float) < 1<<53 {
			return whole // 1.0 and 1 are one JSON value
		}
		return float
	case []any:
		for i := range value {
			value[i] = withNumbers(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = withNumbers(value[key])
		}
	}
	return value
}
