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
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/clocks"
)

// byHand is a namespace in which a test calls reconcilers by hand, with its own clock. The
// suite's reconcilers are kept from writing there.
type byHand struct {
	cluster *v1.Cluster // not created yet
	clock   *clocktesting.FakePassiveClock
	options Options
}

func newByHand(ctx context.Context) *byHand {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	probe.setFault(func(_ string, o client.Object) error {
		if o.GetNamespace() == namespace {
			return errors.New("the suite's reconcilers do not write")
		}
		return nil
	})
	DeferCleanup(func() { probe.setFault(nil) })
	clock := clocktesting.NewFakePassiveClock(time.Now())
	return &byHand{cluster: newCluster(namespace, "alpha"), clock: clock, options: Options{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Reports: reports, Adapters: fixedAdapters(clusterAdapters()), Clock: clock,
		clocks: clocks.NewComparison(clock, mgr.GetClient()),
	}}
}

func (s *byHand) clusters() *ClusterReconciler {
	return &ClusterReconciler{Options: s.options, recorder: eventRecorder{mgr.GetEventRecorder(recorderName)}}
}

func (s *byHand) reports() *AdapterStatusReconciler {
	return &AdapterStatusReconciler{Options: s.options, recorder: eventRecorder{mgr.GetEventRecorder(recorderName)}}
}

// cached waits until the cache holds the Cluster as it is stored.
func (s *byHand) cached(ctx context.Context) {
	GinkgoHelper()
	refresh(ctx, s.cluster)
	Eventually(func(g Gomega) {
		known := &v1.Cluster{}
		g.Expect(mgr.GetClient().Get(ctx, client.ObjectKeyFromObject(s.cluster), known)).To(Succeed())
		g.Expect(known.ResourceVersion).To(Equal(s.cluster.ResourceVersion))
	}).Should(Succeed())
}

// reconciled reconciles an object once. A write that conflicts, because the cache lags
// behind, is to be repeated after the result's RequeueAfter.
func (s *byHand) reconciled(ctx context.Context, r reconcile.Reconciler, o client.Object) (result ctrl.Result) {
	GinkgoHelper()
	result, err := r.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(o)})
	Expect(err).NotTo(HaveOccurred())
	return result
}
