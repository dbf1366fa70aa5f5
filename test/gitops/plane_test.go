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

package gitops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server/kubecontrollers"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// plane is an API server on which nothing is installed. Kubernetes' garbage collector and
// namespace controller run, because pruning waits for them.
type plane struct {
	config     *rest.Config // of an administrator
	kubeconfig string       // the same
	client     client.Client
}

func startPlane(t *testing.T) *plane {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = "../../bin/controlplane"
	}
	control, err := controlplane.New(controlplane.Config{Dir: t.TempDir(), Assets: assets, EtcdPort: process.PortFor(t), APIServerPort: process.PortFor(t)})
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
	p := &plane{config: control.RESTConfig(controlplane.Admin), kubeconfig: control.KubeconfigFile(controlplane.Admin)}
	p.config.QPS, p.config.WarningHandler = -1, rest.NoWarnings{} // Argo CD's lists cause warnings
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	if p.client, err = client.New(p.config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	p.startControllers(t)
	return p
}

func (p *plane) startControllers(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stopped, loaded := make(chan error, 1), make(chan struct{})
	close(loaded)
	go func() { stopped <- kubecontrollers.Run(ctx, p.config, nil, loaded) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("run Kubernetes' controllers: %v", err)
		}
	})
}

// live returns the objects as stored at the API server, nil for an object that does not
// exist.
func (p *plane) live(t *testing.T, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	live := make([]*unstructured.Unstructured, len(objects))
	for i, object := range objects {
		stored := &unstructured.Unstructured{}
		stored.SetGroupVersionKind(object.GroupVersionKind())
		switch err := p.client.Get(t.Context(), client.ObjectKeyFromObject(object), stored); {
		case err == nil:
			live[i] = stored
		case !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err):
			t.Fatal(err)
		}
	}
	return live
}

// left returns which of the objects exist at the API server.
func (p *plane) left(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()
	var left []string
	for _, object := range p.live(t, objects) {
		if object != nil {
			left = append(left, nameOf(object))
		}
	}
	slices.Sort(left)
	return left
}

// awaitLeft waits until, of the objects, only those in want exist at the API server.
// Kubernetes finishes a deletion after it has answered the request.
func (p *plane) awaitLeft(t *testing.T, objects []*unstructured.Unstructured, want []string) {
	t.Helper()
	var left []string
	poll(t, func(context.Context) (bool, error) {
		left = p.left(t, objects)
		return slices.Equal(left, want), nil
	}, func() string { return fmt.Sprintf("%q are left, want %q", left, want) })
}

// versions returns the resource version of each object.
func (p *plane) versions(t *testing.T, objects []*unstructured.Unstructured) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for _, object := range p.live(t, objects) {
		if object != nil {
			versions[nameOf(object)] = object.GetResourceVersion()
		}
	}
	return versions
}

// playWorkloads writes the statuses that Kubernetes' controllers write when all pods of
// the manager are ready. There are no nodes to run them.
func (p *plane) playWorkloads(t *testing.T, namespace string) {
	t.Helper()
	key := client.ObjectKey{Namespace: namespace, Name: "hyperfleet-manager"}
	deployment, budget := &appsv1.Deployment{}, &policyv1.PodDisruptionBudget{}
	if err := errors.Join(p.client.Get(t.Context(), key, deployment), p.client.Get(t.Context(), key, budget)); err != nil {
		t.Fatal(err)
	}
	replicas := *deployment.Spec.Replicas
	deployment.Status = appsv1.DeploymentStatus{
		ObservedGeneration: deployment.Generation, Replicas: replicas, UpdatedReplicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas,
		Conditions: []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable"},
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
		},
	}
	budget.Status = policyv1.PodDisruptionBudgetStatus{
		ObservedGeneration: budget.Generation, CurrentHealthy: replicas, DesiredHealthy: replicas - 1, ExpectedPods: replicas, DisruptionsAllowed: 1,
	}
	if err := errors.Join(p.client.Status().Update(t.Context(), deployment), p.client.Status().Update(t.Context(), budget)); err != nil {
		t.Fatal(err)
	}
}

// nameOf names an object by Kind and name.
func nameOf(object *unstructured.Unstructured) string {
	return filepath.Join(object.GetKind(), object.GetName())
}
