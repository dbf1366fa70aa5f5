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
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestServedNamespaceMoves starts servers for several namespaces with one data directory.
// A resource in the previously served namespace keeps a server from starting for another
// one; a resource in a namespace that no server serves does not. etcd records the served
// namespace once the admission policies are in force.
func TestServedNamespaceMoves(t *testing.T) {
	dir := t.TempDir()
	start := func(namespace string, test func(ctx context.Context, own server.Connection, admin *rest.Config)) error {
		o := server.NewOptions()
		o.DataDir, o.BindAddress, o.Namespace, o.Version = dir, freeAddress(t), namespace, "v0.0.0-test"
		return server.Run(t.Context(), o, zap.NewNop(), func(string) {}, func(ctx context.Context, own server.Connection) error {
			admin, err := clientcmd.BuildConfigFromFlags("", o.KubeconfigFile())
			if err != nil {
				return err
			}
			test(ctx, own, admin)
			return nil
		})
	}
	started := func(namespace string, test func(ctx context.Context, own server.Connection, admin *rest.Config)) {
		t.Helper()
		if err := start(namespace, test); err != nil {
			t.Fatalf("Run() for the namespace %s = %v", namespace, err)
		}
	}
	wantRecord := func(ctx context.Context, namespace string) {
		t.Helper()
		if got := recordedNamespace(ctx, t, dir); got != namespace {
			t.Errorf("the recorded namespace is %q, want %q", got, namespace)
		}
	}
	served := func(ctx context.Context, own server.Connection, namespace string) {
		t.Helper()
		if err := waitInForce(ctx, own); err != nil {
			t.Fatal(err)
		}
		wantRecord(ctx, namespace)
	}
	objects := func(admin *rest.Config, resource, namespace string) dynamic.ResourceInterface {
		return dynamic.NewForConfigOrDie(admin).Resource(v1.GroupVersion.WithResource(resource)).Namespace(namespace)
	}
	create := func(ctx context.Context, admin *rest.Config, resource, namespace string, o object) {
		t.Helper()
		if _, err := objects(admin, resource, namespace).Create(ctx, &unstructured.Unstructured{Object: o}, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	}
	release := func(ctx context.Context, admin *rest.Config, resource, name string) {
		t.Helper()
		objects := objects(admin, resource, "default")
		if err := objects.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		_, err := objects.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	}
	// The server tries with new Clusters whether the policies are in force. A webhook
	// answers with these reasons to refuse a Cluster, and admits it once they are closed.
	refusals := make(chan string)
	admit := sync.OnceFunc(func() { close(refusals) })
	defer admit()

	started("default", func(ctx context.Context, own server.Connection, admin *rest.Config) {
		served(ctx, own, "default")
		create(ctx, admin, "clusters", "default", kinds[0].fresh("c-1"))
		create(ctx, admin, "nodepools", "default", kinds[1].fresh("c-1.workers"))
		create(ctx, admin, "nodepools", "default", kinds[1].fresh("c-2.gpu"))
		create(ctx, admin, "clusters", "kube-public", kinds[0].fresh("c-1"))
	})
	err := start("fleet", func(context.Context, server.Connection, *rest.Config) { t.Error("the server is started") })
	want := &server.LeftBehindError{Previous: "default", Namespace: "fleet", Clusters: 1, NodePools: 2}
	if left, ok := errors.AsType[*server.LeftBehindError](err); !ok || *left != *want {
		t.Errorf("Run() = %v, want %v", err, want)
	}
	started("default", func(ctx context.Context, own server.Connection, admin *rest.Config) {
		served(ctx, own, "default")
		release(ctx, admin, "clusters", "c-1")
		release(ctx, admin, "nodepools", "c-1.workers")
		release(ctx, admin, "nodepools", "c-2.gpu")
		addWebhook(ctx, t, admin, func() string { return <-refusals })
	})
	started("fleet", func(ctx context.Context, own server.Connection, admin *rest.Config) {
		select {
		case refusals <- "not yet":
		case <-ctx.Done():
			t.Fatal(context.Cause(ctx))
		case <-time.After(waitLimit):
			t.Fatal("the server has not tried whether the policies are in force")
		}
		// The server tries again, and waits for the webhook's next answer.
		wantRecord(ctx, "default")
		if own.CheckInForce(nil) == nil {
			t.Error("the policies are in force, but no Cluster has been admitted")
		}
		admit()
		served(ctx, own, "fleet")
		create(ctx, admin, "clusters", "default", kinds[0].fresh("c-1")) // which the server no longer serves
	})
	started("fleet", func(ctx context.Context, own server.Connection, _ *rest.Config) { served(ctx, own, "fleet") })
}

// recordedNamespace returns the served namespace that a data directory's etcd records.
func recordedNamespace(ctx context.Context, t *testing.T, dataDir string) string {
	t.Helper()
	etcd := newEtcd(t, dataDir)
	defer func() { _ = etcd.Close() }()
	response, err := etcd.Get(ctx, "/hyperfleet/served")
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Kvs) == 0 {
		return ""
	}
	return string(response.Kvs[0].Value)
}
