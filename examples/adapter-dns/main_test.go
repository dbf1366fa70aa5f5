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

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/client/adapter"
	"github.com/hyperfleet-io/hyperfleet/client/adapter/adaptertest"
	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

// TestReconcile calls the adapter's functions without an API server.
func TestReconcile(t *testing.T) {
	cases := map[string]struct {
		spec   string
		status metav1.ConditionStatus
		reason string
		zone   []string // parts that the zone must have
	}{
		"both": {
			spec: `{"dns":{"api":["192.0.2.1"],"ingress":["192.0.2.2","2001:db8::2"]}}`, status: "True", reason: "RecordsWritten",
			zone: []string{"api.my-cluster.example.com.\t300\tIN\tA\t192.0.2.1", "*.apps.my-cluster.example.com.\t300\tIN\tA\t192.0.2.2", "*.apps.my-cluster.example.com.\t300\tIN\tAAAA\t2001:db8::2"},
		},
		"an IPv4 address in IPv6": {
			spec: `{"dns":{"api":["::ffff:192.0.2.1"]}}`, status: "True", reason: "RecordsWritten",
			zone: []string{"api.my-cluster.example.com.\t300\tIN\tA\t192.0.2.1"},
		},
		"nothing":               {spec: `{"region":"us-east"}`, status: "True", reason: "RecordsWritten"},
		"no address":            {spec: `{"dns":{"api":["here"]}}`, status: "False", reason: "InvalidSpec"},
		"an empty address":      {spec: `{"dns":{"api":[""]}}`, status: "False", reason: "InvalidSpec"},
		"an address of a link":  {spec: `{"dns":{"api":["fe80::1%eth0"]}}`, status: "False", reason: "InvalidSpec"},
		"no list":               {spec: `{"dns":{"api":{}}}`, status: "False", reason: "InvalidSpec"},
		"a name that is in use": {spec: `{"dns":{"api":["192.0.2.1"]}}`, status: "False", reason: "NameTaken"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "zone.db")
			a := newAdapter(&Zone{Origin: "example.com", File: file})
			if c.reason == "NameTaken" {
				other := adaptertest.Cluster("my-cluster", adaptertest.Namespace("other"), adaptertest.Spec(c.spec))
				if report, err := a.Reconcile(t.Context(), other); err != nil || report.Status != metav1.ConditionTrue {
					t.Fatalf("the first Cluster: %+v, %v", report, err)
				}
			}
			report, err := a.Reconcile(t.Context(), adaptertest.Cluster("my-cluster", adaptertest.Spec(c.spec)))
			if err != nil || report.Status != c.status || report.Reason != c.reason {
				t.Fatalf("report %+v, %v, want %s (%s)", report, err, c.status, c.reason)
			}
			if stalled := len(report.Conditions) == 1 && report.Conditions[0].Type == hyperfleetv1.StalledCondition; stalled != (c.status == "False") {
				t.Errorf("the report has the conditions %v, want Stalled only for a fault of the spec", report.Conditions)
			}
			zone := read(file)
			for _, part := range c.zone {
				if !strings.Contains(zone, part) {
					t.Errorf("the zone lacks %q:\n%s", part, zone)
				}
			}
		})
	}
}

// TestLife runs the adapter at a real API server.
func TestLife(t *testing.T) {
	ctrl.SetLogger(klog.NewKlogr())
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
	file := filepath.Join(t.TempDir(), "zone.db")
	done := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	go func() {
		done <- adapter.Run(running, newAdapter(&Zone{Origin: "example.com", File: file}), adapter.Config{Kubernetes: env.Config})
	}()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	cluster := &hyperfleetv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "my-cluster"}}
	cluster.Spec.Raw = []byte(`{"dns":{"api":["192.0.2.1"]}}`)
	if err := env.Client.Create(ctx, cluster); err != nil {
		t.Fatal(err)
	}
	const record = "api.my-cluster.example.com.\t300\tIN\tA\t"
	waitForReport(ctx, t, env, hyperfleetv1.AvailableCondition, 1)
	if zone := read(file); !strings.Contains(zone, record+"192.0.2.1") {
		t.Errorf("the zone lacks the record:\n%s", zone)
	}
	cluster.Spec.Raw = []byte(`{"dns":{"api":["192.0.2.9"]}}`)
	if err := env.Client.Update(ctx, cluster); err != nil {
		t.Fatal(err)
	}
	waitForReport(ctx, t, env, hyperfleetv1.AvailableCondition, 2)
	if zone := read(file); !strings.Contains(zone, record+"192.0.2.9") || strings.Contains(zone, "192.0.2.1") {
		t.Errorf("the zone does not have the new record alone:\n%s", zone)
	}
	if err := env.Client.Delete(ctx, cluster); err != nil {
		t.Fatal(err)
	}
	waitForReport(ctx, t, env, hyperfleetv1.FinalizedCondition, 3)
	if zone := read(file); strings.Contains(zone, "my-cluster") {
		t.Errorf("the zone has records of a Cluster that was finalized:\n%s", zone)
	}
}

// waitForReport waits until the adapter reports a condition as True at a generation.
func waitForReport(ctx context.Context, t *testing.T, env *testenv.Env, condition string, generation int64) {
	t.Helper()
	report := &hyperfleetv1.AdapterStatus{}
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := env.Client.Get(ctx, client.ObjectKey{Namespace: "default", Name: "my-cluster.dns"}, report); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		for _, c := range report.Spec.Conditions {
			if c.Type == condition && c.Status == metav1.ConditionTrue && report.Spec.ObservedGeneration == generation {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		t.Fatalf("wait for %s at generation %d: %v; the last report is %+v", condition, generation, err, report.Spec)
	}
}

func read(file string) string {
	content, _ := os.ReadFile(file) // empty if there is none
	return string(content)
}
