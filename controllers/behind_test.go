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
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// A leader that was frozen continues with reports that are older than the reports in the
// status that another leader has written since.
var _ = Describe("A reconciler whose reports are behind the status", func() {
	var (
		cluster *v1.Cluster
		behind  *ClusterReconciler
	)
	BeforeEach(func(ctx context.Context) {
		cluster = newCluster(newNamespace(ctx), "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionTrue, clusterAdapters()...)
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		Eventually(func(g Gomega) {
			known := &v1.Cluster{}
			g.Expect(mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(cluster), known)).To(Succeed())
			g.Expect(known.ResourceVersion).To(Equal(cluster.ResourceVersion))
		}).Should(Succeed())
		behind = &ClusterReconciler{Options: Options{
			Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Reports: &replica.Reports{Collection: replica.Collection{Index: fleet.New(fleet.AdapterStatuses)}},
			Adapters: fixedAdapters(clusterAdapters()), Clock: clock.RealClock{},
		}}
	})
	reconcile := func(ctx context.Context) {
		GinkgoHelper()
		Expect(behind.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(cluster)})).To(BeZero())
	}

	It("asks the API server and leaves the status as it is", func(ctx context.Context) {
		version := cluster.ResourceVersion
		reconcile(ctx)
		refresh(ctx, cluster)
		Expect(cluster.ResourceVersion).To(Equal(version))
		expectSettled(ctx, Default, cluster, v1.ClusterKind, clusterAdapters())
	})

	// A report without a result leads to no condition of its adapter.
	It("keeps what Ready and mapped conditions say of a report without a result", func(ctx context.Context) {
		DeferCleanup(func() {
			writeRequiredAdapters(requiredAdapters)
			Eventually(config.Mapping).WithArguments(v1.ClusterKind).Should(BeNil())
		})
		writeRequiredAdapters(mappedConditions)
		Eventually(config.Mapping).WithContext(ctx).WithArguments(v1.ClusterKind).ShouldNot(BeNil())
		behind.Adapters, behind.Spec = config, func(string, client.Object) ([]byte, bool, error) { return []byte(`{"region":"us-east1"}`), true, nil }
		cluster = newCluster(cluster.Namespace, "beta")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		sendAll(ctx, cluster, v1.ClusterKind, 1, metav1.ConditionUnknown, "dns")
		eventuallyCondition(ctx, cluster, "Placed", metav1.ConditionTrue, "Region", 1)
		expectCondition(ctx, Default, cluster, v1.ReadyCondition, metav1.ConditionFalse, v1.AdaptersNotReadyReason, 1)
		Eventually(func(g Gomega) {
			known := &v1.Cluster{}
			g.Expect(mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(cluster), known)).To(Succeed())
			g.Expect(known.ResourceVersion).To(Equal(cluster.ResourceVersion))
		}).Should(Succeed())

		version := cluster.ResourceVersion
		for range 2 {
			reconcile(ctx)
			refresh(ctx, cluster)
			Expect(cluster.ResourceVersion).To(Equal(version))
		}
	})
})

func TestIsBehind(t *testing.T) {
	var m memory
	o := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "alpha", ResourceVersion: "100"}}
	if !m.isBehind(o, 90) {
		t.Error("After a restart, the status is taken for an own one")
	}
	m.wrote(o, 0)
	if !m.isBehind(o, 90) {
		t.Error("After a write of metadata, the status is taken for an own one")
	}
	m.wrote(o, 90)
	for version, want := range map[uint64]bool{89: true, 90: false, 91: false} {
		if got := m.isBehind(o, version); got != want {
			t.Errorf("With reports of version %d, isBehind() = %t, want %t", version, got, want)
		}
	}
	if o.ResourceVersion = "101"; !m.isBehind(o, 91) {
		t.Error("After a write by another client, the status is taken for an own one")
	}
}
