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
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestInitialStatus creates Clusters, on the network and in the process, by creates and
// by server-side applies. Their first stored version has the status, and a later apply
// does not change it.
func TestInitialStatus(t *testing.T) {
	o := server.NewOptions()
	o.InitialStatus = func(c *v1.Cluster) *v1.ResourceStatus {
		if c.Name == "none" {
			return nil
		}
		return &v1.ResourceStatus{
			ID: v1.ID(c.UID), ObservedGeneration: c.Generation, Sequence: c.Status.Sequence, ObservedLabels: v1.LabelsDigest(c.Labels),
			UpdatedTime: v1.NewTimestamp(c.CreationTimestamp.Time), Ready: metav1.ConditionFalse, Available: metav1.ConditionFalse,
			Conditions: []v1.ResourceCondition{{
				Type: v1.ReadyCondition, Status: metav1.ConditionFalse, Reason: v1.AwaitingAdaptersReason, Message: "Waiting", ObservedGeneration: c.Generation,
				CreatedTime: v1.NewTimestamp(c.CreationTimestamp.Time), LastUpdatedTime: v1.NewTimestamp(c.CreationTimestamp.Time), LastTransitionTime: v1.NewTimestamp(c.CreationTimestamp.Time),
			}},
		}
	}
	withPlaneOf(t, o, func(ctx context.Context, p plane) {
		admin, err := client.New(p.admin, client.Options{Scheme: newScheme(t)})
		if err != nil {
			t.Fatal(err)
		}
		last := int64(0)
		check := func(cluster *v1.Cluster) {
			t.Helper()
			status := cluster.Status
			if status.ID != v1.ID(cluster.UID) || status.ObservedGeneration != 1 || status.Ready != metav1.ConditionFalse || len(status.Conditions) != 1 ||
				!status.UpdatedTime.Time.Equal(cluster.CreationTimestamp.Time) || status.ObservedLabels != v1.LabelsDigest(cluster.Labels) {
				t.Errorf("the status of the new Cluster %s is %+v", cluster.Name, status)
			}
			if status.Sequence <= last {
				t.Errorf("sequence %d after %d", status.Sequence, last)
			}
			last = status.Sequence
		}
		for i, c := range []client.Client{newClient(t, p.wire), newClient(t, p.manager), newClient(t, p.manager)} {
			cluster := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte(`{"region":"eu"}`)}}
			cluster.Namespace, cluster.Name, cluster.Labels = "default", fmt.Sprintf("c-%d", i), map[string]string{"region": "eu"}
			cluster.Status.Ready = metav1.ConditionTrue // the API server ignores a client's status
			if err := c.Create(ctx, cluster); err != nil {
				t.Fatal(err)
			}
			check(cluster)
			again := cluster.DeepCopy()
			again.ResourceVersion = ""
			if err := c.Create(ctx, again); !apierrors.IsAlreadyExists(err) {
				t.Errorf("created again: %v", err)
			}
			testAppliedCluster(ctx, t, c, fmt.Sprintf("applied-%d", i), check)
		}
		for namespace, name := range map[string]string{"default": "none", "kube-public": "not-served"} {
			other := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte(`{"region":"eu"}`)}}
			other.Namespace, other.Name = namespace, name
			if err := admin.Create(ctx, other); err != nil {
				t.Fatal(err)
			}
			if other.Status.Computed() || len(other.Status.Conditions) == 0 {
				t.Errorf("the status of %s is %+v, want the schema's default", name, other.Status)
			}
		}
	})
}

// testAppliedCluster applies a new Cluster, first as a dry run, and then applies a
// change.
func testAppliedCluster(ctx context.Context, t *testing.T, c client.Client, name string, checkNew func(*v1.Cluster)) {
	t.Helper()
	apply := func(region string, options ...client.ApplyOption) *v1.Cluster {
		t.Helper()
		manifest := &unstructured.Unstructured{Object: object{
			"apiVersion": "hyperfleet.io/v1", "kind": "Cluster",
			"metadata": object{"namespace": "default", "name": name, "labels": object{"region": "eu"}},
			"spec":     object{"region": region},
		}}
		if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(manifest), append(options, client.FieldOwner("gitops"))...); err != nil {
			t.Fatal(err)
		}
		applied := &v1.Cluster{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(manifest.Object, applied); err != nil {
			t.Fatal(err)
		}
		return applied
	}
	if dry := apply("eu", client.DryRunAll); dry.Status.Computed() {
		t.Errorf("a dry run shows the status %+v, want the schema's default", dry.Status)
	}
	created := apply("eu")
	checkNew(created)
	changed := apply("us")
	if changed.Generation != 2 || changed.Status.ObservedGeneration != 1 || changed.Status.Sequence != created.Status.Sequence {
		t.Errorf("the status after a change is %+v, want the one of before: %+v", changed.Status, created.Status)
	}
}
