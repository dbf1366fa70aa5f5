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
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// A leader that was frozen goes on with reports that are older than those in the status
// that another leader has written since.
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
})
