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
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestLife takes a Cluster through its life: the adapter reports on it once, again for a
// new generation but not for a new status, and finalizes it.
func TestLife(t *testing.T) {
	namespace := newNamespace(t)
	var calls, removed atomic.Int32
	broken := make(chan error, 1)
	broken <- errors.New("the zone is locked")
	start(t, namespace, Options{MaxAgeNotReady: time.Hour}, func(_ context.Context, parent hyperfleetv1.Parent) (Report, error) {
		select {
		case err := <-broken:
			return Report{}, err
		default:
		}
		calls.Add(1)
		return Report{Status: metav1.ConditionTrue, Reason: "Done", Data: map[string]string{"name": parent.GetName()}}, nil
	}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
		removed.Add(1)
		return Report{Status: metav1.ConditionTrue, Reason: "Removed"}, nil
	})
	cluster := create(t, namespace, "my-cluster", nil)
	stored := waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return statusOf(s, "Available") == "True" })
	if want := `{"name":"my-cluster"}`; string(stored.Data.Raw) != want || stored.ResourceRef.UID != cluster.UID {
		t.Errorf("report has the data %s and the UID %s, want %s and %s", stored.Data.Raw, stored.ResourceRef.UID, want, cluster.UID)
	}

	// The controller would write a status after a report. The event of the following
	// change of the spec comes after that of the status: if the status woke the adapter,
	// there would be one more call before.
	cluster.Status.Ready = metav1.ConditionTrue
	if err := env.Client.Status().Update(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	cluster.Spec.Raw = []byte(`{"region":"us-east"}`)
	if err := env.Client.Update(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return s.ObservedGeneration == cluster.Generation })
	if got := calls.Load(); got != 2 {
		t.Errorf("the adapter was called %d times, want once for each of 2 generations", got)
	}

	if err := env.Client.Delete(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	stored = waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return statusOf(s, "Finalized") == "True" })
	if stored.ObservedGeneration != cluster.Generation+1 || statusOf(*stored, "Available") != "False" || statusOf(*stored, "Health") != "True" {
		t.Errorf("last report is %+v, want generation %d with Available=False and Health=True", stored, cluster.Generation+1)
	}
	if removed.Load() == 0 {
		t.Error("the Cluster was reported as finalized without a call of Finalize")
	}
}

// TestReportsOfEarlierInstances writes a report after one that an instance with another
// clock left, or that is about another generation or another parent of the name.
func TestReportsOfEarlierInstances(t *testing.T) {
	cases := map[string]struct {
		ahead  time.Duration
		before func(parent *hyperfleetv1.Cluster) // changes what the earlier report is about
		refuse bool
		stale  bool // the refusal is not an error of the adapter
	}{
		"behind":           {ahead: -time.Minute},
		"a bit ahead":      {ahead: 4 * time.Minute},
		"far ahead":        {ahead: time.Hour, refuse: true},
		"without a UID":    {ahead: -time.Minute, before: func(c *hyperfleetv1.Cluster) { c.UID = "" }},
		"newer generation": {ahead: -time.Minute, before: func(c *hyperfleetv1.Cluster) { c.Generation++ }, refuse: true, stale: true},
		"of a predecessor": {ahead: -time.Minute, before: func(c *hyperfleetv1.Cluster) {
			c.UID = "00000000-0000-4000-8000-000000000001"
			c.Generation = 7
		}, refuse: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cluster := create(t, newNamespace(t), "my-cluster", nil)
			now := time.Now()
			parent := cluster.DeepCopy()
			if c.before != nil {
				c.before(parent)
			}
			if err := doorAt(now.Add(c.ahead)).write(t.Context(), parent, conditions(false, Report{Status: metav1.ConditionFalse}, nil), nil); err != nil {
				t.Fatal(err)
			}
			err := doorAt(now).write(t.Context(), cluster, conditions(false, Report{Status: metav1.ConditionTrue}, nil), nil)
			if refused := err != nil; refused != c.refuse || errors.Is(err, errStale) != c.stale {
				t.Errorf("the next report is answered %v, want a refusal: %t, because it is stale: %t", err, c.refuse, c.stale)
			}
			if want := map[bool]metav1.ConditionStatus{false: "True", true: "False"}[c.refuse]; statusOf(*report(t, cluster), "Available") != want {
				t.Errorf("the stored report is %+v, want Available=%s", report(t, cluster), want)
			}
		})
	}
}

// doorAt returns a door with a clock that does not move.
func doorAt(now time.Time) *kubernetesDoor {
	clock := clocktesting.NewFakePassiveClock(now)
	return &kubernetesDoor{adapter: "dns", kind: hyperfleetv1.ClusterKind, api: env.Client, clock: clock, skew: newSkew("dns", clock)}
}

func TestSelectorAndDryRun(t *testing.T) {
	namespace := newNamespace(t)
	reports := &lines{got: make(chan string, 10)}
	start(t, namespace, Options{Selector: labels.SelectorFromSet(labels.Set{"shard": "1"}), DryRun: reports}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
		return Report{Status: metav1.ConditionTrue}, nil
	}, nil)
	create(t, namespace, "another", map[string]string{"shard": "2"})
	mine := create(t, namespace, "my-cluster", map[string]string{"shard": "1"})
	select {
	case text := <-reports.got:
		if !strings.Contains(text, "name: my-cluster.dns\n") {
			t.Errorf("the first report is %s, want one on my-cluster", text)
		}
	case <-time.After(5 * time.Minute):
		t.Fatal("no report was printed")
	}
	if err := env.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "my-cluster.dns"}, &hyperfleetv1.AdapterStatus{}); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("get the report on %s: %v, want that a dry run writes none", mine.Name, err)
	}
}

func TestSetupRefuses(t *testing.T) {
	for name, a := range map[string]Adapter{
		"Name":      {Kinds: []string{"Cluster"}, Reconcile: func(context.Context, hyperfleetv1.Parent) (Report, error) { return Report{}, nil }},
		"Kind":      {Name: "dns", Kinds: []string{"Node"}},
		"Reconcile": {Name: "dns", Kinds: []string{"Cluster"}},
	} {
		if err := a.SetupWithManager(nil, Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("setup = %v, want a refusal that mentions %s", err, name)
		}
	}
}

// lines sends what is written into a channel.
type lines struct{ got chan string }

func (l *lines) Write(b []byte) (int, error) {
	l.got <- string(bytes.Clone(b))
	return len(b), nil
}
