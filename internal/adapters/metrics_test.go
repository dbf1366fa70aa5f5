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

package adapters

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

// TestReloadMetrics makes the file invalid, and valid again.
func TestReloadMetrics(t *testing.T) {
	file := filepath.Join(t.TempDir(), "adapters.yaml")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = "requiredAdapters:\n  Cluster: [dns]\n"
	write(good)
	source, err := NewSource(file)
	if err != nil {
		t.Fatal(err)
	}
	start := reloads(t)
	for _, step := range []struct {
		content                       string
		succeeded, failed, successful float64
	}{
		{good, 0, 0, 1},
		{"requiredAdapters: [", 0, 1, 0},
		{"requiredAdapters: [", 0, 1, 0},
		{good, 1, 1, 1},
		{"requiredAdapters:\n  Cluster: [dns, validator]\n", 2, 1, 1},
	} {
		write(step.content)
		source.reload(logr.Discard())
		got := reloads(t)
		if got["success"]-start["success"] != step.succeeded || got["failure"]-start["failure"] != step.failed || got[""] != step.successful {
			t.Errorf("after %q: %v, before all: %v", step.content, got, start)
		}
	}
}

// reloads returns the reloads by result, and as "" whether the last one succeeded.
func reloads(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := ctrlmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		switch family.GetName() {
		case "hyperfleet_required_adapters_reloads_total":
			for _, m := range family.Metric {
				values[m.Label[0].GetValue()] = m.GetCounter().GetValue()
			}
		case "hyperfleet_required_adapters_last_reload_successful":
			values[""] = family.Metric[0].GetGauge().GetValue()
		}
	}
	return values
}
