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

package rest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest/resttest"
)

var (
	dawn   = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
	minute = func(n int) v1.Timestamp { return v1.NewTimestamp(dawn.Add(time.Duration(n) * time.Minute)) }
)

// SetUpdateTimes finds the update times by the order of the members.
func TestOrderOfMembers(t *testing.T) {
	member := func(kind reflect.Type, i int) string {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		return name
	}
	for _, kind := range []reflect.Type{reflect.TypeFor[Cluster](), reflect.TypeFor[NodePool]()} {
		if last := member(kind, kind.NumField()-1); last != "status" {
			t.Errorf("the last member of %s is %s, want status", kind, last)
		}
	}
	if first := member(reflect.TypeFor[ResourceStatus](), 0); first != "conditions" {
		t.Errorf("the first member of ResourceStatus is %s, want conditions", first)
	}
}

// Ready of a row is correct for the row's own generation, even before the reconciler has
// seen that generation. Its observed_generation follows the contract.
func TestReadyOfARow(t *testing.T) {
	r := Renderer{RequiredAdapters: func(string) []string { return []string{"dns", "validator"} }}
	deleted := metav1.NewTime(dawn)
	tests := map[string]struct {
		change         func(*v1.Cluster)
		status, reason string
		observed       int64
	}{
		"as it is stored":  {func(*v1.Cluster) {}, "True", "AsExpected", 1},
		"after a change":   {func(c *v1.Cluster) { c.Generation = 2 }, "False", v1.AdaptersNotReadyReason, 1},
		"after a deletion": {func(c *v1.Cluster) { c.Generation, c.DeletionTimestamp = 2, &deleted }, "False", v1.FinalizingReason, 1},
		"without a status": {func(c *v1.Cluster) { c.Status = v1.ResourceStatus{} }, "False", v1.AwaitingAdaptersReason, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := resttest.Cluster(1)
			test.change(cluster)
			row, err := r.Cluster(cluster)
			if err != nil {
				t.Fatal(err)
			}
			ready, _ := row.Conditions.Find(v1.ReadyCondition)
			if string(ready.Status) != test.status || ready.Reason != test.reason || ready.ObservedGeneration != test.observed {
				t.Errorf("Ready=%s %s at %d, want %s %s at %d", ready.Status, ready.Reason, ready.ObservedGeneration, test.status, test.reason, test.observed)
			}
			if want := fmt.Sprintf(`"type":"Ready","status":%q,"reason":%q`, test.status, test.reason); !strings.Contains(string(row.JSON), want) {
				t.Errorf("%s not in %s", want, row.JSON)
			}
		})
	}
}

// The patched JSON equals the rendering of an object with the new times, whatever strings
// the object contains.
func TestSetUpdateTimes(t *testing.T) {
	r := Renderer{RequiredAdapters: func(string) []string { return nil }}
	nasty := `,"status":{"conditions":[{"type":"Ready","last_updated_time":"2026-01-01T00:00:00Z"}]}`
	spec := runtime.RawExtension{Raw: []byte(`{"a":1` + nasty + `}`)}
	conditions := func(times ...time.Time) (all []v1.ResourceCondition) {
		for i, at := range times {
			all = append(all, v1.ResourceCondition{
				Type: fmt.Sprintf("T%d", i), Status: metav1.ConditionTrue, Reason: `"last_updated_time":"`, Message: nasty + `\"<ü>` + "\n",
				CreatedTime: minute(0), LastUpdatedTime: v1.NewTimestamp(at), LastTransitionTime: minute(1),
			})
		}
		return all
	}
	cluster := func(status []v1.ResourceCondition) (*fleet.Row, error) {
		return r.Cluster(&v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: resttest.Cluster(1).UID}, Spec: spec, Status: v1.ResourceStatus{Conditions: status}})
	}
	nodePool := func(status []v1.ResourceCondition) (*fleet.Row, error) {
		return r.NodePool(&v1.NodePool{
			ObjectMeta: metav1.ObjectMeta{Name: "a.b", UID: resttest.Cluster(2).UID, Labels: map[string]string{"status": nasty}},
			Spec:       v1.NodePoolSpec{ClusterName: "a", Fields: spec}, Status: v1.ResourceStatus{Conditions: status},
		})
	}
	for name, render := range map[string]func([]v1.ResourceCondition) (*fleet.Row, error){"Cluster": cluster, "NodePool": nodePool} {
		t.Run(name, func(t *testing.T) {
			before, err := render(conditions(dawn, dawn.Add(time.Nanosecond), dawn.Add(time.Millisecond)))
			if err != nil {
				t.Fatal(err)
			}
			later := conditions(dawn.Add(123456789), dawn.In(time.FixedZone("", 3600)), dawn.Add(time.Hour))
			want, err := render(later)
			if err != nil {
				t.Fatal(err)
			}
			SetUpdateTimes(before, later)
			if diff := cmp.Diff(string(want.JSON), string(before.JSON)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
			if before.Digest != want.Digest {
				t.Error("the digest is not that of the JSON")
			}
		})
	}
}
