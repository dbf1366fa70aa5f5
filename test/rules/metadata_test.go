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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	notALabel      = "metadata.labels: keys that start with hyperfleet.io/ are HyperFleet's own, and it defines none but hyperfleet.io/cluster"
	notAnnotation  = "metadata.annotations: keys that start with hyperfleet.io/ are HyperFleet's own, and it does not define this one"
	manyReferences = "metadata.finalizers and metadata.ownerReferences together must weigh at most 8192 bytes, with characters that JSON escapes as escaped"
)

// newObjects returns an object of each Kind.
func newObjects(namespace string) map[string]client.Object {
	GinkgoHelper()
	report := &v1.AdapterStatus{}
	Expect(yaml.Unmarshal([]byte(adapterStatusYAML(dnsName, dnsReport.spec())), report)).To(Succeed())
	cluster, pool := &v1.Cluster{}, &v1.NodePool{}
	cluster.Name, cluster.Spec.Raw = "abc", []byte("{}")
	pool.Name, pool.Spec.ClusterName = "abc.def", "abc"
	objects := map[string]client.Object{clusters: cluster, nodepools: pool, adapterstatuses: report}
	for _, o := range objects {
		o.SetNamespace(namespace)
	}
	return objects
}

var _ = Describe("Bounds on metadata", func() {
	const policy = "hyperfleet-metadata"
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx) })

	// patched returns the error of a merge patch of metadata.
	patched := func(ctx context.Context, o client.Object, metadata string, options ...client.PatchOption) error {
		return env.Client.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(`{"metadata":`+metadata+`}`)), options...)
	}

	It("refuse labels and annotations of HyperFleet that it does not define", func(ctx context.Context) {
		for resource, o := range newObjects(namespace) {
			foreign := v1.FirstObservedAnnotation
			if resource == adapterstatuses {
				foreign = v1.CreatedByAnnotation
			}
			labelled := o.DeepCopyObject().(client.Object)
			labelled.SetLabels(map[string]string{"hyperfleet.io/x": "y"})
			Expect(denial(env.Client.Create(ctx, labelled), policy)).To(Equal(notALabel), resource)
			for _, key := range []string{"hyperfleet.io/x", "hyperfleet.io/created-by-me", foreign} {
				annotated := o.DeepCopyObject().(client.Object)
				annotated.SetAnnotations(map[string]string{key: "y"})
				Expect(denial(env.Client.Create(ctx, annotated), policy)).To(Equal(notAnnotation), resource)
			}

			Expect(env.Client.Create(ctx, o)).To(Succeed())
			Expect(denial(patched(ctx, o, `{"labels":{"hyperfleet.io/x":"y"}}`), policy)).To(Equal(notALabel), resource)
			Expect(denial(patched(ctx, o, `{"annotations":{"hyperfleet.io/x":"`+strings.Repeat("<", 20_000)+`"}}`), policy)).To(Equal(notAnnotation), resource)
			Expect(denial(patched(ctx, o, `{"annotations":{"`+foreign+`":"x"}}`), policy)).To(Equal(notAnnotation), resource)
			Expect(patched(ctx, o, `{"labels":{"hyperfleet.io/cluster":"abc","example.hyperfleet.io/x":"y"},"annotations":{"not-hyperfleet.io/x":"y"}}`)).To(Succeed(), resource)
		}
	})

	It("leave what an object has from before", Serial, func(ctx context.Context) {
		cluster := newObjects(namespace)[clusters]
		cluster.SetLabels(map[string]string{"hyperfleet.io/x": "y"})
		cluster.SetAnnotations(map[string]string{"hyperfleet.io/x": "y"})
		cluster.SetFinalizers([]string{"a.b/" + strings.Repeat("c", 60)})
		for i := range 100 {
			cluster.SetFinalizers(append(cluster.GetFinalizers(), fmt.Sprintf("a.b/%d-%s", i, strings.Repeat("d", 55))))
		}
		cluster.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: strings.Repeat("n", 9_000), UID: "u"}})
		withoutBinding(ctx, policy, func() bool {
			probe := newObjects(namespace)[clusters]
			probe.SetName("probe")
			probe.SetLabels(map[string]string{"hyperfleet.io/x": "y"})
			return env.Client.Create(ctx, probe, client.DryRunAll) != nil
		}, func() { Expect(env.Client.Create(ctx, cluster)).To(Succeed()) })

		Expect(patched(ctx, cluster, `{"labels":{"a":"b"},"annotations":{"a":"b"}}`)).To(Succeed())
		Expect(denial(patched(ctx, cluster, `{"labels":{"hyperfleet.io/x":"z"}}`, client.DryRunAll), policy)).To(Equal(notALabel))
		Expect(denial(patched(ctx, cluster, `{"annotations":{"hyperfleet.io/x":"z"}}`, client.DryRunAll), policy)).To(Equal(notAnnotation))
		Expect(patched(ctx, cluster, `{"ownerReferences":null}`, client.DryRunAll)).To(Succeed())
		Expect(patched(ctx, cluster, `{"finalizers":null}`)).To(Succeed())
		Expect(patched(ctx, cluster, `{"labels":null,"annotations":null}`)).To(Succeed())
		Expect(denial(patched(ctx, cluster, `{"labels":{"hyperfleet.io/x":"y"}}`), policy)).To(Equal(notALabel))
	})

	It("hold for finalizers and ownerReferences", func(ctx context.Context) {
		finalizers := func(n int) []string {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("%0250d.a/%s", i, strings.Repeat("f", 60))
			}
			return names
		}
		reference := func(name string) []metav1.OwnerReference {
			return []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: "u"}}
		}
		for resource, o := range newObjects(namespace) {
			o.SetFinalizers(finalizers(26))
			Expect(denial(env.Client.Create(ctx, o), policy)).To(Equal(manyReferences), resource)
			o.SetFinalizers(finalizers(25))
			Expect(env.Client.Create(ctx, o, client.DryRunAll)).To(Succeed(), resource)
			o.SetFinalizers(nil)
			o.SetOwnerReferences(reference(strings.Repeat("<", 1_400)))
			Expect(denial(env.Client.Create(ctx, o), policy)).To(Equal(manyReferences), resource)
			o.SetOwnerReferences(reference(strings.Repeat("n", 8_100)))
			Expect(env.Client.Create(ctx, o)).To(Succeed(), resource)
			Expect(denial(patched(ctx, o, `{"finalizers":["a.b/`+strings.Repeat("f", 60)+`"]}`), policy)).To(Equal(manyReferences), resource)
			Expect(denial(patched(ctx, o, `{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","uid":"u","name":"`+strings.Repeat("<", 5_000)+`"}]}`), policy)).
				To(Equal(manyReferences), resource)
			Expect(patched(ctx, o, `{"finalizers":["a.b/f"],"ownerReferences":null}`)).To(Succeed(), resource)
			Expect(patched(ctx, o, `{"finalizers":null}`)).To(Succeed(), resource)
		}
	})

	It("hold for the number of annotations", func(ctx context.Context) {
		annotations := func(n int) map[string]string {
			all := make(map[string]string, n)
			for i := range n {
				all[fmt.Sprint("a", i)] = ""
			}
			return all
		}
		for resource, o := range newObjects(namespace) {
			o.SetAnnotations(annotations(v1.MaxAnnotations - 2)) // the policies add up to two
			Expect(env.Client.Create(ctx, o.DeepCopyObject().(client.Object), client.DryRunAll)).To(Succeed(), resource)
			for _, n := range []int{v1.MaxAnnotations + 1, 5_000} {
				o.SetAnnotations(annotations(n))
				Expect(denial(env.Client.Create(ctx, o), "hyperfleet-bounds")).To(Equal("metadata.annotations must have at most 128 annotations"), resource)
			}
		}
	})
})
