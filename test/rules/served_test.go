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
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// kustomize renders a kustomization whose text refers to this repository's config
// folder as $CONFIG, and to another kustomization as inner.
func kustomize(ctx context.Context, text string, inner ...string) []*unstructured.Unstructured {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	manifests, err := filepath.Abs(filepath.Join("..", "..", "config"))
	Expect(err).NotTo(HaveOccurred())
	write := func(folder, text string) {
		config, err := filepath.Rel(folder, manifests)
		Expect(err).NotTo(HaveOccurred())
		text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + strings.ReplaceAll(text, "$CONFIG", config)
		Expect(os.MkdirAll(folder, 0o700)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600)).To(Succeed())
	}
	write(folder, text)
	for _, text := range inner {
		write(filepath.Join(folder, "inner"), text)
	}
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join("..", "..", "bin", "controlplane")
	}
	command := exec.CommandContext(ctx, filepath.Join(assets, "kubectl"), "kustomize", folder)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), "%s", &complaint)
	Expect(complaint.String()).To(BeEmpty())
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(out), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		Expect(err).NotTo(HaveOccurred())
		objects = append(objects, object)
	}
}

// placesOf returns, as "Kind/name: value", where a rendered installation names the
// served namespace and the manager's own.
func placesOf(objects []*unstructured.Unstructured) (served, own []string) {
	GinkgoHelper()
	for _, o := range objects {
		id := o.GetKind() + "/" + o.GetName() + ": "
		switch kind := o.GetKind(); {
		case strings.HasSuffix(kind, "PolicyBinding"):
			selectors, _, err := unstructured.NestedSlice(o.Object, "spec", "matchResources", "namespaceSelector", "matchExpressions")
			Expect(err).NotTo(HaveOccurred())
			Expect(selectors).To(HaveLen(1))
			for _, value := range selectors[0].(map[string]any)["values"].([]any) {
				served = append(served, id+value.(string))
			}
		case kind == "RoleBinding" && (o.GetName() == "hyperfleet-manager" || o.GetName() == "hyperfleet-impersonated-writer"):
			served = append(served, id+o.GetNamespace())
		case o.GetNamespace() != "":
			own = append(own, id+o.GetNamespace())
		}
		if o.GetKind() == "Deployment" {
			containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			Expect(err).NotTo(HaveOccurred())
			for _, arg := range containers[0].(map[string]any)["args"].([]any) {
				if value, ok := strings.CutPrefix(arg.(string), "--namespace="); ok {
					served = append(served, id+value)
				}
			}
		}
		if subjects, ok, _ := unstructured.NestedSlice(o.Object, "subjects"); ok {
			for _, subject := range subjects {
				own = append(own, id+subject.(map[string]any)["namespace"].(string))
			}
		}
	}
	return served, own
}

var _ = Describe("The served namespace", func() {
	DescribeTable("is set in one place", func(ctx context.Context, text, wantServed, wantOwn string, wantPlaces int) {
		served, own := placesOf(kustomize(ctx, text))
		Expect(served).To(And(HaveLen(wantPlaces), HaveEach(HaveSuffix(": "+wantServed))))
		Expect(own).To(And(Not(BeEmpty()), HaveEach(HaveSuffix(": "+wantOwn))))
	},
		Entry("by default", "resources: [$CONFIG/default]", "default", "hyperfleet-system", 13),
		Entry("in an overlay", `
resources: [$CONFIG/default]
components: [$CONFIG/adapter-identity, $CONFIG/served]
configMapGenerator:
- {name: hyperfleet-served, namespace: hyperfleet-system, behavior: merge, literals: [namespace=fleet]}`, "fleet", "hyperfleet-system", 14),
	)

	It("stays where it is if an overlay moves the installation", func(ctx context.Context) {
		served, own := placesOf(kustomize(ctx, "resources: [inner]\ncomponents: [$CONFIG/served]", "resources: [$CONFIG/default]\nnamespace: elsewhere"))
		Expect(served).To(And(HaveLen(13), HaveEach(HaveSuffix(": default"))))
		Expect(own).To(HaveEach(HaveSuffix(": elsewhere")))
	})
})

