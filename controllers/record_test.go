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
	"encoding/json"
	"errors"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

var _ = Describe("The record of updates", func() {
	var cluster *v1.Cluster
	BeforeEach(func(ctx context.Context) {
		cluster = newCluster(newNamespace(ctx), "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Eventually(func() bool { refresh(ctx, cluster); return cluster.Status.Computed() }).Should(BeTrue())
	})
	writes := func() int { return probe.statusWrites(client.ObjectKeyFromObject(cluster)) }

	It("is part of the first status, and of no write of its own", func() {
		Expect(cluster.Status.Sequence).To(BeNumerically(">", 0))
		Expect(cluster.Status.UpdatedTime.Time).To(BeTemporally("==", cluster.CreationTimestamp.Time))
		Expect(cluster.Status.ObservedLabels).To(Equal(v1.LabelsDigest(cluster.Labels)))
		Expect(writes()).To(Equal(1))
	})

	It("moves by a change that managedFields do not show", func(ctx context.Context) {
		sequence := cluster.Status.Sequence
		for _, patch := range []string{
			`{"metadata":{"labels":{"environment":null},"managedFields":[{}]}}`,
			`{"spec":{"region":null},"metadata":{"managedFields":[{}]}}`,
		} {
			before := cluster.Status.UpdatedTime
			Expect(env.Client.Patch(ctx, cluster, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
			Eventually(func(g Gomega) {
				refresh(ctx, cluster)
				g.Expect(cluster.Status.UpdatedTime.Time).To(BeTemporally(">", before.Time))
			}).Should(Succeed())
		}
		Expect(cluster.Status.ObservedLabels).To(Equal(v1.LabelsDigest(nil)))
		Expect(cluster.Status.Sequence).To(Equal(sequence))
	})

	It("takes no time from the future that a client writes into managedFields", func(ctx context.Context) {
		refresh(ctx, cluster)
		forge := []byte(`[
			{"op": "replace", "path": "/metadata/managedFields/0/time", "value": "2999-12-31T00:00:00Z"},
			{"op": "replace", "path": "/metadata/labels", "value": {"a": "b"}}
		]`)
		Expect(env.Client.Patch(ctx, cluster, client.RawPatch(types.JSONPatchType, forge), client.FieldOwner("forger"))).To(Succeed())
		Expect(cluster.ManagedFields).To(ContainElement(HaveField("Time.Year()", 2999)), "the API server has taken the time")
		Eventually(func(g Gomega) {
			refresh(ctx, cluster)
			g.Expect(cluster.Status.ObservedLabels).To(Equal(v1.LabelsDigest(map[string]string{"a": "b"})))
		}).Should(Succeed())
		Expect(v1.UpdatedTime(cluster)).To(BeTemporally("~", time.Now(), time.Minute))
	})
})

var _ = Describe("A status that the store refuses for its size", func() {
	// A real store never refuses a status, because spec and conditions are bounded.
	DescribeTable("is written with less text", func(ctx context.Context, refusal error) {
		namespace := newNamespace(ctx)
		probe.setFault(func(verb string, o client.Object) error {
			if status, err := json.Marshal(o); verb == "update status" && o.GetNamespace() == namespace && (err != nil || len(status) > 6000) {
				return refusal
			}
			return nil
		})
		DeferCleanup(func() { probe.setFault(nil) })
		cluster := newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		for _, adapter := range clusterAdapters() {
			f := finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: adapter, Generation: 1, Status: metav1.ConditionTrue, Reason: strings.Repeat("R", 1024)}
			report := f.report(namespace)
			report.Spec.Conditions[1].Message = strings.Repeat("m", 32768)
			Expect(env.Client.Create(ctx, report)).To(Succeed())
		}
		eventuallyCondition(ctx, cluster, v1.ReadyCondition, metav1.ConditionTrue, v1.ResourceReadyReason, 1)
		expectCondition(ctx, Default, cluster, v1.TruncatedCondition, metav1.ConditionTrue, v1.StatusTooLargeReason, 1)
		Eventually(notes).WithContext(ctx).WithArguments(cluster, v1.EventStatusTooLarge).ShouldNot(BeEmpty())
	},
		Entry("by etcd", apierrors.NewInternalError(errors.New("etcdserver: request is too large"))),
		Entry("by etcd's client", apierrors.NewInternalError(errors.New("rpc error: code = ResourceExhausted desc = trying to send message larger than max (2097921 vs. 2097152)"))),
		Entry("by the API server", apierrors.NewRequestEntityTooLargeError("limit is 3145728")),
	)

	It("is in an Event also where no status fits, and is written once one does", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		probe.setFault(func(verb string, o client.Object) error {
			if verb == "update status" && o.GetNamespace() == namespace {
				return apierrors.NewInternalError(errors.New("etcdserver: request is too large"))
			}
			return nil
		})
		DeferCleanup(func() { probe.setFault(nil) })
		cluster := newCluster(namespace, "alpha")
		Expect(env.Client.Create(ctx, cluster)).To(Succeed())
		Eventually(notes).WithContext(ctx).WithArguments(cluster, v1.EventStatusTooLarge).Should(ContainElement(ContainSubstring("no room for any status")))
		refresh(ctx, cluster)
		Expect(cluster.Status.Computed()).To(BeFalse())
		probe.setFault(nil)
		Eventually(func() bool { refresh(ctx, cluster); return cluster.Status.Computed() }).Should(BeTrue())
	})
})

var _ = Describe("A deployment that serves the newer names only", func() {
	It("has conditions under these names, and no others", func(ctx context.Context) {
		s := newByHand(ctx)
		s.options.ConditionNames = aggregate.NewerNames
		Expect(env.Client.Create(ctx, s.cluster)).To(Succeed())
		clusters := s.clusters()
		for range 2 { // the status before has the names of the default, then the newer ones
			Eventually(func(g Gomega) {
				g.Expect(s.reconciled(ctx, clusters, s.cluster)).To(BeZero())
				expectCondition(ctx, g, s.cluster, v1.ReconciledCondition, metav1.ConditionFalse, v1.ReconciledMissingAdaptersReason, 1)
			}).Should(Succeed())
			s.clock.SetTime(s.clock.Now().Add(time.Minute))
		}
		Expect(v1.FindCondition(s.cluster.Status.Conditions, v1.ReadyCondition)).To(BeNil())
		Expect(s.cluster.Status.Ready).To(Equal(metav1.ConditionFalse))
	})
})
