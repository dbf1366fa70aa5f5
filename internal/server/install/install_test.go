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
	if err := Apply(t.Context(), env.Config, objects); err != nil {
		t.Fatal(err)
	}
	if err := WaitInForce(t.Context(), env.Config, "fleet"); err != nil {
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
		if err := Apply(t.Context(), env.Config, objects); err != nil {
			t.Fatal(err)
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
		if err := Apply(t.Context(), env.Config, objects); err != nil {
			t.Fatal(err)
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
		if err := Apply(t.Context(), env.Config, fewer); err != nil {
			t.Fatal(err)
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
		if err := WaitInForce(t.Context(), env.Config, "fleet"); err != nil {
			t.Error(err)
		}
	})
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
		if err := WaitInForce(ctx, env.Config, "fleet"); err != nil {
			t.Error(err)
		}
	})
}
