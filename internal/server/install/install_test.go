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

package install

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
	"github.com/hyperfleet-io/hyperfleet/config"
)

func manifests(t *testing.T, namespace string, adapterIdentity bool) []*unstructured.Unstructured {
	t.Helper()
	objects, err := Manifests(config.Manifests, namespace, adapterIdentity)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestManifests: the manager and the developer's account have their rights in the served
// namespace, and the policies apply to it.
func TestManifests(t *testing.T) {
	for namespace, adapterIdentity := range map[string]bool{"default": false, "fleet": true} {
		t.Run(namespace, func(t *testing.T) {
			bindings, policies, developers, identities := 0, 0, 0, 0
			for _, object := range manifests(t, namespace, adapterIdentity) {
				switch object.GetKind() {
				case "ServiceAccount":
					if object.GetName() == "dev" && object.GetNamespace() != namespace {
						t.Errorf("%s is in the namespace %s", key(object), object.GetNamespace())
					}
				case "RoleBinding":
					if strings.HasPrefix(object.GetName(), "hyperfleet-dev-") {
						developers++
						subjects, _, err := unstructured.NestedSlice(object.Object, "subjects")
						want := []any{
							map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dev@hyperfleet.local"},
							map[string]any{"kind": "ServiceAccount", "name": "dev", "namespace": namespace},
						}
						if diff := cmp.Diff(want, subjects); err != nil || diff != "" || object.GetNamespace() != namespace {
							t.Errorf("%s: %v: subjects (-want +got):\n%s", key(object), err, diff)
						}
					}
					if name := object.GetName(); name == "hyperfleet-manager" || name == "hyperfleet-impersonated-writer" {
						bindings++
						if object.GetNamespace() != namespace {
							t.Errorf("%s is in the namespace %s", key(object), object.GetNamespace())
						}
					}
				case "MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding":
					policies++
					if object.GetName() == "hyperfleet-adapter-identity" {
						identities++
					}
					expressions, _, err := unstructured.NestedSlice(object.Object, "spec", "matchResources", "namespaceSelector", "matchExpressions")
					if err != nil || len(expressions) != 1 {
						t.Fatalf("%s selects namespaces by %v (%v)", key(object), expressions, err)
					}
					if values, _, _ := unstructured.NestedStringSlice(expressions[0].(map[string]any), "values"); !slices.Equal(values, []string{namespace}) {
						t.Errorf("%s holds in the namespaces %q", key(object), values)
					}
				}
			}
			if (identities == 1) != adapterIdentity {
				t.Errorf("%d policies on adapters' identity are bound, want them: %t", identities, adapterIdentity)
			}
			if bindings != 2 || policies < 5 || developers != 3 {
				t.Errorf("%d bindings of the manager's rights, %d of policies and %d of the developer's rights", bindings, policies, developers)
			}
		})
	}
}

func TestApply(t *testing.T) {
	env, err := testenv.Start(t.Context())
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	objects := manifests(t, "fleet", true)
	if changed, err := Apply(t.Context(), env.Config, objects); err != nil || !changed {
		t.Fatalf("Apply() of new objects = %t, %v", changed, err)
	}
	if err := WaitInForce(t.Context(), env.Config, "fleet", nil); err != nil {
		t.Fatal(err)
	}
	get := func(name string) (*rbacv1.ClusterRole, error) {
		role := &rbacv1.ClusterRole{}
		return role, env.Client.Get(t.Context(), client.ObjectKey{Name: name}, role)
	}

	t.Run("again, it changes nothing", func(t *testing.T) {
		before, err := get("hyperfleet-editor")
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := Apply(t.Context(), env.Config, objects); err != nil || changed {
			t.Fatalf("Apply() again = %t, %v", changed, err)
		}
		after, err := get("hyperfleet-editor")
		if err != nil || after.ResourceVersion != before.ResourceVersion {
			t.Errorf("resource version %s, was %s (%v)", after.ResourceVersion, before.ResourceVersion, err)
		}
	})

	t.Run("it overwrites changes", func(t *testing.T) {
		role, err := get("hyperfleet-editor")
		if err != nil {
			t.Fatal(err)
		}
		want := len(role.Rules)
		role.Rules = nil
		if err := env.Client.Update(t.Context(), role); err != nil {
			t.Fatal(err)
		}
		if changed, err := Apply(t.Context(), env.Config, objects); err != nil || !changed {
			t.Fatalf("Apply() over changes = %t, %v", changed, err)
		}
		if role, err = get("hyperfleet-editor"); err != nil || len(role.Rules) != want {
			t.Errorf("the role has %d rules, want %d (%v)", len(role.Rules), want, err)
		}
	})

	t.Run("it deletes what is not installed any more, and nothing else", func(t *testing.T) {
		own := &rbacv1.ClusterRole{}
		own.Name = "of-the-administrator"
		if err := env.Client.Create(t.Context(), own); err != nil {
			t.Fatal(err)
		}
		fewer := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
			return o.GetName() == "hyperfleet-editor" || o.GetName() == "hyperfleet-adapter-identity" || o.GetKind() == "CustomResourceDefinition"
		})
		if changed, err := Apply(t.Context(), env.Config, fewer); err != nil || !changed {
			t.Fatalf("Apply() of fewer objects = %t, %v", changed, err)
		}
		if _, err := get("hyperfleet-editor"); !apierrors.IsNotFound(err) {
			t.Errorf("Get() of a role that is not installed any more = %v, want not found", err)
		}
		for kind, policies := range map[string]client.ObjectList{
			"ValidatingAdmissionPolicy": &admissionregistrationv1.ValidatingAdmissionPolicyList{},
			"its binding":               &admissionregistrationv1.ValidatingAdmissionPolicyBindingList{},
		} {
			if err := env.Client.List(t.Context(), policies, client.MatchingFields{"metadata.name": "hyperfleet-adapter-identity"}); err != nil || meta.LenList(policies) != 0 {
				t.Errorf("%s on adapters' identity: %d are left (%v)", kind, meta.LenList(policies), err)
			}
		}
		if _, err := get(own.Name); err != nil {
			t.Error(err)
		}
		// The CRDs stay: deleting them would delete their objects.
		if err := WaitInForce(t.Context(), env.Config, "fleet", nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("a policy is in force at once, and a deleted one is not", func(t *testing.T) { followsPolicies(t, env) })
	t.Run("a provider's schema that refuses an empty spec is in force too", func(t *testing.T) {
		definition := &unstructured.Unstructured{}
		definition.SetAPIVersion("apiextensions.k8s.io/v1")
		definition.SetKind("CustomResourceDefinition")
		definition.SetName("clusters.hyperfleet.io")
		patch := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/required","value":["region"]}]`))
		if err := env.Client.Patch(t.Context(), definition, patch); err != nil {
			t.Fatal(err)
		}
		for { // until the schema is in force
			probe := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte("{}")}}
			probe.Namespace, probe.Name = "fleet", "probe"
			if err := env.Client.Create(t.Context(), probe, client.DryRunAll); apierrors.IsInvalid(err) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := WaitInForce(ctx, env.Config, "fleet", nil); err != nil {
			t.Error(err)
		}
	})
}

// policiesOfTest refuse a Cluster by a label, add a label to each Cluster, and refuse a
// report with a message.
const policiesOfTest = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: refuse}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [hyperfleet.io], apiVersions: [v1], operations: [CREATE], resources: [clusters]}]}
  validations: [{expression: "object.metadata.?labels.?name.orValue('') != 'bad'"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: refuse}
spec: {policyName: refuse, validationActions: [Deny]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: label}
spec:
  reinvocationPolicy: Never
  matchConstraints: {resourceRules: [{apiGroups: [hyperfleet.io], apiVersions: [v1], operations: [CREATE], resources: [clusters]}]}
  mutations: [{patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'add', path: '/metadata/labels/mutated', value: 'yes'}]"}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: label}
spec: {policyName: label}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: terse}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [hyperfleet.io], apiVersions: [v1], operations: [CREATE], resources: [adapterstatuses]}]}
  validations: [{expression: "object.spec.conditions.all(c, c.?message.orValue('') == '')"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: terse}
spec: {policyName: terse, validationActions: [Deny]}
`

// followsPolicies checks that with a marker, WaitInForce returns when the API server
// enforces the policies that it has stored, and no deleted one.
func followsPolicies(t *testing.T, env *testenv.Env) {
	var policies []*unstructured.Unstructured
	for manifest := range strings.SplitSeq(policiesOfTest, "---\n") {
		policy := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(manifest), &policy.Object); err != nil {
			t.Fatal(err)
		}
		policies = append(policies, policy)
	}
	wait := func() {
		t.Helper()
		marker, err := Mark(t.Context(), env.Config, "fleet")
		if err != nil {
			t.Fatal(err)
		}
		if err := WaitInForce(t.Context(), env.Config, "fleet", marker); err != nil {
			t.Fatal(err)
		}
	}
	create := func(label string) (*v1.Cluster, error) {
		cluster := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte("{}")}}
		cluster.Namespace, cluster.Name, cluster.Labels = "fleet", "judged", map[string]string{"name": label}
		return cluster, env.Client.Create(t.Context(), cluster, client.DryRunAll)
	}
	for round := range 3 {
		for _, policy := range policies {
			if err := env.Client.Create(t.Context(), policy.DeepCopy()); err != nil {
				t.Fatal(err)
			}
		}
		wait()
		if _, err := create("bad"); !apierrors.IsInvalid(err) {
			t.Errorf("round %d: Create() of a bad Cluster = %v, want invalid", round, err)
		}
		if cluster, err := create("good"); err != nil || cluster.Labels["mutated"] != "yes" {
			t.Errorf("round %d: a new Cluster has the labels %v (%v)", round, cluster.Labels, err)
		}
		for _, policy := range policies {
			if err := env.Client.Delete(t.Context(), policy.DeepCopy()); err != nil {
				t.Fatal(err)
			}
		}
		wait()
		if cluster, err := create("bad"); err != nil || cluster.Labels["mutated"] != "" {
			t.Errorf("round %d: without the policies, a new Cluster has the labels %v (%v)", round, cluster.Labels, err)
		}
	}
	if left := markers(t, env); len(left) > 0 {
		t.Errorf("markers are left: %q", left)
	}
	// As a start that ends before its marker has an effect.
	if _, err := Mark(t.Context(), env.Config, "fleet"); err != nil {
		t.Fatal(err)
	}
	if stored := markers(t, env); len(stored) != 4 {
		t.Errorf("a marker consists of %q, want 4 objects", stored)
	}
	if changed, err := Apply(t.Context(), env.Config, manifests(t, "fleet", false)); err != nil || !changed {
		t.Errorf("Apply() after an interrupted start = %t, %v", changed, err)
	}
	if left := markers(t, env); len(left) > 0 {
		t.Errorf("markers are left after the next Apply: %q", left)
	}
}

// markers returns the objects of markers that the API server has stored.
func markers(t *testing.T, env *testenv.Env) (found []string) {
	t.Helper()
	for _, kind := range pruned {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		if err := env.Client.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			if strings.HasPrefix(list.Items[i].GetName(), "hyperfleet-in-force-") {
				found = append(found, key(&list.Items[i]))
			}
		}
	}
	return found
}
