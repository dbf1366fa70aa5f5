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

package client_test

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	applyv1 "github.com/hyperfleet-io/hyperfleet/client/applyconfiguration/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/clientset"
	"github.com/hyperfleet-io/hyperfleet/client/informers"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

// TestGeneratedClients writes a Cluster and a report by apply configurations, and
// reads both by an informer's listers.
func TestGeneratedClients(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	env, err := testenv.Start(ctx)
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	clients, err := clientset.NewForConfig(env.Config)
	if err != nil {
		t.Fatal(err)
	}
	apply := metav1.ApplyOptions{FieldManager: "test"}
	api := clients.HyperfleetV1()
	desired := applyv1.Cluster("my-cluster", "default").WithSpec(runtime.RawExtension{Raw: []byte("{}")})
	cluster, err := api.Clusters("default").Apply(ctx, desired, apply)
	if err != nil {
		t.Fatal(err)
	}
	observed := hyperfleetv1.NewTimestamp(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	report := applyv1.AdapterStatus("my-cluster.dns", "default").WithSpec(applyv1.AdapterStatusSpec().
		WithResourceRef(applyv1.ResourceReference().WithKind(hyperfleetv1.ClusterKind).WithName("my-cluster").WithUID(cluster.UID)).
		WithAdapter("dns").WithObservedGeneration(cluster.Generation).WithObservedTime(observed).
		WithConditions(applyv1.AdapterCondition().WithType(hyperfleetv1.AvailableCondition).WithStatus(metav1.ConditionTrue)))
	if _, err := api.AdapterStatuses("default").Apply(ctx, report, apply); err != nil {
		t.Fatal(err)
	}

	factory := informers.NewSharedInformerFactory(clients, 0)
	kinds := factory.Hyperfleet().V1()
	clusters, reports := kinds.Clusters().Lister(), kinds.AdapterStatuses().Lister()
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	defer cancel()
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			t.Fatalf("the informer of %s is not synced", kind)
		}
	}
	if got, err := clusters.Clusters("default").Get("my-cluster"); err != nil || got.UID != cluster.UID {
		t.Errorf("lister: Cluster %v, %v, want the UID %s", got, err, cluster.UID)
	}
	got, err := reports.AdapterStatuses("default").Get("my-cluster.dns")
	if err != nil {
		t.Fatal(err)
	}
	if !got.Spec.ObservedTime.Equal(observed) || len(got.Spec.Conditions) != 1 || !got.Spec.Conditions[0].LastTransitionTime.Equal(observed) {
		t.Errorf("lister: report %+v, want it observed at %s with one condition of that time", got.Spec, observed)
	}
}
