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
)

// specMissing is the cause for a Cluster without a spec.
const specMissing = "spec: Required value: spec must be given, as {} if there is nothing to configure"

func clusterYAML(name, rest string) string {
	return fmt.Sprintf("apiVersion: hyperfleet.io/v1\nkind: Cluster\nmetadata: {name: %q}\n%s", name, rest)
}

var _ = Describe("Rules of Cluster", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	DescribeTable("accepts", func(ctx context.Context, name, rest string) {
		_, err := post(ctx, namespace, clusters, clusterYAML(name, rest))
		Expect(err).NotTo(HaveOccurred())
	},
		Entry("a name of 3 characters", "abc", "spec: {}"),
		Entry("a name of 53 characters", strings.Repeat("a", 53), "spec: {}"),
		Entry("a name of digits", "123", "spec: {}"),
		Entry("hyphens within", "a--b", "spec: {}"),
		Entry("an empty spec", "empty-spec", "spec: {}"),
		Entry("a free-form spec", "free-form", "spec: {region: eu, nodes: [1, 2], nested: {a: null}}"),
	)

	DescribeTable("refuses", func(ctx context.Context, name, rest string, want ...string) {
		_, err := post(ctx, namespace, clusters, clusterYAML(name, rest))
		Expect(causes(err)).To(Equal(want))
	},
		Entry("a name of 2 characters", "ab", "spec: {}", "metadata: Invalid value: metadata.name of a Cluster must be 3 to 53 characters long"),
		Entry("a name of 54 characters", strings.Repeat("a", 54), "spec: {}", "metadata: Invalid value: metadata.name of a Cluster must be 3 to 53 characters long"),
		Entry("a name with a dot", "my.cluster", "spec: {}", "metadata: Invalid value: metadata.name of a Cluster must not contain a dot"),
		Entry("a name with capitals", "My-Cluster", "spec: {}", notASubdomain("My-Cluster")),
		Entry("a name with an underscore", "my_cluster", "spec: {}", notASubdomain("my_cluster")),
		Entry("a name that starts with a hyphen", "-cluster", "spec: {}", notASubdomain("-cluster")),
		Entry("a name that ends with a hyphen", "cluster-", "spec: {}", notASubdomain("cluster-")),
		Entry("a name that is not ASCII", "clüster", "spec: {}", notASubdomain("clüster")),
		Entry("no name", "", "spec: {}", "metadata.name: Required value: name or generateName is required"),
		Entry("no spec", "no-spec", "", specMissing),
		Entry("a null spec", "null-spec", "spec: null", specMissing),
		Entry("a string as spec", "text-spec", "spec: text", `spec: Invalid value: "string": spec in body must be of type object: "string"`),
		Entry("a list as spec", "list-spec", "spec: [1]", `spec: Invalid value: "array": spec in body must be of type object: "array"`),
		Entry("a number as label", "number-label", "metadata: {name: number-label, labels: {a: 1}}", `Cluster in version "v1" cannot be handled as a Cluster: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string`),
	)
})
