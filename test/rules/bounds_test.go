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

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	tooDeep    = "spec (of a report, spec.data and spec.metadata) must not be nested deeper than 32 levels"
	tooMany    = "spec (of a report, spec.data and spec.metadata) must have at most 10000 members of objects and elements of arrays in all"
	tooHeavy   = "spec (of a report, spec.data and spec.metadata) must weigh at most 1048576 bytes, with every key counted twice and characters that JSON escapes as escaped"
	manyLabels = "metadata.labels must have at most 64 labels"
)

// nested returns an object with arrays or objects in it, depth levels in all.
func nested(depth int, begin, end string) string {
	return `{"a":` + strings.Repeat(begin, depth-2) + `{}` + strings.Repeat(end, depth-2) + `}`
}

func nestedArrays(depth int) string  { return nested(depth, "[", "]") }
func nestedObjects(depth int) string { return nested(depth, `{"k":`, "}") }

// zeros returns an object with one array. It has members members and elements in all.
func zeros(members int) string {
	return `{"a":[` + strings.TrimSuffix(strings.Repeat("0,", members-1), ",") + `]}`
}

// tree returns an object with width objects of width members each.
func tree(width int) string {
	leaves := make([]string, width)
	for i := range leaves {
		leaves[i] = fmt.Sprintf("%q:%d", fmt.Sprint("k", i), i)
	}
	branch := "{" + strings.Join(leaves, ",") + "}"
	branches := make([]string, width)
	for i := range branches {
		branches[i] = fmt.Sprintf("%q:%s", fmt.Sprint("b", i), branch)
	}
	return "{" + strings.Join(branches, ",") + "}"
}