var _ = Describe("A namespace that is not served", Serial, func() {
	It("is left alone", func(ctx context.Context) {
		served, other := newNamespace(ctx), newNamespace(ctx)
		bindTo(ctx, &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "kubernetes.io/metadata.name", Operator: metav1.LabelSelectorOpIn, Values: []string{served}},
		}})
		DeferCleanup(func(ctx context.Context) error {
			bindTo(ctx, &metav1.LabelSelector{})
			return env.WaitForPolicies(ctx)
		})
		probe := func(namespace, spec string) (*unstructured.Unstructured, error) {
			object := clusterObject(namespace, "{metadata: {name: abc, annotations: {hyperfleet.io/deleted-by: x}}, spec: "+spec+"}")
			return object, env.Client.Create(ctx, object, client.DryRunAll)
		}
		Eventually(func(g Gomega) {
			in, err := probe(served, "{}")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(in.GetFinalizers()).NotTo(BeEmpty())
			g.Expect(in.GetAnnotations()).To(HaveKey(v1.CreatedByAnnotation))
			g.Expect(in.GetAnnotations()).NotTo(HaveKey(v1.DeletedByAnnotation))
			_, err = probe(served, nestedArrays(40))
			g.Expect(err).To(HaveOccurred())

			out, err := probe(other, nestedArrays(40))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(out.GetFinalizers()).To(BeEmpty())
			g.Expect(out.GetAnnotations()).To(Equal(map[string]string{v1.DeletedByAnnotation: "x"}))
		}).Should(Succeed())

		stray := clusterObject(other, "metadata: {name: abc}")
		Expect(env.Client.Create(ctx, stray)).To(Succeed())
		Expect(env.Client.Delete(ctx, stray)).To(Succeed())
		Expect(apierrors.IsNotFound(env.Client.Get(ctx, client.ObjectKeyFromObject(stray), stray))).To(BeTrue(), "nothing holds it")
	})
})

// bindTo makes all policies apply in the namespaces of a selector.
func bindTo(ctx context.Context, namespaces *metav1.LabelSelector) {
	GinkgoHelper()
	var mutating admissionregistrationv1.MutatingAdmissionPolicyBindingList
	Expect(env.Client.List(ctx, &mutating)).To(Succeed())
	for i := range mutating.Items {
		mutating.Items[i].Spec.MatchResources.NamespaceSelector = namespaces
		Expect(env.Client.Update(ctx, &mutating.Items[i])).To(Succeed())
	}
	var validating admissionregistrationv1.ValidatingAdmissionPolicyBindingList
	Expect(env.Client.List(ctx, &validating)).To(Succeed())
	// In reverse: the API server learns of the changes in their order, and WaitForPolicies
	// probes the first ones.
	for i := range slices.Backward(validating.Items) {
		validating.Items[i].Spec.MatchResources.NamespaceSelector = namespaces
		Expect(env.Client.Update(ctx, &validating.Items[i])).To(Succeed())
	}
}

var _ = Describe("The policies' manifests", func() {
	It("can be applied by two field managers", func(ctx context.Context) {
		applied := 0
		for _, object := range kustomize(ctx, "resources: [$CONFIG/admission]\ncomponents: [$CONFIG/adapter-identity]") {
			object.SetName("twice-" + object.GetName())
			for _, manager := range []string{"first", "second"} {
				copied := object.DeepCopy()
				if strings.HasSuffix(object.GetKind(), "Binding") { // to no policy: the policies are already in force
					Expect(unstructured.SetNestedField(copied.Object, "none", "spec", "policyName")).To(Succeed())
				}
				Expect(apply(ctx, env.Client, copied, manager)).To(Succeed(), "%s %s by the %s manager", object.GetKind(), object.GetName(), manager)
			}
			DeferCleanup(func(ctx context.Context) error { return env.Client.Delete(ctx, object) })
			applied++
		}
		Expect(applied).To(Equal(22))
	})
})

