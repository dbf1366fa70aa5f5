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

package server_test

import (
	"context"
	"testing"

	"go.uber.org/zap"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestFirstStart uses a server before its first start is complete.
func TestFirstStart(t *testing.T) {
	o := server.NewOptions()
	o.DataDir, o.BindAddress, o.Namespace, o.Version = t.TempDir(), freeAddress(t), "default", "v0.0.0-test"
	err := server.Run(t.Context(), o, zap.NewNop(), func(string) {}, func(ctx context.Context, own server.Connection) error {
		admin, err := clientcmd.BuildConfigFromFlags("", o.KubeconfigFile())
		if err != nil {
			return err
		}
		kube, err := kubernetes.NewForConfig(admin)
		if err != nil {
			return err
		}
		t.Run("the first write is admitted", func(t *testing.T) { testFirstWrite(ctx, t, own, kube) })
		if err := leaveForControllers(ctx, kube); err != nil {
			return err
		}
		t.Run("only the garbage collector waits until the fleet is loaded", func(t *testing.T) { testLoaded(ctx, t, own, kube) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testFirstWrite creates a Cluster as soon as the first start allows it. Without the
// admission policies, it would have no author.
func testFirstWrite(ctx context.Context, t *testing.T, own server.Connection, admin kubernetes.Interface) {
	_, err := admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "jane"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "jane"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mapper := meta.NewDefaultRESTMapper(nil) // without a discovery
	mapper.Add(v1.GroupVersion.WithKind(v1.ClusterKind), meta.RESTScopeNamespace)
	config := rest.CopyConfig(own.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "jane"}
	api, err := client.New(config, client.Options{Scheme: newScheme(t), Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	waitUntil(t, func() bool { // the API server knows the binding
		review, err := admin.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               "jane",
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "default", Verb: "create", Group: v1.GroupVersion.Group, Resource: "clusters"},
		}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return review.Status.Allowed
	})
	if own.CheckInForce(nil) == nil {
		t.Log("The machine is slow: the policies are in force already, so the test proves nothing")
	}
	cluster := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte("{}")}}
	cluster.Namespace, cluster.Name = "default", "first"
	if err := api.Create(ctx, cluster); err != nil {
		t.Fatal(err)
	}
	if cluster.Annotations[v1.CreatedByAnnotation] != "jane" || own.CheckInForce(nil) != nil {
		t.Errorf("the first Cluster has the annotations %v; policies: %v", cluster.Annotations, own.CheckInForce(nil))
	}
}

// dependent is a ConfigMap whose owner no longer exists, and temporary a namespace that
// is deleted.
const dependent, temporary = "dependent", "temporary"

// leaveForControllers leaves work for the garbage collector and the controller of
// namespaces, which waits for 5 seconds before it empties a deleted namespace.
func leaveForControllers(ctx context.Context, admin kubernetes.Interface) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: temporary}}
	if _, err := admin.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := admin.CoreV1().Namespaces().Delete(ctx, temporary, metav1.DeleteOptions{}); err != nil {
		return err
	}
	configMaps := admin.CoreV1().ConfigMaps("default")
	owner, err := configMaps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	reference := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: dependent, OwnerReferences: []metav1.OwnerReference{reference}}}
	if _, err := configMaps.Create(ctx, owned, metav1.CreateOptions{}); err != nil {
		return err
	}
	return configMaps.Delete(ctx, owner.Name, metav1.DeleteOptions{})
}

// testLoaded checks that the garbage collector begins its work when the manager has loaded
// the fleet, and that the other controllers have done theirs by then.
func testLoaded(ctx context.Context, t *testing.T, own server.Connection, admin kubernetes.Interface) {
	for name, done := range map[string]func() bool{
		"the deleted namespace is gone": func() bool {
			_, err := admin.CoreV1().Namespaces().Get(ctx, temporary, metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		},
		"a namespace has its service account": func() bool {
			_, err := admin.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
			return err == nil
		},
		"an aggregated role has rules": func() bool {
			role, err := admin.RbacV1().ClusterRoles().Get(ctx, "view", metav1.GetOptions{})
			return err == nil && len(role.Rules) > 0
		},
	} {
		t.Run(name, func(t *testing.T) { waitUntil(t, done) })
	}
	configMaps := admin.CoreV1().ConfigMaps("default")
	if _, err := configMaps.Get(ctx, dependent, metav1.GetOptions{}); err != nil {
		t.Errorf("the fleet is not loaded yet, and the dependent of a deleted object cannot be read: %v", err)
	}
	own.Loaded()
	waitUntil(t, func() bool {
		_, err := configMaps.Get(ctx, dependent, metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}
