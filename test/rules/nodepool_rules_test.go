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
	"k8s.io/apimachinery/pkg/types"
)

func nodepoolYAML(name, spec string) string {
	return fmt.Sprintf("apiVersion: hyperfleet.io/v1\nkind: NodePool\nmetadata: {name: %q}\nspec: %s", name, spec)
}

var _ = Describe("Rules of NodePool", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	DescribeTable("accepts", func(ctx context.Context, name, spec string) {
		_, err := post(ctx, namespace, nodepools, nodepoolYAML(name, spec))
		Expect(err).NotTo(HaveOccurred())
	},
		Entry("a pool's name of 3 characters", "abc.abc", "{clusterName: abc}"),
		Entry("a pool's name of 15 characters", "abc."+strings.Repeat("a", 15), "{clusterName: abc}"),
		Entry("the longest names", strings.Repeat("c", 53)+"."+strings.Repeat("p", 15), "{clusterName: "+strings.Repeat("c", 53)+"}"),
		Entry("names of digits", "123.456", "{clusterName: '123'}"),
		Entry("hyphens within", "a--b.c--d", "{clusterName: a--b}"),
		Entry("free-form fields", "abc.free", "{clusterName: abc, replicas: 3, taints: [null, {a: 1.5}]}"),
	)

	DescribeTable("refuses", func(ctx context.Context, name, spec string, want ...string) {
		_, err := post(ctx, namespace, nodepools, nodepoolYAML(name, spec))
		Expect(causes(err)).To(Equal(want))
	},
		Entry("a pool's name of 2 characters", "abc.ab", "{clusterName: abc}", "metadata: Invalid value: the pool's own name, which follows the dot, must be 3 to 15 characters long"),
		Entry("a pool's name of 16 characters", "abc."+strings.Repeat("a", 16), "{clusterName: abc}", "metadata: Invalid value: the pool's own name, which follows the dot, must be 3 to 15 characters long"),
		Entry("no pool's name", "abc", "{clusterName: abc}", "metadata: Invalid value: metadata.name of a NodePool must be spec.clusterName, a dot, and the pool's own name"),
		Entry("an empty pool's name", "abc.", "{clusterName: abc}", notASubdomain("abc."), "metadata: Invalid value: the pool's own name, which follows the dot, must be 3 to 15 characters long"),
		Entry("a dot in the pool's name", "abc.def.ghi", "{clusterName: abc}", "metadata: Invalid value: the pool's own name, which follows the dot, must not contain a dot"),
		Entry("another cluster", "abc.def", "{clusterName: xyz}", "metadata: Invalid value: metadata.name of a NodePool must be spec.clusterName, a dot, and the pool's own name"),
		Entry("a cluster that is only a prefix", "abcd.def", "{clusterName: abc}", "metadata: Invalid value: metadata.name of a NodePool must be spec.clusterName, a dot, and the pool's own name"),
		Entry("capitals", "abc.Def", "{clusterName: abc}", notASubdomain("abc.Def")),
		Entry("a hyphen at the end", "abc.def-", "{clusterName: abc}", notASubdomain("abc.def-")),
		Entry("a hyphen at the start", "abc.-def", "{clusterName: abc}", notASubdomain("abc.-def")),
		Entry("a clusterName of 2 characters", "ab.def", "{clusterName: ab}", `spec.clusterName: Invalid value: "ab": spec.clusterName in body should be at least 3 chars long`),
		Entry("a clusterName of 54 characters", strings.Repeat("a", 54)+".def", "{clusterName: "+strings.Repeat("a", 54)+"}", "spec.clusterName: Too long: may not be more than 53 bytes"),
		Entry("a clusterName with a dot", "a.c.def", "{clusterName: a.c}", `spec.clusterName: Invalid value: "a.c": spec.clusterName in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'`),
		Entry("an empty clusterName", "abc.def", "{clusterName: ''}", `spec.clusterName: Invalid value: "": spec.clusterName in body should be at least 3 chars long`, "metadata: Invalid value: metadata.name of a NodePool must be spec.clusterName, a dot, and the pool's own name"),
		Entry("a number as clusterName", "123.def", "{clusterName: 123}", `spec.clusterName: Invalid value: "integer": spec.clusterName in body must be of type string: "integer"`),
		Entry("no clusterName", "abc.def", "{}", "spec.clusterName: Required value"),
		Entry("a null clusterName", "abc.def", "{clusterName: null}", "spec.clusterName: Required value"),
		Entry("a null spec", "abc.def", "null", "spec: Required value"),
		Entry("a string as spec", "abc.def", "text", `spec: Invalid value: "string": spec in body must be of type object: "string"`),
	)

	DescribeTable("guards clusterName", func(ctx context.Context, spec string, want ...string) {
		_, err := post(ctx, namespace, nodepools, nodepoolYAML("abc.def", "{clusterName: abc, a: 1}"))
		Expect(err).NotTo(HaveOccurred())
		_, err = patch(ctx, namespace, nodepools, "abc.def", types.MergePatchType, "spec: "+spec)
		if len(want) == 0 {
			Expect(err).NotTo(HaveOccurred())
			return
		}
		Expect(causes(err)).To(Equal(want))
	},
		Entry("accepts other changes", "{a: 2}"),
		Entry("accepts the same", "{clusterName: abc}"),
		Entry("refuses another", "{clusterName: xyz}", `spec.clusterName: Invalid value: "xyz": spec.clusterName is immutable: a NodePool cannot move to another Cluster`),
		Entry("refuses none", "{clusterName: null}", "spec.clusterName: Required value"),
	)
})
