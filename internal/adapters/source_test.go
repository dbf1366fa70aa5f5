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
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

var (
	_ manager.Runnable               = &Source{}
	_ manager.LeaderElectionRunnable = &Source{}
)

// patience bounds a wait that succeeds at once if all is well.
const patience = 5 * time.Minute

const (
	onlyDNS    = "requiredAdapters: {Cluster: [dns]}\n"
	dnsAndMore = "requiredAdapters: {Cluster: [validator, dns], NodePool: [validator]}\n"
	dnsKeeps   = "requiredAdapters: {Cluster: [{name: dns, finalizes: false}]}\n"
	dnsMapped  = onlyDNS + "conditions: {Cluster: [{type: A, when: 'true', output: {status: '\"True\"', reason: '\"B\"', message: '\"C\"'}}]}\n"
	broken     = "requiredAdapters:\n  Cluster: [DNS]\n"
)

func TestNewSource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adapters.yaml")
	if _, err := NewSource(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("NewSource without a file: %v", err)
	}
	write(t, path, broken)
	if _, err := NewSource(path); err == nil || !strings.HasPrefix(err.Error(), path+":2: requiredAdapters.Cluster[0]: ") {
		t.Errorf("NewSource of a bad file: %v", err)
	}
	write(t, path, dnsAndMore)
	s, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	wantRequired(t, s, "Cluster", "dns", "validator")
	wantRequired(t, s, "NodePool", "validator")
	wantRequired(t, s, "AdapterStatus")
	if diff := cmp.Diff([]string{"dns", "validator"}, s.Finalizing("Cluster")); diff != "" {
		t.Errorf("Finalizing(Cluster) (-want +got):\n%s", diff)
	}
	if s.NeedLeaderElection() {
		t.Error("the file is read by the leader only")
	}
}

// TestShippedConfiguration: the file that the manifests mount is valid, with and
// without the example in its comments.
func TestShippedConfiguration(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "config", "manager", "adapters.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "adapters.yaml")
	write(t, path, string(content))
	s, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	wantRequired(t, s, "Cluster", "dns", "hypershift", "pullsecret", "validator")
	wantRequired(t, s, "NodePool", "hypershift", "validator")

	_, example, _ := strings.Cut(string(content), "\n# conditions:\n")
	write(t, path, string(content)+"conditions:\n"+strings.ReplaceAll("\n"+example, "\n# ", "\n"))
	if s, err = NewSource(path); err != nil {
		t.Fatal(err)
	}
	conditions, failures := s.Mapping("Cluster").Evaluate(mapping.Input{Reports: []mapping.Report{{
		Adapter:    "hypershift",
		Conditions: []v1.AdapterCondition{{Type: "Health", Status: "True"}},
		Data:       []byte(`{"nodes":{"ready":3}}`),
	}}})
	want := []mapping.Condition{{Type: "ControlPlaneHealthy", Status: "True", Reason: "ReportedByHypershift", Message: "Nodes: 3"}}
	if diff := cmp.Diff(want, conditions); diff != "" || len(failures) > 0 {
		t.Errorf("mapped conditions (-want +got):\n%s%v", diff, failures)
	}
}

func TestReload(t *testing.T) {
	tests := map[string]struct {
		// set up returns the path to read, and how its content is replaced.
		setUp func(t *testing.T) (path string, replace func(content string))
	}{
		"written in place": {func(t *testing.T) (string, func(string)) {
			path := filepath.Join(t.TempDir(), "adapters.yaml")
			return path, func(content string) { write(t, path, content) }
		}},
		"renamed over, as editors do": {func(t *testing.T) (string, func(string)) {
			path := filepath.Join(t.TempDir(), "adapters.yaml")
			return path, func(content string) {
				write(t, path+"~", content)
				rename(t, path+"~", path)
			}
		}},
		"link swapped, as a ConfigMap volume does": {func(t *testing.T) (string, func(string)) {
			dir := t.TempDir()
			path := filepath.Join(dir, "adapters.yaml")
			link(t, filepath.Join("..data", "adapters.yaml"), path)
			return path, func(content string) {
				version, err := os.MkdirTemp(dir, "..version_")
				if err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(version, "adapters.yaml"), content)
				old, _ := os.Readlink(filepath.Join(dir, "..data"))
				link(t, filepath.Base(version), filepath.Join(dir, "..data_tmp"))
				rename(t, filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))
				if old != "" {
					if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path, replace := test.setUp(t)
			replace(onlyDNS)
			r := start(t, path, time.Hour) // events only
			replace(dnsAndMore)
			r.wait(t, r.changed, "a change")
			wantRequired(t, r.source, "Cluster", "dns", "validator")
			wantRequired(t, r.source, "NodePool", "validator")

			replace(broken)
			r.waitForLog(t, path+":2: requiredAdapters.Cluster[0]: ")
			wantRequired(t, r.source, "Cluster", "dns", "validator")

			replace(onlyDNS)
			r.wait(t, r.changed, "a change")
			wantRequired(t, r.source, "Cluster", "dns")
			wantRequired(t, r.source, "NodePool")
		})
	}
}

func TestReloadWithoutEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	path := filepath.Join(dir, "adapters.yaml")
	mkdir(t, dir)
	write(t, path, onlyDNS)
	source, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	r := run(t, source, time.Millisecond)
	r.waitForLog(t, "Cannot watch the directory")
	r.waitForLog(t, "configuration not reloaded")
	wantRequired(t, r.source, "Cluster", "dns")

	mkdir(t, dir)
	write(t, path+"~", dnsAndMore)
	rename(t, path+"~", path)
	r.wait(t, r.changed, "a change")
	wantRequired(t, r.source, "Cluster", "dns", "validator")
}

func TestReloadBetweenNewSourceAndStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adapters.yaml")
	write(t, path, onlyDNS)
	source, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, dnsAndMore)
	r := run(t, source, time.Hour)
	r.wait(t, r.changed, "a change")
	wantRequired(t, r.source, "Cluster", "dns", "validator")
}

// Each step calls reload as Start's goroutine does, so that the test can be certain of
// what does not happen.
func TestReloadCallsBackAndLogsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adapters.yaml")
	write(t, path, onlyDNS)
	s, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	s.OnChange(func() { calls++ })
	s.OnChange(func() { calls++ })

	steps := []struct {
		name      string
		content   string // empty: no file
		wantCalls int
		wantLogs  int
	}{
		{"the same", onlyDNS, 0, 0},
		{"other text, same lists", "requiredAdapters: {NodePool: [], Cluster: ['dns']}", 0, 0},
		{"another order", dnsAndMore, 2, 1},
		{"bad", broken, 2, 2},
		{"as bad as before", broken, 2, 2},
		{"bad in another way", "requiredAdapters:\n\n  Cluster: [DNS]\n", 2, 3},
		{"valid again", dnsAndMore, 2, 4},
		{"gone", "", 2, 5},
		{"still gone", "", 2, 5},
		{"back", dnsAndMore, 2, 6},
		{"none required", "requiredAdapters: {}", 4, 7},
		{"one", onlyDNS, 6, 8},
		{"it does not finalize", dnsKeeps, 8, 9},
		{"it does, by another text", "requiredAdapters: {Cluster: [{name: dns, finalizes: true}]}", 10, 10},
		{"a mapped condition", dnsMapped, 12, 11},
		{"the same condition", dnsMapped + "# unchanged\n", 12, 11},
		{"another message", strings.ReplaceAll(dnsMapped, "C\"", "D\""), 14, 12},
	}
	logs := 0
	log := funcr.New(func(_, _ string) { logs++ }, funcr.Options{})
	for _, step := range steps {
		if step.content == "" {
			_ = os.Remove(path)
		} else {
			write(t, path, step.content)
		}
		s.reload(log)
		if calls != step.wantCalls || logs != step.wantLogs {
			t.Errorf("%s: %d calls and %d logs, want %d and %d", step.name, calls, logs, step.wantCalls, step.wantLogs)
		}
	}
}

// TestReloadTakesEffectAtOnce: the whole content of the file changes at once.
func TestReloadTakesEffectAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adapters.yaml")
	write(t, path, dnsKeeps)
	s, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Finalizing("Cluster"); got != nil {
		t.Errorf("Finalizing(Cluster) = %v, want none", got)
	}
	if conditions, _ := s.Mapping("Cluster").Evaluate(mapping.Input{}); conditions != nil {
		t.Errorf("mapped conditions %v, want none", conditions)
	}
	s.OnChange(func() {
		wantRequired(t, s, "Cluster", "dns")
		if diff := cmp.Diff([]string{"dns"}, s.Finalizing("Cluster")); diff != "" {
			t.Errorf("Finalizing(Cluster) (-want +got):\n%s", diff)
		}
		want := []mapping.Condition{{Type: "A", Status: "True", Reason: "B", Message: "C"}}
		got, _ := s.Mapping("Cluster").Evaluate(mapping.Input{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mapped conditions (-want +got):\n%s", diff)
		}
	})
	write(t, path, dnsMapped)
	s.reload(logr.Discard())
	if s.Finalizing("Cluster") == nil {
		t.Error("the file was not reloaded")
	}
}

// running is a Source that follows its file.
type running struct {
	source  *Source
	changed chan struct{}
	logged  chan struct{}

	mu   sync.Mutex
	logs []string
}

// start reads the file and follows it.
func start(t *testing.T, path string, poll time.Duration) *running {
	t.Helper()
	source, err := NewSource(path)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, source, poll)
}

// run follows the file until the test ends. During all this time it also reads the Source
// concurrently.
func run(t *testing.T, source *Source, poll time.Duration) *running {
	t.Helper()
	source.poll = poll
	r := &running{source: source, changed: make(chan struct{}, 100), logged: make(chan struct{}, 1)}
	source.OnChange(func() { r.changed <- struct{}{} })
	ctx, cancel := context.WithCancel(logf.IntoContext(t.Context(), r.logger()))
	var done sync.WaitGroup
	done.Go(func() {
		if err := source.Start(ctx); err != nil {
			t.Errorf("Start: %v", err)
		}
	})
	done.Go(func() {
		for ctx.Err() == nil {
			source.Required("Cluster")
			time.Sleep(time.Millisecond)
		}
	})
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	return r
}

func (r *running) logger() logr.Logger {
	return funcr.New(func(_, args string) {
		r.mu.Lock()
		r.logs = append(r.logs, args)
		r.mu.Unlock()
		select {
		case r.logged <- struct{}{}:
		default:
		}
	}, funcr.Options{})
}

func (r *running) wait(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		r.mu.Lock()
		defer r.mu.Unlock()
		t.Fatalf("no %s within %s, logs:\n%s", what, patience, strings.Join(r.logs, "\n"))
	}
}

func (r *running) waitForLog(t *testing.T, text string) {
	t.Helper()
	for {
		r.mu.Lock()
		found := strings.Contains(strings.Join(r.logs, "\n"), text)
		r.mu.Unlock()
		if found {
			return
		}
		r.wait(t, r.logged, "log of "+text)
	}
}

func wantRequired(t *testing.T, s *Source, kind string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.Required(kind)); diff != "" {
		t.Errorf("Required(%s) (-want +got):\n%s", kind, diff)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}
