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

package controllers

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const mappedConditions = requiredAdapters + `
conditions:
  Cluster:
  - type: Placed
    when: statuses.exists(s, s.adapter == "dns" && s.data.attempt == 1)
    output:
      status: 'resource.spec.region.startsWith("us-") ? "True" : "False"'
      reason: '"Region"'
      message: resource.name + " in " + resource.spec.region + " for " + resource.metadata.labels.environment
  - type: Broken
    when: "true"
    output:
      status: resource.spec.none
      reason: '"None"'
      message: '"none"'
`

var _ = Describe("Mapped conditions", func() {
	It("follow the reports and the spec, and say where a rule fails", func(ctx context.Context) {
		DeferCleanup(func() {
			writeRequiredAdapters(requiredAdapters)
			Eventually(config.Mapping).WithArguments(v1.ClusterKind).Should(BeNil())
		})
		writeRequiredAdapters(mappedConditions)
		Eventually(config.Mapping).WithContext(ctx).WithArguments(v1.ClusterKind).ShouldNot(BeNil())
		cluster := newCluster(newNamespace(ctx), "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, "dns")
		eventuallyCondition(ctx, cluster, "Placed", metav1.ConditionTrue, "Region", 1)
		Expect(v1.FindCondition(cluster.Status.Conditions, "Placed").Message).To(Equal("alpha in us-east1 for test"))
		Expect(v1.FindCondition(cluster.Status.Conditions, "Broken")).To(BeNil())
		Eventually(notes).WithContext(ctx).WithArguments(cluster, v1.EventMappingFailed).Should(ContainElement(ContainSubstring("Broken")))

		Expect(changeSpec(ctx, cluster, `{"region":"eu-west1"}`)).To(Succeed())
		eventuallyCondition(ctx, cluster, "Placed", metav1.ConditionFalse, "Region", 2)
	})
})
