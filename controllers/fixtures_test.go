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
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

func clusterAdapters() []string { return []string{"dns", "hypershift", "pullsecret", "validator"} }

func newCluster(namespace, name string) *v1.Cluster {
	return &v1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"environment": "test"}},
		Spec:       runtime.RawExtension{Raw: []byte(`{"region":"us-east1"}`)},
	}
}

func newPool(namespace, cluster, pool string) *v1.NodePool {
	return &v1.NodePool{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1.NodePoolName(cluster, pool)},
		Spec:       v1.NodePoolSpec{ClusterName: cluster, Fields: runtime.RawExtension{Raw: []byte(`{"replicas":3}`)}},
	}
}

// finding is the content of a report.
type finding struct {
	Kind, Name string
	UID        types.UID
	Adapter    string
	Generation int64
	Status     metav1.ConditionStatus
	Reason     string
	Finalized  metav1.ConditionStatus // empty for none
	Stalled    metav1.ConditionStatus // empty for none
}

func (f finding) report(namespace string) *v1.AdapterStatus {
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1.AdapterStatusName(f.Name, f.Adapter)},
		Spec:       f.spec(),
	}
}

func (f finding) spec() v1.AdapterStatusSpec {
	conditions := []v1.AdapterCondition{
		{Type: "Applied", Status: metav1.ConditionTrue},
		{Type: v1.AvailableCondition, Status: f.Status, Reason: f.Reason},
	}
	if f.Finalized != "" {
		conditions = append(conditions, v1.AdapterCondition{Type: v1.FinalizedCondition, Status: f.Finalized})
	}
	if f.Stalled != "" {
		conditions = append(conditions, v1.AdapterCondition{Type: v1.StalledCondition, Status: f.Stalled, Reason: f.Reason, Message: "Ask for more quota"})
	}
	return v1.AdapterStatusSpec{
		ResourceRef:        v1.ResourceReference{Kind: f.Kind, Name: f.Name, UID: f.UID},
		Adapter:            f.Adapter,
		ObservedGeneration: f.Generation,
		ObservedTime:       v1.NewTimestamp(time.Now()),
		Conditions:         conditions,
		Data:               &runtime.RawExtension{Raw: []byte(`{"attempt":1}`)},
	}
}

// persistent retries for longer than a storm of writes lasts.
var persistent = wait.Backoff{Steps: 200, Duration: 5 * time.Millisecond, Factor: 1.05, Jitter: 0.5, Cap: 200 * time.Millisecond}

// send creates or replaces the adapter's report, also while other writers do the
// same. It fails if the report is stale.
func (f finding) send(ctx context.Context, namespace string) error {
	return retry.OnError(persistent, func(err error) bool {
		return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
	}, func() error {
		report := f.report(namespace)
		err := env.Client.Get(ctx, client.ObjectKeyFromObject(report), report)
		if apierrors.IsNotFound(err) {
			return env.Client.Create(ctx, f.report(namespace))
		}
		if err != nil {
			return err
		}
		uid := report.Spec.ResourceRef.UID // which is immutable
		report.Spec = f.spec()
		report.Spec.ResourceRef.UID = uid
		return env.Client.Update(ctx, report)
	})
}

func sendAll(ctx context.Context, o parent, kind string, generation int64, status metav1.ConditionStatus, adapters ...string) {
	GinkgoHelper()
	for _, adapter := range adapters {
		f := finding{Kind: kind, Name: o.GetName(), UID: o.GetUID(), Adapter: adapter, Generation: generation, Status: status}
		Expect(f.send(ctx, o.GetNamespace())).To(Succeed())
	}
}

// changeSpec writes a new spec by an update of the whole object.
func changeSpec(ctx context.Context, cluster *v1.Cluster, spec string) error {
	return retry.RetryOnConflict(persistent, func() error {
		if err := env.Client.Get(ctx, client.ObjectKeyFromObject(cluster), cluster); err != nil {
			return err
		}
		cluster.Spec.Raw = []byte(spec)
		return env.Client.Update(ctx, cluster)
	})
}

// expectCondition reads o and asserts one of its conditions.
func expectCondition(ctx context.Context, g Gomega, o parent, conditionType string, want metav1.ConditionStatus, reason string, generation int64) {
	GinkgoHelper()
	g.Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
	for _, c := range o.GetStatus().Conditions {
		if c.Type == conditionType {
			g.Expect(fmt.Sprintf("%s %s %s@%d", c.Type, c.Status, c.Reason, c.ObservedGeneration)).
				To(Equal(fmt.Sprintf("%s %s %s@%d", conditionType, want, reason, generation)), c.Message)
			return
		}
	}
	g.Expect(o.GetStatus().Conditions).To(ContainElement(HaveField("Type", conditionType)))
}

func eventuallyCondition(ctx context.Context, o parent, conditionType string, want metav1.ConditionStatus, reason string, generation int64) {
	GinkgoHelper()
	Eventually(func(g Gomega) { expectCondition(ctx, g, o, conditionType, want, reason, generation) }).Should(Succeed())
}

func eventuallyGone(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		Eventually(func() bool {
			return apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(o), o.DeepCopyObject().(client.Object)))
		}).Should(BeTrue(), "%T %s is still there", o, o.GetName())
	}
}

// expectSettled asserts that the stored status is the aggregate of the stored reports.
func expectSettled(ctx context.Context, g Gomega, o parent, kind string, required []string) {
	GinkgoHelper()
	g.Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
	list := &v1.AdapterStatusList{}
	g.Expect(env.Client.List(ctx, list, client.InNamespace(o.GetNamespace()), storedReports(kind, o.GetName()))).To(Succeed())
	reports := make([]aggregate.Report, 0, len(list.Items))
	for i := range list.Items {
		r := aggregate.ReportOf(&list.Items[i])
		reports = append(reports, r)
		g.Expect(aggregate.Reflects(o.GetStatus().Conditions, o.GetGeneration(), r, time.Now())).To(BeTrue(), "report of %s is lost", r.Adapter)
	}
	want := aggregate.Conditions(aggregate.Input{
		Kind: kind, Generation: o.GetGeneration(), Created: o.GetCreationTimestamp().Time, Updated: v1.UpdatedTime(o),
		Required: required, Reports: reports, Confirmed: true, Previous: o.GetStatus().Conditions, Now: time.Now(),
	})
	g.Expect(cmp.Diff(want, o.GetStatus().Conditions)).To(BeEmpty())
	g.Expect(o.GetStatus().ObservedGeneration).To(Equal(o.GetGeneration()))
	g.Expect(o.GetStatus().ID).To(Equal(v1.ID(o.GetUID())))
}

func refresh(ctx context.Context, o client.Object) {
	GinkgoHelper()
	Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
}
