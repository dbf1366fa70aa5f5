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

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

var _ = Describe("Finalizers and ownerReferences of a report", func() {
	const policy = "hyperfleet-report-references"
	var (
		namespace      string
		adapter, other client.Client
		owner          = metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "a", UID: "b"}
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		adapter = clientWith(ctx, namespace, "dns", "hyperfleet-adapter")
		role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "finalizes"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"hyperfleet.io"}, Resources: []string{"adapterstatuses/finalizers"}, Verbs: []string{"update"},
		}}}
		Expect(env.Client.Create(ctx, role)).To(Succeed())
		other = clientWith(ctx, namespace, "archiver", "hyperfleet-adapter")
		bind(ctx, namespace, "archiver", "Role", role.Name)
	})
	newReport := func(change func(*v1.AdapterStatus)) *v1.AdapterStatus {
		GinkgoHelper()
		report := &v1.AdapterStatus{}
		Expect(yaml.Unmarshal([]byte(adapterStatusYAML(dnsName, dnsReport.spec())), report)).To(Succeed())
		report.Namespace = namespace
		change(report)
		return report
	}
	expectForbidden := func(err error) {
		GinkgoHelper()
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		Expect(denial(err, policy)).To(Equal(`User "dns" cannot add finalizers or ownerReferences: this needs the right to update` +
			` resource "adapterstatuses/finalizers" in API group "hyperfleet.io" in the namespace "` + namespace + `"`))
	}

	DescribeTable("need a right of their own", func(ctx context.Context, change func(*v1.AdapterStatus)) {
		By("in a new report")
		expectForbidden(adapter.Create(ctx, newReport(change)))
		Expect(other.Create(ctx, newReport(change), client.DryRunAll)).To(Succeed())

		By("in a stored report")
		report := newReport(func(*v1.AdapterStatus) {})
		Expect(adapter.Create(ctx, report)).To(Succeed())
		changed := report.DeepCopy()
		change(changed)
		expectForbidden(adapter.Update(ctx, changed))
		changed = report.DeepCopy()
		change(changed)
		Expect(other.Update(ctx, changed)).To(Succeed())

		By("a report after that, and the removal")
		changed.Labels = map[string]string{"a": "b"}
		Expect(adapter.Update(ctx, changed)).To(Succeed())
		changed.Finalizers, changed.OwnerReferences = nil, nil
		Expect(adapter.Update(ctx, changed)).To(Succeed())
	},
		Entry("a finalizer", func(r *v1.AdapterStatus) { r.Finalizers = []string{"example.com/archive"} }),
		Entry("an ownerReference", func(r *v1.AdapterStatus) { r.OwnerReferences = []metav1.OwnerReference{owner} }),
	)

	It("need it for each one that is added", func(ctx context.Context) {
		report := newReport(func(r *v1.AdapterStatus) {
			r.Finalizers, r.OwnerReferences = []string{"example.com/archive"}, []metav1.OwnerReference{owner}
		})
		Expect(other.Create(ctx, report)).To(Succeed())
		for _, change := range []string{
			`{"metadata":{"finalizers":["example.com/archive","example.com/another"]}}`,
			`{"metadata":{"finalizers":["example.com/another"]}}`,
			`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"c","uid":"d"}]}}`,
			`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b","controller":true}]}}`,
		} {
			expectForbidden(adapter.Patch(ctx, report.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(change))))
		}
		report.Finalizers = nil
		Expect(other.Update(ctx, report)).To(Succeed())
	})
})
