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
	"context"
	"flag"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestLeaderElection runs two processes of an adapter. The second one makes calls only
// after the first one has ended.
func TestLeaderElection(t *testing.T) {
	namespace := newNamespace(t)
	cluster := create(t, namespace, "my-cluster", nil)
	var calls [2]atomic.Int32
	elected := func(i int) (stop func()) {
		return startConfig(t, Config{LeaderElect: true, LeaderElectionNamespace: namespace, Namespace: namespace}, func(context.Context, hyperfleetv1.Parent) (Report, error) {
			calls[i].Add(1)
			return Report{Status: metav1.ConditionTrue}, nil
		}, nil)
	}
	stop := elected(0)
	waitForReport(t, cluster, func(hyperfleetv1.AdapterStatusSpec) bool { return true })
	elected(1)
	cluster.Spec.Raw = []byte(`{"region":"us-east"}`)
	if err := env.Client.Update(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	waitForReport(t, cluster, func(s hyperfleetv1.AdapterStatusSpec) bool { return s.ObservedGeneration == cluster.Generation })
	if calls[0].Load() < 2 || calls[1].Load() > 0 {
		t.Errorf("the leader was called %d times and the other process %d times, want 2 and 0", calls[0].Load(), calls[1].Load())
	}
	stop()
	waitFor(t, "a call of the other process", func() bool { return calls[1].Load() > 0 })
}

func TestFlags(t *testing.T) {
	cases := map[string]struct {
		args []string
		want func(c Config) bool
		fail string // part of the error
	}{
		"none":        {want: func(c Config) bool { return c.Selector == nil && c.DryRun == nil && c.Concurrency == 1 }},
		"a selector":  {args: []string{"-selector=shard in (1,2),!old"}, want: func(c Config) bool { return c.Selector.String() == "!old,shard in (1,2)" }},
		"no selector": {args: []string{"-selector=a b"}, fail: "selector"},
		"a dry run":   {args: []string{"-dry-run"}, want: func(c Config) bool { return c.DryRun != nil }},
		"no dry run":  {args: []string{"-dry-run", "-dry-run=false"}, want: func(c Config) bool { return c.DryRun == nil }},
		"ages": {args: []string{"-max-age-ready=1h", "-max-age-not-ready=1m"}, want: func(c Config) bool {
			return c.MaxAgeReady == time.Hour && c.MaxAgeNotReady == time.Minute
		}},
		"REST": {args: []string{"-server=https://hyperfleet.example.com", "-token-file=token"}, want: func(c Config) bool {
			return c.Server == "https://hyperfleet.example.com" && c.TokenFile == "token"
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var config Config
			flags := flag.NewFlagSet("adapter", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			config.BindFlags(flags)
			err := flags.Parse(c.args)
			if c.fail != "" {
				if err == nil || !strings.Contains(err.Error(), c.fail) {
					t.Errorf("parse %q: %v, want an error with %q", c.args, err, c.fail)
				}
				return
			}
			if err != nil || !c.want(config) {
				t.Errorf("parse %q: %+v, %v", c.args, config, err)
			}
		})
	}
}

// TestRunRefuses runs adapters that cannot work.
func TestRunRefuses(t *testing.T) {
	a := Adapter{Name: "dns", Kinds: []string{hyperfleetv1.ClusterKind}, Reconcile: func(context.Context, hyperfleetv1.Parent) (Report, error) { return Report{}, nil }}
	for name, c := range map[string]Config{
		"leader election": {LeaderElect: true, Server: "http://localhost"},
		"no such file":    {Server: "https://localhost", CAFile: "missing.crt"},
	} {
		if err := Run(t.Context(), a, c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("run with %+v: %v, want a refusal that mentions %q", c, err, name)
		}
	}
}