// keys returns an object of n members whose keys are size bytes long.
func keys(n, size int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"%0*d":0`, size, i)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func longString(s string, n int) string { return `{"a":"` + strings.Repeat(s, n) + `"}` }

var _ = Describe("Bounds on content", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	// create sends content as the spec of a Cluster and as data of a report. Unless
	// content is large, which takes long, create also sends it as the spec of a NodePool
	// and as metadata of a report.
	create := func(ctx context.Context, content string) map[string]error {
		GinkgoHelper()
		inPool := strings.Replace(content, "{", `{"clusterName":"abc",`, 1)
		if content == "{}" {
			inPool = `{"clusterName":"abc"}`
		}
		reportOf := func(adapter, field string) string {
			return fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"abc.%s"},"spec":{`+
				`"resourceRef":{"kind":"Cluster","name":"abc"},"adapter":%q,"observedGeneration":1,"observedTime":"2025-01-01T10:00:00Z","conditions":[],%q:%s}}`,
				adapter, adapter, field, content)
		}
		errs := map[string]error{}
		for what, request := range map[string]struct{ resource, body string }{
			"cluster":  {clusters, `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"abc"},"spec":` + content + `}`},
			"nodepool": {nodepools, `{"apiVersion":"hyperfleet.io/v1","kind":"NodePool","metadata":{"name":"abc.def"},"spec":` + inPool + `}`},
			"data":     {adapterstatuses, reportOf("dns", "data")},
			"metadata": {adapterstatuses, reportOf("aws", "metadata")},
		} {
			if len(content) > 100_000 && (what == "nodepool" || what == "metadata") {
				continue
			}
			Expect(json.Valid([]byte(request.body))).To(BeTrue())
			_, errs[what] = post(ctx, namespace, request.resource, request.body)
		}
		return errs
	}

	DescribeTable("accept", func(ctx context.Context, content string) {
		Expect(create(ctx, content)).To(HaveEach(BeNil()))
	},
		Entry("no content", "{}"),
		Entry("32 levels of arrays", nestedArrays(32)),
		Entry("32 levels of objects", nestedObjects(32)),
		Entry("9,990 elements", zeros(9_990)),
		Entry("9,900 members of 99 objects", tree(99)),
		Entry("a string of 1,000,000 bytes", longString("x", 1_000_000)),
		Entry("a string of 500,000 runes of two bytes", longString("é", 500_000)),
		Entry("a string of 170,000 characters that JSON escapes", longString("<", 170_000)),
		Entry("500 KiB of keys", keys(4_000, 120)),
	)

	DescribeTable("refuse", func(ctx context.Context, content, want string) {
		for what, err := range create(ctx, content) {
			Expect(denial(err, "hyperfleet-bounds")).To(Equal(want), what)
		}
	},
		Entry("33 levels of arrays", nestedArrays(33), tooDeep),
		Entry("33 levels of objects", nestedObjects(33), tooDeep),
		Entry("2,000 levels", nestedArrays(2000), tooDeep),
		Entry("10,001 elements", zeros(10_001), tooMany),
		Entry("520,000 elements", zeros(520_000), tooMany),
		Entry("10,100 members of 100 objects", tree(100), tooMany),
		Entry("a string of 1,048,577 bytes", longString("x", 1_048_577), tooHeavy),
		Entry("a string of 525,000 runes of two bytes", longString("é", 525_000), tooHeavy),
		Entry("a string of 180,000 characters that JSON escapes", longString("<", 180_000), tooHeavy),
		Entry("a string of 180,000 control characters", longString(`\u0001`, 180_000), tooHeavy),
		Entry("540 KiB of keys", keys(4_500, 120), tooHeavy),
	)

	It("hold for data and metadata together", func(ctx context.Context) {
		_, err := post(ctx, namespace, adapterstatuses, adapterStatusYAML(dnsName, dnsReport.with(report{"data": zeros(5_001), "metadata": zeros(5_000)}).spec()))
		Expect(denial(err, "hyperfleet-bounds")).To(Equal(tooMany))
	})

	It("hold for changes, and leave an object that is out of bounds usable", func(ctx context.Context) {
		_, err := post(ctx, namespace, clusters, clusterYAML("abc", "spec: {}"))
		Expect(err).NotTo(HaveOccurred())
		_, err = patch(ctx, namespace, clusters, "abc", types.MergePatchType, `{"spec":`+nestedArrays(40)+`}`)
		Expect(denial(err, "hyperfleet-bounds")).To(Equal(tooDeep))

		withoutBinding(ctx, "hyperfleet-bounds", func() bool {
			cluster := &v1.Cluster{}
			cluster.Namespace, cluster.Name, cluster.Spec.Raw = namespace, "probe", []byte(nestedArrays(40))
			return env.Client.Create(ctx, cluster, client.DryRunAll) != nil
		}, func() {
			_, err = patch(ctx, namespace, clusters, "abc", types.MergePatchType, `{"spec":`+nestedArrays(40)+`}`)
			Expect(err).NotTo(HaveOccurred())
		})
		_, err = send(ctx, api.RESTClient().Patch(types.MergePatchType), path(namespace, clusters, "abc", "status"), readyStatus)
		Expect(err).NotTo(HaveOccurred())
		_, err = patch(ctx, namespace, clusters, "abc", types.MergePatchType, `{"metadata":{"annotations":{"hyperfleet.io/deleted-by":"x"},"finalizers":["hyperfleet.io/cascade","a.b/c"]}}`)
		Expect(err).NotTo(HaveOccurred())
		_, err = patch(ctx, namespace, clusters, "abc", types.MergePatchType, `{"metadata":{"annotations":{"a":"b"}}}`)
		Expect(denial(err, "hyperfleet-bounds")).To(Equal(tooDeep))
		_, err = patch(ctx, namespace, clusters, "abc", types.MergePatchType, `{"spec":{"a":null}}`)
		Expect(err).NotTo(HaveOccurred())
	}, Serial)

	It("hold for labels", func(ctx context.Context) {
		labels := func(n int) *v1.Cluster {
			cluster := &v1.Cluster{}
			cluster.Namespace, cluster.Name, cluster.Spec.Raw = namespace, "abc", []byte("{}")
			cluster.Labels = map[string]string{v1.ClusterLabel: "own"}
			for i := range n {
				cluster.Labels[fmt.Sprint("label-", i)] = "x"
			}
			return cluster
		}
		Expect(env.Client.Create(ctx, labels(64), client.DryRunAll)).To(Succeed())
		Expect(denial(env.Client.Create(ctx, labels(65), client.DryRunAll), "hyperfleet-bounds")).To(Equal(manyLabels))
	})
})
