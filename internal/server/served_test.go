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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestServedNamespaceMoves starts servers for several namespaces with one data directory.
// A resource in the previously served namespace keeps a server from starting for another
// one; a resource in a namespace that no server serves does not.
func TestServedNamespaceMoves(t *testing.T) {
	dir := t.TempDir()
	start := func(namespace string, test func(ctx context.Context, admin dynamic.Interface)) error {
		o := server.NewOptions()
		o.DataDir, o.BindAddress, o.Namespace, o.Version = dir, freeAddress(t), namespace, "v0.0.0-test"
		return server.Run(t.Context(), o, zap.NewNop(), func(string) {}, func(ctx context.Context, own server.Connection) error {
			if err := waitInForce(ctx, own); err != nil {
				return err
			}
			config, err := clientcmd.BuildConfigFromFlags("", o.KubeconfigFile())
			if err != nil {
				return err
			}
			admin, err := dynamic.NewForConfig(config)
			if err != nil {
				return err
			}
			test(ctx, admin)
			return nil
		})
	}
	create := func(ctx context.Context, admin dynamic.Interface, resource, namespace string, o object) {
		t.Helper()
		_, err := admin.Resource(v1.GroupVersion.WithResource(resource)).Namespace(namespace).Create(ctx, &unstructured.Unstructured{Object: o}, metav1.CreateOptions{})
		if err != nil {
			t.Error(err)
		}
	}
	release := func(ctx context.Context, admin dynamic.Interface, resource, name string) {
		t.Helper()
		objects := admin.Resource(v1.GroupVersion.WithResource(resource)).Namespace("default")
		if err := objects.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		_, err := objects.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	}
	started := func(namespace string, test func(ctx context.Context, admin dynamic.Interface)) {
		t.Helper()
		if err := start(namespace, test); err != nil {
			t.Fatalf("Run() for the namespace %s = %v", namespace, err)
		}
	}

	started("default", func(ctx context.Context, admin dynamic.Interface) {
		create(ctx, admin, "clusters", "default", kinds[0].fresh("c-1"))
		create(ctx, admin, "nodepools", "default", kinds[1].fresh("c-1.workers"))
		create(ctx, admin, "nodepools", "default", kinds[1].fresh("c-2.gpu"))
		create(ctx, admin, "clusters", "kube-public", kinds[0].fresh("c-1"))
	})
	err := start("fleet", func(context.Context, dynamic.Interface) { t.Error("the server is started") })
	want := &server.LeftBehindError{Previous: "default", Namespace: "fleet", Clusters: 1, NodePools: 2}
	if left, ok := errors.AsType[*server.LeftBehindError](err); !ok || *left != *want {
		t.Errorf("Run() = %v, want %v", err, want)
	}
	started("default", func(ctx context.Context, admin dynamic.Interface) {
		release(ctx, admin, "clusters", "c-1")
		release(ctx, admin, "nodepools", "c-1.workers")
		release(ctx, admin, "nodepools", "c-2.gpu")
	})
	started("fleet", func(ctx context.Context, admin dynamic.Interface) {
		create(ctx, admin, "clusters", "default", kinds[0].fresh("c-1")) // which the server no longer serves
	})
	started("fleet", func(context.Context, dynamic.Interface) {})
}
