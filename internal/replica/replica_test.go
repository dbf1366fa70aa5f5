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

package replica

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	restclient "k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest/resttest"
)

// newOffline returns a Replica that cannot reach an API server, and its clock.
func newOffline(t *testing.T, maxStaleness time.Duration) (*Replica, *clocktesting.FakePassiveClock) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	clock := clocktesting.NewFakePassiveClock(dawn)
	r, err := New(&restclient.Config{Host: "http://127.0.0.1:1"}, scheme, Options{
		Namespace: "default", RequiredAdapters: func(string) []string { return nil }, MaxStaleness: maxStaleness, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, clock
}

func fill(t *testing.T, c Collection, rows ...*fleet.Row) {
	t.Helper()
	if err := c.Index.Replace(rows, "1"); err != nil {
		t.Fatal(err)
	}
}

func TestCheckCurrent(t *testing.T) {
	type step struct {
		name string
		do   func(r *Replica, clock *clocktesting.FakePassiveClock)
		want error
	}
	fillAll := func(r *Replica, _ *clocktesting.FakePassiveClock) {
		for _, c := range r.collections() {
			fill(t, *c)
		}
	}
	proveAll := func(r *Replica, clock *clocktesting.FakePassiveClock) {
		for _, c := range r.collections() {
			c.Index.Prove(clock.Now())
		}
	}
	wait := func(d time.Duration) func(*Replica, *clocktesting.FakePassiveClock) {
		return func(_ *Replica, clock *clocktesting.FakePassiveClock) { clock.SetTime(clock.Now().Add(d)) }
	}
	tests := map[string]struct {
		maxStaleness time.Duration
		steps        []step
	}{
		"with a limit": {time.Minute, []step{
			{"nothing", func(*Replica, *clocktesting.FakePassiveClock) {}, &LoadingError{Collection: "clusters"}},
			{"one is filled", func(r *Replica, _ *clocktesting.FakePassiveClock) {
				fill(t, r.Clusters.Collection)
				r.Clusters.Index.Prove(dawn)
			}, &LoadingError{Collection: "nodepools"}},
			{"all are filled", fillAll, &StaleError{Collection: "nodepools", NeverProven: true, Limit: time.Minute}},
			{"all are proven", proveAll, nil},
			{"at the limit", wait(time.Minute), nil},
			{"past the limit", wait(time.Second), &StaleError{Collection: "clusters", Staleness: 61 * time.Second, Limit: time.Minute}},
			{"proven again", proveAll, nil},
		}},
		"without a limit": {0, []step{
			{"nothing", func(*Replica, *clocktesting.FakePassiveClock) {}, &LoadingError{Collection: "clusters"}},
			{"all are filled", fillAll, nil},
			{"much later", wait(1000 * time.Hour), nil},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, clock := newOffline(t, test.maxStaleness)
			for _, step := range test.steps {
				step.do(r, clock)
				got := r.CheckCurrent()
				if stale, ok := errors.AsType[*StaleError](got); ok && stale.NeverProven {
					stale.Staleness = 0 // means nothing
				}
				if diff := cmp.Diff(step.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", step.name, diff)
				}
			}
		})
	}
}

func TestLoadingWithoutAPIServer(t *testing.T) {
	r, _ := newOffline(t, 0)
	if got, want := r.Loading(t.Context()), "0 clusters, 0 nodepools, 0 statuses"; got != want {
		t.Errorf("Loading() = %q, want %q", got, want)
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"the index of clusters is still loading":                                              &LoadingError{Collection: "clusters"},
		"the index of statuses was never compared with the API server, where 1m0s is allowed": &StaleError{Collection: "statuses", NeverProven: true, Limit: time.Minute},
		"the index of statuses is up to 1m2s behind the API server, where 1m0s is allowed":    &StaleError{Collection: "statuses", Staleness: 61600 * time.Millisecond, Limit: time.Minute},
		"the index of clusters is loading again: the API server has gone back from resourceVersion 9 to 7: its store was restored to an older revision": &StaleError{
			Collection: "clusters", Restored: &feed.RestoredError{Held: 9, Current: 7},
		},
		`this replica does not know yet what has id "2abc"`: &NotArrivedError{ID: "2abc"},
	} {
		if got := err.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

func TestCollector(t *testing.T) {
	for _, names := range []aggregate.ConditionNames{aggregate.BothNames, aggregate.FirstNames, aggregate.NewerNames} {
		t.Run(string(names), func(t *testing.T) { testCollector(t, names) })
	}
}

func testCollector(t *testing.T, names aggregate.ConditionNames) {
	r, clock := newOffline(t, 0)
	r.options.ConditionNames, r.Renderer.ConditionNames = names, names
	r.options.StuckAfter = 5 * time.Second
	elected := make(chan struct{})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(r.Collector(elected))
	expect := func(what string, want map[string]int) {
		t.Helper()
		got := map[string]int{}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				got[family.GetName()] += int(metric.GetGauge().GetValue())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: sums by metric (-want +got):\n%s", what, diff)
		}
	}
	expect("an empty replica", map[string]int{})

	var rows []*fleet.Row
	for n := range 5 {
		cluster := resttest.Cluster(n)
		cluster.Status = v1.ResourceStatus{} // the renderer computes the conditions
		if n == 0 {
			cluster.DeletionTimestamp = new(metav1.NewTime(dawn))
		}
		if n == 1 {
			cluster.DeletionTimestamp = new(metav1.NewTime(dawn.Add(3 * time.Second)))
		}
		row, err := r.Renderer.Cluster(cluster)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	fill(t, r.Clusters.Collection, rows...)
	r.Clusters.Index.Prove(dawn)
	clock.SetTime(dawn.Add(7 * time.Second))
	follower := map[string]int{"hyperfleet_index_objects": 5, "hyperfleet_index_staleness_seconds": 7}
	expect("a replica that does not lead", follower)

	close(elected)
	leader := map[string]int{"hyperfleet_resources": 5, "hyperfleet_resources_terminating": 2, "hyperfleet_resources_stuck": 1, "hyperfleet_resources_deleting_seconds": 7}
	for name, value := range follower {
		leader[name] = value
	}
	expect("the leader", leader)
	r.options.StuckAfter, leader["hyperfleet_resources_stuck"] = 0, 0
	expect("a leader that takes no deletion for stuck", leader)
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
