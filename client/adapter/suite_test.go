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

package adapter

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

var env *testenv.Env

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	var err error
	env, err = testenv.Start(ctx)
	defer func() { _ = env.Stop() }()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

type function = func(context.Context, hyperfleetv1.Parent) (Report, error)

// start runs an adapter named dns on the Clusters of a namespace until the test ends or
// stop is called.
func start(t *testing.T, namespace string, o Options, reconcile, finalize function) (stop func()) {
	t.Helper()
	return startConfig(t, Config{Options: o, Namespace: namespace}, reconcile, finalize)
}

func startConfig(t *testing.T, c Config, reconcile, finalize function) (stop func()) {
	t.Helper()
	c.Kubernetes = env.Config
	a := Adapter{Name: "dns", Kinds: []string{hyperfleetv1.ClusterKind}, Reconcile: reconcile, Finalize: finalize}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, a, c) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func newNamespace(t *testing.T) string {
	t.Helper()
	namespace, err := env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

func create(t *testing.T, namespace, name string, labels map[string]string) *hyperfleetv1.Cluster {
	t.Helper()
	cluster := &hyperfleetv1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec:       runtime.RawExtension{Raw: []byte("{}")},
	}
	if err := env.Client.Create(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	return cluster
}

func report(t *testing.T, cluster *hyperfleetv1.Cluster) *hyperfleetv1.AdapterStatusSpec {
	t.Helper()
	stored := &hyperfleetv1.AdapterStatus{}
	if err := env.Client.Get(t.Context(), client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Name + ".dns"}, stored); err != nil {
		t.Fatal(err)
	}
	return &stored.Spec
}

func waitForReport(t *testing.T, cluster *hyperfleetv1.Cluster, wanted func(hyperfleetv1.AdapterStatusSpec) bool) *hyperfleetv1.AdapterStatusSpec {
	t.Helper()
	stored := &hyperfleetv1.AdapterStatus{}
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		err := env.Client.Get(ctx, client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Name + ".dns"}, stored)
		return err == nil && wanted(stored.Spec), client.IgnoreNotFound(err)
	})
	if err != nil {
		t.Fatalf("wait for a report: %v; the last one is %+v", err, stored.Spec)
	}
	return &stored.Spec
}

func statusOf(s hyperfleetv1.AdapterStatusSpec, conditionType string) metav1.ConditionStatus {
	for _, c := range s.Conditions {
		if c.Type == conditionType {
			return c.Status
		}
	}
	return ""
}

func listReports(t *testing.T, namespace string) []hyperfleetv1.AdapterStatus {
	t.Helper()
	reports := &hyperfleetv1.AdapterStatusList{}
	if err := env.Client.List(t.Context(), reports, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	return reports.Items
}

// waitFor waits until something holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 5*time.Minute, true, func(context.Context) (bool, error) {
		return holds(), nil
	})
	if err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}
