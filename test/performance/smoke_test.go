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
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bareCommand { // the bare handler is this binary
		if err := serveBare(os.Args[2:]); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestBench measures a small fleet in each shape. Its figures are not meaningful.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	build := exec.Command("make", "build", "BIN="+bin)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build HyperFleet: %v\n%s", err, out)
	}
	for _, shape := range []string{managerName, serverName} {
		t.Run(shape, func(t *testing.T) { testBench(t, shape, root, bin) })
	}
}

func testBench(t *testing.T, shape, root, bin string) {
	o := options{
		shape: shape, clusters: 48, writes: 10, runs: 1, concurrency: 4, duration: 50 * time.Millisecond, heartbeatDelay: time.Second,
		patience:      2 * time.Minute,
		assets:        assets(root),
		program:       filepath.Join(bin, "hyperfleet"),
		kustomization: filepath.Join(root, "config", "local"),
		ranges:        "ranges.yaml",
		programArgs:   []string{"--write-visibility=25s"}, // or a busy machine has invisible reports
		out:           filepath.Join(t.TempDir(), "bench", "http"),
	}
	if shape == serverName {
		o.profile = filepath.Join(t.TempDir(), "cpu.pprof")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	if err := bench(ctx, o, t.Output()); err != nil {
		t.Fatal(err)
	}
	if o.profile != "" {
		checkProfile(t, o.profile)
	}
	text, err := os.ReadFile(o.out + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var result Result
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range result.Runs[0].Scenarios {
		names = append(names, s.Name)
		if s.Requests == 0 || s.Errors > 0 {
			t.Errorf("%s: %d requests, %d errors: %s", s.Name, s.Requests, s.Errors, s.Fault)
		}
	}
	want := scenarioNames()
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("scenarios %q, want %q", names, want)
	}
	for name, count := range result.Runs[0].Counts {
		if count > 0 {
			t.Errorf("%s is %d", name, count)
		}
	}
}

// checkProfile checks that a profile has samples of the REST API and of the API server.
func checkProfile(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := profile.ParseData(content)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hyperfleet/internal/facade.", "k8s.io/apiserver/"} {
		if !slices.ContainsFunc(recorded.Function, func(f *profile.Function) bool { return strings.Contains(f.Name, name) }) {
			t.Errorf("the profile has %d samples, and none of %s", len(recorded.Sample), name)
		}
	}
}

func assets(root string) string {
	if folder := os.Getenv("KUBEBUILDER_ASSETS"); folder != "" {
		return folder
	}
	return filepath.Join(root, "bin", "controlplane")
}
