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

package clocks

import (
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/hyperfleet-io/hyperfleet/client/testenv"
)

// TestLatest compares clocks with that of a real API server.
func TestLatest(t *testing.T) {
	env, err := testenv.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	clock := clocktesting.NewFakePassiveClock(time.Now())
	c := NewComparison(clock, env.Client)
	steps := []struct {
		name     string
		set      time.Duration // this process's clock, relative to the API server's
		ahead    time.Duration // the latest time, relative to the API server's
		compared bool
	}{
		{"equal clocks", 0, 0, true},
		{"set back by an hour", -time.Hour, 0, true},
		{"half a minute later", -time.Hour + 30*time.Second, 30 * time.Second, false},
		{"set ahead by two hours", time.Hour, time.Hour, true},
		{"half a minute later, and right again", 0, 0, true},
	}
	for _, step := range steps {
		now, before := time.Now(), c.at
		clock.SetTime(now.Add(step.set))
		got, err := c.Latest(t.Context(), "default")
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if off := got.Sub(now) - step.ahead; off.Abs() > 20*time.Second {
			t.Errorf("%s: the latest time is %s off", step.name, off)
		}
		if compared := !c.at.Equal(before); compared != step.compared {
			t.Errorf("%s: the API server was asked: %t, want %t", step.name, compared, step.compared)
		}
	}
	if _, err := c.Latest(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	c.at = time.Time{}
	if _, err := c.Latest(t.Context(), "missing"); err == nil {
		t.Error("the time of a namespace that does not exist")
	}
}
