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

package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if slow := os.Getenv(slowStartVariable); slow != "" {
		startSlowly(slow)
	}
	os.Exit(m.Run())
}

// shell starts a shell script.
func shell(t *testing.T, dir, script string) *Process {
	t.Helper()
	p, err := Start(Spec{Name: "sleeper", Dir: dir, Path: "/bin/sh", Args: []string{"-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

const sleeps = "exec sleep 600"

func TestExitedShowsTheEndOfTheLog(t *testing.T) {
	p := shell(t, t.TempDir(), "for i in $(seq 100); do echo line $i; done; exit 7")
	<-p.Done()
	err := p.Exited()
	var exit *ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("Exited() = %v, want an ExitError", err)
	}
	if lines := strings.Split(exit.Log, "\n"); len(lines) != tailLines || lines[0] != "line 51" || lines[tailLines-1] != "line 100" {
		t.Errorf("log is %q, want lines 51 to 100", exit.Log)
	}
	for _, want := range []string{"sleeper", "exit status 7", exit.LogFile} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not mention %q", err, want)
		}
	}
}

func TestRunningProcessHasNotExited(t *testing.T) {
	if err := shell(t, t.TempDir(), sleeps).Exited(); err != nil {
		t.Error(err)
	}
}

func TestStartRefusesASecondProcessOfTheName(t *testing.T) {
	dir := t.TempDir()
	shell(t, dir, sleeps)
	_, err := Start(Spec{Name: "sleeper", Dir: dir, Path: "/bin/sh", Args: []string{"-c", sleeps}})
	if err == nil || !strings.Contains(err.Error(), "running already") {
		t.Errorf("Start() = %v, want a refusal", err)
	}
}

func TestStartAgainKeepsTheLogBefore(t *testing.T) {
	dir := t.TempDir()
	<-shell(t, dir, "echo first").Done()
	<-shell(t, dir, "echo second").Done()
	for name, want := range map[string]string{"sleeper.previous.log": "first\n", "sleeper.log": "second\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestStop(t *testing.T) {
	cases := map[string]struct {
		script string
		before func(*testing.T, *Process)
		limit  time.Duration
		want   string // how the process ended
	}{
		"ends when asked":           {script: sleeps, limit: patience, want: "signal: terminated"},
		"does not end when asked":   {script: "trap '' TERM; echo armed; while :; do sleep 1; done", limit: time.Second, want: "signal: killed"},
		"is frozen":                 {script: "echo armed; " + sleeps, before: freeze, limit: time.Second, want: "signal: killed"},
		"has ended already":         {script: "exit 0", before: func(_ *testing.T, p *Process) { <-p.Done() }, limit: patience, want: "exit status 0"},
		"has a child that lives on": {script: "sleep 600 & echo armed; wait", limit: patience, want: "signal: terminated"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := shell(t, t.TempDir(), c.script)
			if strings.Contains(c.script, "armed") {
				waitFor(t, func() bool { return strings.Contains(tail(p.spec.LogFile(), 1), "armed") })
			}
			if c.before != nil {
				c.before(t, p)
			}
			began := time.Now()
			if err := p.Stop(c.limit); err != nil {
				t.Fatal(err)
			}
			took, killed := time.Since(began), c.want == "signal: killed"
			if killed && took < c.limit {
				t.Errorf("Stop killed the process after %s, want a wait of %s", took, c.limit)
			}
			if !killed && took >= c.limit {
				t.Errorf("Stop took %s, want less than the limit of %s", took, c.limit)
			}
			var exit *ExitError
			if err := p.Exited(); !errors.As(err, &exit) || exit.State != c.want {
				t.Errorf("Exited() = %v, want %s", err, c.want)
			}
			waitFor(t, func() bool { return errors.Is(syscall.Kill(-p.PID(), 0), syscall.ESRCH) })
		})
	}
}

// freeze suspends the process, and waits until it has stopped: of two pending signals,
// the kernel delivers SIGTERM first.
func freeze(t *testing.T, p *Process) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
}

// patience bounds the waits for what must happen, on a busy machine.
const patience = 2 * time.Minute

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}
