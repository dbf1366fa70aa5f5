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

package adaptertest_test

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter/adaptertest"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

// TestParentsAreValid creates the package's parents at a real API server.
func TestParentsAreValid(t *testing.T) {
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
	labels := adaptertest.Labels(map[string]string{"wave": "1"})
	for _, parent := range []interface {
		client.Object
		hyperfleetv1.Parent
	}{
		adaptertest.Cluster("my-cluster", labels, adaptertest.Spec(`{"region":"us-east"}`)),
		adaptertest.NodePool("my-cluster", "workers", labels, adaptertest.Spec(`{"nodes":3}`)),
	} {
		made := parent.DeepCopyObject().(client.Object)
		if err := env.Client.Create(ctx, parent); err != nil {
			t.Fatalf("create %T %s: %v", made, made.GetName(), err)
		}
		if parent.GetGeneration() != made.GetGeneration() || parent.GetLabels()["wave"] != "1" {
			t.Errorf("%T is stored at generation %d with the labels %v, want those it was made with", made, parent.GetGeneration(), parent.GetLabels())
		}
		if uid, err := hyperfleetv1.UIDFromID(made.(hyperfleetv1.Parent).GetStatus().ID); err != nil || uid != made.GetUID() {
			t.Errorf("the id of %T stands for the UID %s, %v, want %s", made, uid, err, made.GetUID())
		}
		if err := env.Client.Delete(ctx, parent); err != nil {
			t.Fatal(err)
		}
		if err := env.Client.Get(ctx, client.ObjectKeyFromObject(parent), parent); err != nil {
			t.Fatal(err)
		}
		deleted := adaptertest.Cluster("my-cluster", adaptertest.Ready(), adaptertest.Deleted(time.Now()))
		if parent.GetGeneration() != deleted.Generation || deleted.Status.Ready != metav1.ConditionFalse {
			t.Errorf("a deletion makes generation %d, want %d, and a parent that is not Ready", deleted.Generation, parent.GetGeneration())
		}
	}
}
