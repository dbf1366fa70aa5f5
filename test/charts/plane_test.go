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

package charts

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// plane is an etcd and a kube-apiserver without nodes.
type plane struct {
	config     *rest.Config // of an administrator
	kubeconfig string       // the same
	client     client.Client
	kubernetes kubernetes.Interface
	dir        string
}

func startPlane(t *testing.T) *plane {
	t.Helper()
	p := &plane{dir: t.TempDir()}
	control, err := controlplane.New(controlplane.Config{Dir: p.dir, Assets: assets(), EtcdPort: process.PortFor(t), APIServerPort: process.PortFor(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := control.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := control.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.config, p.kubeconfig = control.RESTConfig(controlplane.Admin), control.KubeconfigFile(controlplane.Admin)
	if p.kubernetes, err = kubernetes.NewForConfig(p.config); err != nil {
		t.Fatal(err)
	}
	if p.client, err = client.New(p.config, client.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := v1.AddToScheme(p.client.Scheme()); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *plane) discovery(t *testing.T) discovery.DiscoveryInterface {
	t.Helper()
	return p.kubernetes.Discovery()
}

func (p *plane) createNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if err := p.client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
}

// helm runs helm as the administrator.
func (p *plane) helm(ctx context.Context, args ...string) (string, error) {
	return helm(ctx, append(args, "--kubeconfig="+p.kubeconfig)...)
}

func (p *plane) mustHelm(t *testing.T, args ...string) {
	t.Helper()
	if out, err := p.helm(t.Context(), args...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// left returns the keys of the given objects that exist at the API server.
func (p *plane) left(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()
	var left []string
	for _, object := range objects {
		stored := &unstructured.Unstructured{}
		stored.SetGroupVersionKind(object.GroupVersionKind())
		err := p.client.Get(t.Context(), client.ObjectKeyFromObject(object), stored)
		switch {
		case err == nil:
			left = append(left, key(object))
		case !apierrors.IsNotFound(err) && !strings.Contains(err.Error(), "no matches for kind"):
			t.Fatal(err)
		}
	}
	return left
}
