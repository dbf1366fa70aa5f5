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

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

// mappedAdapters have rules for mapped conditions.
type mappedAdapters struct{ fixedAdapters }

func (mappedAdapters) Mapping(string) *mapping.Program { return &mapping.Program{} }

var _ = Describe("The initial status of a Cluster", func() {
	var cluster *v1.Cluster
	BeforeEach(func(ctx context.Context) {
		cluster = newCluster(newNamespace(ctx), "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Eventually(func() bool { refresh(ctx, cluster); return cluster.Status.Computed() }).Should(BeTrue())
	})
	initial := func(config AdapterConfig) *v1.ResourceStatus {
		created := cluster.DeepCopy()
		created.Status = v1.ResourceStatus{Sequence: cluster.Status.Sequence}
		return InitialStatus(created, config, aggregate.BothNames)
	}

	It("is the status that the reconciler writes", func() {
		status := initial(fixedAdapters(clusterAdapters()))
		Expect(sameStatus.DeepEqual(status, &cluster.Status)).To(BeTrue(), "%+v, want %+v", status, cluster.Status)
	})

	It("is left to the reconciler where rules need the spec", func() {
		Expect(initial(mappedAdapters{})).To(BeNil())
	})
})
