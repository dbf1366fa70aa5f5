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

package controllers

import (
	"testing"
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

func TestStatusDelay(t *testing.T) {
	tests := map[string]struct {
		pending []string // adapters
		want    time.Duration
	}{
		"not pending":            {want: gatherDelay},
		"the only pending one":   {pending: []string{"dns"}, want: 0},
		"one of several":         {pending: []string{"dns", "validator"}, want: gatherLimit},
		"another one is pending": {pending: []string{"validator"}, want: gatherLimit},
	}
	report := func(adapter string) *v1.AdapterStatus {
		return finding{Kind: v1.ClusterKind, Name: "alpha", Adapter: adapter}.report("default")
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pending := &replica.PendingReports{}
			for _, adapter := range test.pending {
				pending.Begin(report(adapter))
			}
			if got := statusDelay(pending, report("dns")); got != test.want {
				t.Errorf("statusDelay() = %s, want %s", got, test.want)
			}
		})
	}
}
