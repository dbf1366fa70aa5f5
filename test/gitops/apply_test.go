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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/utils"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// samples returns objects of config/samples as Flux applies them: with its labels.
func samples(t *testing.T, namespace string, files ...string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, file := range files {
		content, err := os.Open(filepath.Join(manifests, "samples", file))
		if err != nil {
			t.Fatal(err)
		}
		read, err := utils.ReadObjects(content)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, read...)
	}
	for _, o := range objects {
		o.SetNamespace(namespace)
	}
	flux.SetOwnerLabels(objects, "fleet", namespace)
	return objects
}

// apply applies the objects one by one, in their order, and returns Flux's actions.
func apply(t *testing.T, objects []*unstructured.Unstructured) (actions []ssa.Action) {
	t.Helper()
	for _, o := range objects {
		entry, err := flux.Apply(t.Context(), o.DeepCopy(), ssa.DefaultApplyOptions())
		if err != nil {
			t.Fatal(err)
		}
		actions = append(actions, entry.Action)
	}
	return actions
}

// The order of a Cluster and its NodePools does not matter, and the writes of the
// controller, the admission policies and the adapters are no drift.
func TestApply(t *testing.T) {
	orders := map[string][]string{
		"the Cluster first":  {"cluster.yaml", "nodepool.yaml"},
		"the NodePool first": {"nodepool.yaml", "cluster.yaml"},
	}
	for name, files := range orders {
		t.Run(name, func(t *testing.T) {
			objects := samples(t, newNamespace(t), files...)
			if actions := apply(t, objects); !slices.Equal(actions, []ssa.Action{ssa.CreatedAction, ssa.CreatedAction}) {
				t.Errorf("The first apply: %v", actions)
			}
			if err := flux.Wait(objects, ssa.WaitOptions{Interval: 20 * time.Millisecond, Timeout: 500 * time.Millisecond}); err == nil {
				t.Error("Flux does not wait for reports")
			}
			for _, o := range objects {
				stored := o.DeepCopy()
				await(t, stored, v1.ReadyCondition, "False AwaitingAdapters")
				report(t, stored, metav1.ConditionTrue)
			}
			if err := flux.Wait(objects, ssa.WaitOptions{Interval: 20 * time.Millisecond, Timeout: 5 * time.Minute}); err != nil {
				t.Errorf("Flux waits although all is ready: %v", err)
			}

			var before []string
			for _, o := range objects {
				entry, live, merged, err := flux.Diff(t.Context(), o.DeepCopy(), ssa.DefaultDiffOptions())
				if err != nil || entry.Action != ssa.UnchangedAction {
					t.Errorf("Drift of %s: %v\nlive: %v\nmerged: %v (%v)", o.GetName(), entry, live, merged, err)
				}
				before = append(before, version(t, o))
			}
			if actions := apply(t, objects); !slices.Equal(actions, []ssa.Action{ssa.UnchangedAction, ssa.UnchangedAction}) {
				t.Errorf("The second apply: %v", actions)
			}
			for i, o := range objects {
				if after := version(t, o); after != before[i] {
					t.Errorf("The second apply writes %s", o.GetName())
				}
			}
		})
	}
}

// Argo CD applies without an order as well, and shows no difference, on the server's side
// and on the client's.
func TestApplyWithArgoCD(t *testing.T) {
	for name, serverSide := range map[string]bool{"server-side apply": true, "client-side apply": false} {
		t.Run(name, func(t *testing.T) {
			p := &plane{config: env.Config, client: env.Client}
			tool := &argo{plane: p, serverSide: serverSide}
			objects := samples(t, newNamespace(t), "nodepool.yaml", "cluster.yaml")
			tool.apply(t, objects)
			for _, o := range objects {
				stored := o.DeepCopy()
				await(t, stored, v1.ReadyCondition, "False AwaitingAdapters")
				report(t, stored, metav1.ConditionTrue)
				await(t, stored, v1.ReadyCondition, "True ResourceReady")
			}
			for _, difference := range tool.drift(t, objects) {
				t.Errorf("Argo CD shows a drift of %s", difference)
			}
			before := p.versions(t, objects)
			tool.apply(t, objects)
			if diff := cmp.Diff(before, p.versions(t, objects)); diff != "" {
				t.Errorf("The second apply writes (resource versions, -before +after):\n%s", diff)
			}
		})
	}
}

func version(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	stored := object.DeepCopy()
	if err := env.Client.Get(t.Context(), client.ObjectKeyFromObject(object), stored); err != nil {
		t.Fatal(err)
	}
	return stored.GetResourceVersion()
}

// Flux stops waiting for a stalled object at once if it is configured to fail fast.
func TestWaitForStalled(t *testing.T) {
	objects := samples(t, newNamespace(t), "cluster.yaml")
	apply(t, objects)
	stored := objects[0].DeepCopy()
	await(t, stored, v1.ReadyCondition, "False AwaitingAdapters")
	report(t, stored, metav1.ConditionFalse, v1.StalledCondition)
	err := flux.Wait(objects, ssa.WaitOptions{Interval: 20 * time.Millisecond, Timeout: 5 * time.Minute, FailFast: true})
	if err == nil || !strings.Contains(err.Error(), "failed early") {
		t.Errorf("Flux says: %v", err)
	}
}

// A report in Git becomes stale: after the adapter's next report, it cannot be applied.
func TestReportsInGitAge(t *testing.T) {
	objects := samples(t, newNamespace(t), "cluster.yaml", "cluster_report.yaml")
	apply(t, objects)
	stored := objects[0].DeepCopy()
	await(t, stored, v1.ReadyCondition, "True ResourceReady")
	report(t, stored, metav1.ConditionTrue)
	_, err := flux.Apply(t.Context(), objects[1].DeepCopy(), ssa.DefaultApplyOptions())
	if err == nil || !strings.Contains(err.Error(), "stale report") {
		t.Errorf("Flux applies an old report: %v", err)
	}
}

// Pruning waits until the adapters have finalized: first of the NodePool, then of the
// Cluster, in whatever order Flux deletes them.
func TestPrune(t *testing.T) {
	objects := samples(t, newNamespace(t), "cluster.yaml", "nodepool.yaml")
	cluster, pool := objects[0].DeepCopy(), objects[1].DeepCopy() // Flux sorts the list
	apply(t, objects)
	await(t, cluster, v1.ReadyCondition, "False AwaitingAdapters")
	await(t, pool, v1.ReadyCondition, "False AwaitingAdapters")
	deleted, err := flux.DeleteAll(t.Context(), objects, ssa.DefaultDeleteOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := flux.WaitForSetTermination(deleted, ssa.WaitOptions{Interval: 20 * time.Millisecond, Timeout: time.Second}); err == nil {
		t.Error("The objects go before adapters have finalized them")
	}
	await(t, cluster, v1.ReadyCondition, "False WaitingForNodePools")
	await(t, pool, v1.ReadyCondition, "False Finalizing")
	report(t, pool, metav1.ConditionFalse, v1.FinalizedCondition)
	awaitGone(t, pool)
	await(t, cluster, v1.ReadyCondition, "False Finalizing")
	report(t, cluster, metav1.ConditionFalse, v1.FinalizedCondition)
	if err := flux.WaitForSetTermination(deleted, ssa.WaitOptions{Interval: 20 * time.Millisecond, Timeout: 5 * time.Minute}); err != nil {
		t.Errorf("Flux waits although all is gone: %v", err)
	}
}
