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
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// managerVariable turns this test's binary into a manager: it takes the manager's
// flags, and becomes ready once its metrics have been read as often as the
// variable's value says.
const managerVariable = "BE_THE_MANAGER"

func TestMain(m *testing.M) {
	if os.Getenv(managerVariable) != "" {
		beManager()
	}
	ctrllog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

func beManager() {
	for _, name := range []string{"kubeconfig", "namespace", "adapters-config", "facade-bind-address", "user", "drain-delay"} {
		flag.String(name, "", "")
	}
	flag.Bool("insecure-disable-authentication", false, "")
	probes := flag.String("health-probe-bind-address", "", "")
	metrics := flag.String("metrics-bind-address", "", "")
	flag.Usage = func() {}
	flag.Parse()
	needed, err := strconv.ParseInt(os.Getenv(managerVariable), 10, 64)
	if err != nil {
		panic(err)
	}
	var loaded atomic.Int64
	ready := func(w http.ResponseWriter, _ *http.Request) {
		if loaded.Load() < needed {
			http.Error(w, "the index is still loading", http.StatusInternalServerError)
			return
		}
	}
	http.HandleFunc("/readyz", ready)
	http.HandleFunc("/readyz/fleet-index", ready)
	http.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE hyperfleet_index_objects gauge\nhyperfleet_index_objects{collection=\"clusters\"} %d\n", loaded.Add(1))
	})
	go func() { panic(http.ListenAndServe(*metrics, nil)) }()
	panic(http.ListenAndServe(*probes, nil))
}

// TestRun ends one run in order, and kills each of a run's processes.
func TestRun(t *testing.T) {
	t.Setenv(managerVariable, "0")
	o := newOptions(t)

	t.Run("ends when asked, and refuses company before", func(t *testing.T) {
		r := startRun(t, o)
		var running *process.RunningError
		if err := run(t.Context(), o, io.Discard); !errors.As(err, &running) || running.PID != os.Getpid() {
			t.Errorf("a second run returned %v, want a RunningError of this process", err)
		}
		r.cancel()
		if err := <-r.ended; err != nil {
			t.Errorf("run() = %v, want none", err)
		}
		wantNothingRunning(t, o)
	})

	for _, name := range []string{managerName, controlplane.APIServerName, controlplane.EtcdName} {
		t.Run("ends when it loses "+name, func(t *testing.T) {
			r := startRun(t, o)
			if err := syscall.Kill(recordedPID(t, o, name), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			var exit *process.ExitError
			if err := <-r.ended; !errors.As(err, &exit) || exit.Name != name {
				t.Errorf("run() = %v, want an ExitError of %s", err, name)
			}
			wantNothingRunning(t, o)
		})
	}

	t.Run("waits for a manager that loads slowly", func(t *testing.T) {
		o := o
		o.reportInterval = 100 * time.Millisecond
		t.Setenv(managerVariable, "3")
		r := startRun(t, o)
		r.cancel()
		if err := <-r.ended; err != nil {
			t.Errorf("run() = %v, want none", err)
		}
		for _, progress := range []string{"s: 1 of 0 clusters, ", "s: 2 of 0 clusters, ", "s: 3 of 0 clusters, "} {
			if out := r.out.String(); !strings.Contains(out, progress) {
				t.Errorf("the output lacks %q:\n%s", progress, out)
			}
		}
	})

	t.Run("ends when the manager does not start", func(t *testing.T) {
		o := o
		o.managerArgs = []string{"--no-such-flag"}
		err := run(t.Context(), o, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
			t.Errorf("run() = %v, want the manager's own words", err)
		}
		wantNothingRunning(t, o)
	})
}

// running is a run that has printed that it is ready.
type running struct {
	cancel context.CancelFunc
	ended  chan error
	out    *notifier
}

func startRun(t *testing.T, o options) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r := running{cancel: cancel, ended: make(chan error, 1), out: &notifier{text: "HyperFleet runs", seen: make(chan struct{})}}
	go func() { r.ended <- run(ctx, o, r.out) }()
	select {
	case <-r.out.seen:
	case err := <-r.ended:
		t.Fatalf("run() = %v before it was ready", err)
	case <-time.After(2 * time.Minute):
		t.Fatal("not ready after two minutes")
	}
	return r
}

// notifier keeps what is written to it, and closes a channel when the string is
// written.
type notifier struct {
	strings.Builder
	text string
	seen chan struct{}
}

func (n *notifier) Write(b []byte) (int, error) {
	if strings.Contains(string(b), n.text) {
		close(n.seen)
	}
	return n.Builder.Write(b)
}

func wantNothingRunning(t *testing.T, o options) {
	t.Helper()
	for _, name := range []string{managerName, controlplane.APIServerName, controlplane.EtcdName} {
		if err := syscall.Kill(recordedPID(t, o, name), 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s still runs (%v)", name, err)
		}
	}
}

func recordedPID(t *testing.T, o options, name string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(o.controlPlane().LogDir(), name+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func newOptions(t *testing.T) options {
	t.Helper()
	const repository = "../.."
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(repository, "bin", "controlplane")
	}
	o, err := parseOptions([]string{
		"-assets=" + assets,
		"-dir=" + t.TempDir(),
		"-manager=" + os.Args[0],
		"-kustomization=" + filepath.Join(repository, "config", "local"),
		"-etcd-port=" + freePort(t),
		"-apiserver-port=" + freePort(t),
		"-facade-address=127.0.0.1:" + freePort(t),
		"-probe-address=127.0.0.1:" + freePort(t),
		"-metrics-address=127.0.0.1:" + freePort(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
