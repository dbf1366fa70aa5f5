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
	"errors"
	"testing"

	"go.uber.org/zap"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestFirstWriteIsAdmitted creates a Cluster as soon as the first start allows it. Without
// the admission policies, it would have no author.
func TestFirstWriteIsAdmitted(t *testing.T) {
	o := server.NewOptions()
	o.DataDir, o.BindAddress, o.Namespace, o.Version = t.TempDir(), freeAddress(t), "default", "v0.0.0-test"
	err := server.Run(t.Context(), o, zap.NewNop(), func(string) {}, func(ctx context.Context, own server.Connection) error {
		scheme := runtime.NewScheme()
		if err := errors.Join(v1.AddToScheme(scheme), rbacv1.AddToScheme(scheme)); err != nil {
			return err
		}
		root, err := clientcmd.BuildConfigFromFlags("", o.KubeconfigFile())
		if err != nil {
			return err
		}
		admin, err := client.New(root, client.Options{Scheme: scheme})
		if err != nil {
			return err
		}
		all := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "jane"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "jane"}},
		}
		if err := admin.Create(ctx, all); err != nil {
			return err
		}
		mapper := meta.NewDefaultRESTMapper(nil) // without a discovery
		mapper.Add(v1.GroupVersion.WithKind(v1.ClusterKind), meta.RESTScopeNamespace)
		config := rest.CopyConfig(own.Config)
		config.Impersonate = rest.ImpersonationConfig{UserName: "jane"}
		api, err := client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
		if err != nil {
			return err
		}
		if own.CheckInForce(nil) == nil {
			t.Log("The machine is slow: the policies are in force already, so the test proves nothing")
		}
		cluster := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte("{}")}}
		cluster.Namespace, cluster.Name = "default", "first"
		if err := api.Create(ctx, cluster); err != nil {
			return err
		}
		if cluster.Annotations[v1.CreatedByAnnotation] != "jane" || own.CheckInForce(nil) != nil {
			t.Errorf("the first Cluster has the annotations %v; policies: %v", cluster.Annotations, own.CheckInForce(nil))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
