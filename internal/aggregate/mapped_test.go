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

package aggregate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// TestMapped follows a mapped condition from its first report to its end.
func TestMapped(t *testing.T) {
	in := input(1, nil, report("dns", 1, yes, 10))
	in.Confirmed = true
	step := func(mapped ...aggregate.Mapped) (status, message string, updated, transition time.Time) {
		t.Helper()
		in.Mapped = mapped
		in.Previous = aggregate.Conditions(in)
		for _, c := range in.Previous {
			if c.Type == "Healthy" {
				if c.ObservedGeneration != in.Generation {
					t.Errorf("observedGeneration %d, want %d", c.ObservedGeneration, in.Generation)
				}
				return string(c.Status), c.Message, c.LastUpdatedTime.Time, c.LastTransitionTime.Time
			}
		}
		return "", "", time.Time{}, time.Time{}
	}
	healthy := aggregate.Mapped{Type: "Healthy", Status: yes, Reason: "Nodes", Message: "3 nodes"}
	first := in.Reports[0].Observed
	if status, message, updated, since := step(healthy); status != "True" || message != "3 nodes" || !updated.Equal(first) || !since.Equal(first) {
		t.Errorf("first: %s %q updated %s since %s", status, message, updated, since)
	}

	in.Reports[0].Observed = first.Add(time.Minute)
	if _, _, updated, since := step(healthy); !updated.Equal(first.Add(time.Minute)) || !since.Equal(first) {
		t.Errorf("a heartbeat: updated %s since %s", updated, since)
	}

	in.Now = in.Now.Add(time.Hour)
	healthy.Status, healthy.Message = no, strings.Repeat("n", 10_000)
	if status, message, _, since := step(healthy); status != "False" || len(message) > 1024 || !since.Equal(in.Now) {
		t.Errorf("a transition: %s, %d bytes, since %s", status, len(message), since)
	}
	if status, _, _, _ := step(); status != "" {
		t.Errorf("no rule applies: %s", status)
	}
}