var _ = Describe("The policy on adapters' identity", func() {
	const policy = "hyperfleet-adapter-identity"
	It("lets an adapter report under its own name only", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		for _, object := range kustomize(ctx, "components: [$CONFIG/adapter-identity]") {
			if strings.HasSuffix(object.GetKind(), "Binding") {
				expressions := []any{map[string]any{"key": "kubernetes.io/metadata.name", "operator": "In", "values": []any{namespace}}}
				Expect(unstructured.SetNestedMap(object.Object, map[string]any{"matchExpressions": expressions}, "spec", "matchResources", "namespaceSelector")).To(Succeed())
			}
			Expect(env.Client.Create(ctx, object)).To(Succeed())
			DeferCleanup(func(ctx context.Context) error { return env.Client.Delete(ctx, object) })
		}
		role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "report-as-dns"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"hyperfleet.io"}, Resources: []string{"adapters"}, ResourceNames: []string{"dns"}, Verbs: []string{"report"},
		}}}
		Expect(env.Client.Create(ctx, role)).To(Succeed())
		dns := clientWith(ctx, namespace, "system:serviceaccount:adapters:dns", "hyperfleet-adapter")
		bind(ctx, namespace, "system:serviceaccount:adapters:dns", "Role", role.Name)
		aws := clientWith(ctx, namespace, "system:serviceaccount:adapters:aws", "hyperfleet-adapter")

		reportAs := func(adapter string) *v1.AdapterStatus {
			report := &v1.AdapterStatus{}
			Expect(yaml.Unmarshal([]byte(adapterStatusYAML("my-cluster."+adapter, dnsReport.with(map[string]string{"adapter": adapter}).spec())), report)).To(Succeed())
			report.Namespace = namespace
			return report
		}
		refused := func(err error) string {
			Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
			return denial(err, policy)
		}
		Eventually(func() error { return aws.Create(ctx, reportAs("dns"), client.DryRunAll) }).ShouldNot(Succeed())
		Expect(refused(aws.Create(ctx, reportAs("dns")))).To(Equal(`User "system:serviceaccount:adapters:aws" cannot report resource "adapters"` +
			` in API group "hyperfleet.io" in the namespace "` + namespace + `" as adapter "dns"`))
		refused(dns.Create(ctx, reportAs("aws")))
		stored := reportAs("dns")
		Expect(dns.Create(ctx, stored)).To(Succeed())

		By("a change of another adapter's report")
		changed := stored.DeepCopy()
		changed.Spec.Conditions[0].Status = "False"
		refused(aws.Update(ctx, changed))
		for _, metadata := range []string{`{"labels":{"a":"b"}}`, `{"annotations":{"a":"b"}}`, `{"annotations":null,"labels":{"a":"b"}}`} {
			refused(aws.Patch(ctx, stored.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"metadata":`+metadata+`}`))))
		}
		copied, err := get(ctx, namespace, adapterstatuses, stored.Name)
		Expect(err).NotTo(HaveOccurred())
		copied = manifestOf(copied)
		refused(apply(ctx, aws, copied.DeepCopy(), "a-copy"))
		Expect(apply(ctx, dns, copied.DeepCopy(), "a-copy")).To(Succeed())

		By("what the garbage collector does, and anybody may")
		owned := copied.DeepCopy()
		owned.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "a", UID: "b"}})
		Expect(apply(ctx, env.Client, owned, "a-copy")).To(Succeed())
		Expect(aws.Patch(ctx, owned, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"ownerReferences":null}}`)))).To(Succeed())

		By("the adapter's own next report")
		changed = stored.DeepCopy()
		Expect(dns.Get(ctx, client.ObjectKeyFromObject(stored), changed)).To(Succeed())
		changed.Labels = map[string]string{"a": "b"}
		changed.Spec.Conditions[0].Status = "False"
		Expect(dns.Update(ctx, changed)).To(Succeed())
	})
})
