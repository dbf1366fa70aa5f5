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
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// TestInitialStatus creates Clusters, on the network and in the process. Their status is
// there from the first version on.
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
		for i, c := range []client.Client{newClient(t, p.wire), newClient(t, p.manager), newClient(t, p.manager)} {
			cluster := &v1.Cluster{Spec: runtime.RawExtension{Raw: []byte(`{"region":"eu"}`)}}
			cluster.Namespace, cluster.Name, cluster.Labels = "default", fmt.Sprintf("c-%d", i), map[string]string{"region": "eu"}
			cluster.Status.Ready = metav1.ConditionTrue // which no client decides
			if err := c.Create(ctx, cluster); err != nil {
				t.Fatal(err)
			}
			status := cluster.Status
			if status.ID != v1.ID(cluster.UID) || status.ObservedGeneration != 1 || status.Ready != metav1.ConditionFalse || len(status.Conditions) != 1 ||
				!status.UpdatedTime.Time.Equal(cluster.CreationTimestamp.Time) || status.ObservedLabels != v1.LabelsDigest(cluster.Labels) {
				t.Errorf("the created Cluster's status is %+v", status)
			}
			if status.Sequence <= last {
				t.Errorf("sequence %d after %d", status.Sequence, last)
			}
			last = status.Sequence
			again := cluster.DeepCopy()
			again.ResourceVersion = ""
			if err := c.Create(ctx, again); !apierrors.IsAlreadyExists(err) {
				t.Errorf("created again: %v", err)
			}
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
