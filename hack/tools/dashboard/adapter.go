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
	"fmt"
	"net/http"
	"time"
)

// heartbeat is the time after which an adapter repeats a report.
const heartbeat = 25 * time.Second

// adapter reports on clusters; the validator reports on nodepools, too. The adapter dns
// has faults: it fails on some clusters, never finalizes one, repeats old reports and
// sends invalid bodies.
type adapter struct {
	api      *client
	name     string
	reported map[string]last // by href
}

// last is the last report on a resource.
type last struct {
	generation int64
	sent       time.Time
}

// round lists the fleet once, and reports on each resource that needs a report.
func (a *adapter) round(ctx context.Context, round int) {
	kinds := []string{"clusters"}
	if a.name == "validator" {
		kinds = append(kinds, "nodepools")
	}
	for _, kind := range kinds {
		for _, r := range a.api.list(ctx, kind, "") {
			before, known := a.reported[r.Href]
			if known && before.generation == r.Generation && time.Since(before.sent) < heartbeat {
				continue
			}
			a.api.do(ctx, http.MethodPost, r.Href+"/statuses", a.report(r, time.Now()))
			a.reported[r.Href] = last{generation: r.Generation, sent: time.Now()}
			if a.name == "dns" && round%3 == 0 {
				a.fail(ctx, r, round)
			}
		}
	}
}

func (a *adapter) report(r resource, observed time.Time) map[string]any {
	conditions := []map[string]any{{"type": "Available", "status": "True", "reason": "Done"}}
	switch {
	case a.name == "dns" && r.Name == stuck && r.DeletedTime != "":
		conditions[0] = map[string]any{"type": "Finalized", "status": "False", "reason": "ZoneInUse"}
	case r.DeletedTime != "":
		conditions = append(conditions, map[string]any{"type": "Finalized", "status": "True", "reason": "Removed"})
	case a.name == "dns" && r.Labels[broken] != "":
		conditions[0] = map[string]any{"type": "Available", "status": "False", "reason": "ZoneMissing"}
	}
	return map[string]any{
		"adapter": a.name, "observed_generation": r.Generation, "observed_time": observed.UTC().Format(time.RFC3339Nano), "conditions": conditions,
		"data": map[string]any{"job": fmt.Sprintf("%s-%s", a.name, r.Name)},
	}
}

// fail sends a report that is discarded, and one that is refused.
func (a *adapter) fail(ctx context.Context, r resource, round int) {
	a.api.do(ctx, http.MethodPost, r.Href+"/statuses", a.report(r, time.Now().Add(-time.Hour)))
	if round%2 == 0 {
		a.api.do(ctx, http.MethodPost, r.Href+"/statuses", map[string]any{"adapter": a.name})
	}
}
