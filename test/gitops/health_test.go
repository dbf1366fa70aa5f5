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
	"fmt"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// verdict is the health of one object according to each tool.
type verdict struct {
	Kstatus, Flux status.Status
	Argo          health.HealthStatusCode
}

var (
	inProgress  = verdict{status.InProgressStatus, status.InProgressStatus, health.HealthStatusProgressing}
	current     = verdict{status.CurrentStatus, status.CurrentStatus, health.HealthStatusHealthy}
	failed      = verdict{status.FailedStatus, status.FailedStatus, health.HealthStatusDegraded}
	terminating = verdict{status.TerminatingStatus, status.InProgressStatus, health.HealthStatusProgressing}
)

func judge(t *testing.T, object *unstructured.Unstructured) verdict {
	t.Helper()
	generic, err := status.Compute(object)
	if err != nil {
		t.Fatal(err)
	}
	v := verdict{Kstatus: generic.Status}
	for _, check := range checks {
		if check.Kind != object.GetKind() {
			continue
		}
		evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
		if err != nil {
			t.Fatal(err)
		}
		result, err := evaluator.Evaluate(t.Context(), object)
		if err != nil {
			t.Fatal(err)
		}
		v.Flux = result.Status
	}
	argo, err := health.GetResourceHealth(object, script{})
	if err != nil {
		t.Fatal(err)
	}
	v.Argo = argo.Status
	return v
}

func TestHealth(t *testing.T) {
	for kind, name := range map[string]string{v1.ClusterKind: "alpha", v1.NodePoolKind: "alpha.workers"} {
		t.Run(kind, func(t *testing.T) {
			namespace := newNamespace(t)
			object := newObject(namespace, kind, name)
			if kind == v1.NodePoolKind {
				create(t, newObject(namespace, v1.ClusterKind, "alpha"))
			}
			expect := func(when string, want verdict) {
				t.Helper()
				if diff := cmp.Diff(want, judge(t, object)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", when, diff)
				}
			}
			create(t, object)
			expect("as the create is answered", inProgress)
			await(t, object, v1.ReadyCondition, "False AwaitingAdapters")
			expect("before any report", inProgress)
			report(t, object, metav1.ConditionTrue)
			await(t, object, v1.ReadyCondition, "True ResourceReady")
			expect("ready", current)

			change := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"zone":"b"}}`))
			if err := env.Client.Patch(t.Context(), object, change); err != nil {
				t.Fatal(err)
			}
			expect("as the change of the spec is answered", inProgress)
			await(t, object, v1.ReadyCondition, "False AdaptersNotReady")
			expect("before the adapter has taken the change up", inProgress)
			report(t, object, metav1.ConditionFalse)
			await(t, object, "ValidatorSuccessful", "False Reported")
			expect("the adapter is at fault", inProgress)
			report(t, object, metav1.ConditionFalse, v1.StalledCondition)
			await(t, object, v1.StalledCondition, "True Reported")
			expect("waiting will not help", failed)
			if shown, err := health.GetResourceHealth(object, script{}); err != nil || shown.Message != "validator: Ask for more quota" {
				t.Errorf("Argo CD shows %q (%v)", shown.Message, err)
			}
			report(t, object, metav1.ConditionTrue)
			await(t, object, v1.ReadyCondition, "True ResourceReady")
			expect("ready again", current)

			if err := env.Client.Delete(t.Context(), object); err != nil {
				t.Fatal(err)
			}
			await(t, object, v1.ReadyCondition, "False Finalizing")
			expect("deleted", terminating)
			report(t, object, metav1.ConditionFalse, v1.StalledCondition)
			await(t, object, v1.StalledCondition, "True Reported")
			expect("the deletion is stalled", terminating)
			report(t, object, metav1.ConditionFalse, v1.FinalizedCondition)
			awaitGone(t, object)
		})
	}
}

// TestHealthWithoutAdapters checks objects of a Kind that has no required adapters.
func TestHealthWithoutAdapters(t *testing.T) {
	for _, kind := range []string{v1.ClusterKind, v1.NodePoolKind} {
		conditions := aggregate.Conditions(aggregate.Input{Kind: kind, Generation: 1, Created: time.Now(), Updated: time.Now(), Now: time.Now()})
		stored, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&v1.Cluster{
			Status: v1.ResourceStatus{ObservedGeneration: 1, Ready: metav1.ConditionFalse, Available: metav1.ConditionFalse, Conditions: conditions},
		})
		if err != nil {
			t.Fatal(err)
		}
		object := newObject("default", kind, "alpha")
		object.SetGeneration(1)
		object.Object["status"] = stored["status"]
		if diff := cmp.Diff(inProgress, judge(t, object)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func newNamespace(t *testing.T) string {
	t.Helper()
	namespace, err := env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

func newObject(namespace, kind, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"zone": "a"}}}
	object.SetGroupVersionKind(v1.GroupVersion.WithKind(kind))
	object.SetNamespace(namespace)
	object.SetName(name)
	if kind == v1.NodePoolKind {
		object.Object["spec"].(map[string]any)["clusterName"] = "alpha"
	}
	return object
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := env.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

// report writes the adapter's report at the object's generation: its result, and the
// other conditions that are True.
func report(t *testing.T, object *unstructured.Unstructured, available metav1.ConditionStatus, others ...string) {
	t.Helper()
	r := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: v1.AdapterStatusName(object.GetName(), "validator")}}
	write := func(ctx context.Context) error { return env.Client.Update(ctx, r) }
	if err := env.Client.Get(t.Context(), client.ObjectKeyFromObject(r), r); apierrors.IsNotFound(err) {
		write = func(ctx context.Context) error { return env.Client.Create(ctx, r) }
	} else if err != nil {
		t.Fatal(err)
	}
	r.Spec = v1.AdapterStatusSpec{
		ResourceRef:        v1.ResourceReference{Kind: object.GetKind(), Name: object.GetName()},
		Adapter:            "validator",
		ObservedGeneration: object.GetGeneration(),
		ObservedTime:       v1.NewTimestamp(time.Now()),
		Conditions:         []v1.AdapterCondition{{Type: v1.AvailableCondition, Status: available, Reason: "Reported"}},
	}
	for _, other := range others {
		r.Spec.Conditions = append(r.Spec.Conditions, v1.AdapterCondition{Type: other, Status: metav1.ConditionTrue, Message: "Ask for more quota"})
	}
	if err := write(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// await reads the object until its status is about its generation and the condition has
// the wanted status and reason.
func await(t *testing.T, object *unstructured.Unstructured, conditionType, want string) {
	t.Helper()
	got := "nothing"
	poll(t, func(ctx context.Context) (bool, error) {
		if err := env.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return false, err
		}
		observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
		conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
		for _, c := range conditions {
			if c := c.(map[string]any); c["type"] == conditionType {
				got = fmt.Sprint(c["status"], " ", c["reason"])
			}
		}
		return got == want && observed == object.GetGeneration(), nil
	}, func() string {
		return fmt.Sprintf("%s of %s is %s, want %s", conditionType, object.GetName(), got, want)
	})
}

func awaitGone(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	poll(t, func(ctx context.Context) (bool, error) {
		err := env.Client.Get(ctx, client.ObjectKeyFromObject(object), object)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	}, func() string { return object.GetName() + " is still there" })
}

// poll calls done until it is true. The limit is for a test that fails.
func poll(t *testing.T, done wait.ConditionWithContextFunc, failure func() string) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 5*time.Minute, true, done); err != nil {
		t.Fatalf("%s: %v", failure(), err)
	}
}
