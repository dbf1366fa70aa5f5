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

package e2e

import (
	"net/http"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// A shape is a way to run HyperFleet.
type shape string

const (
	// oneProcess is hyperfleet server.
	oneProcess shape = "server"
	// besideAPIServer is hyperfleet manager with a kube-apiserver and an etcd.
	besideAPIServer shape = "manager"
)

// inBothShapes runs a test in both shapes. The test must not depend on the shape.
func inBothShapes(t *testing.T, test func(t *testing.T, f *fleet)) {
	for _, s := range []shape{oneProcess, besideAPIServer} {
		t.Run(string(s), func(t *testing.T) { test(t, newFleet(t, s)) })
	}
}

// A fleet is a running HyperFleet.
type fleet struct {
	shape                 shape
	dir                   string
	kubernetes            string // address of the Kubernetes API
	rest, probes, scraped string // addresses of REST, probes and metrics
	authenticate          bool   // callers need credentials
	token                 string // of the caller, if the fleet authenticates
	plane                 *controlplane.ControlPlane
	ownsPlane             bool             // false if it shares another replica's
	process               *process.Process // the manager or the server
}

// newFleet chooses a folder and ports. The fleet is stopped when the test ends.
func newFleet(t *testing.T, s shape) *fleet {
	t.Helper()
	address := func() string { return "127.0.0.1:" + strconv.Itoa(process.PortFor(t)) }
	f := &fleet{shape: s, dir: t.TempDir(), kubernetes: address(), rest: address(), probes: address(), scraped: address()}
	t.Cleanup(func() {
		if f.process != nil {
			if err := f.process.Stop(stopLimit); err != nil {
				t.Error(err)
			}
		}
		if f.ownsPlane {
			if err := f.plane.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

const (
	stopLimit = time.Minute

	// writeVisibility is how long a write over REST may wait until reads show it. Tests read
	// what they have written. By default, the write would be answered earlier on a machine
	// that is very busy.
	writeVisibility = "--write-visibility=25s"
)

// start starts the fleet with additional flags, and returns when it is ready.
func (f *fleet) start(t *testing.T, flags ...string) {
	t.Helper()
	args := []string{string(f.shape)}
	if f.shape == besideAPIServer {
		f.startControlPlane(t)
		args = append(args, "--kubeconfig="+f.plane.KubeconfigFile(controlplane.Manager), "--drain-delay=0",
			"--adapters-config="+filepath.Join(root(), "config", "manager", "adapters.yaml"))
	} else {
		args = f.serverFlags()
	}
	f.launch(t, append(args, flags...))
	ready := process.HTTPProbe(http.DefaultClient, "http://"+f.probes+"/readyz")
	if err := process.WaitReady(t.Context(), f.process, process.Wait{Ready: ready, Stall: waitLimit(t)}); err != nil {
		t.Fatalf("the fleet did not start: %v", err)
	}
}

func (f *fleet) serverFlags() []string {
	return []string{string(oneProcess), "--data-dir=" + f.dir, "--kubernetes-bind-address=" + f.kubernetes, "--log-file=" + f.logFile()}
}

// launch starts the program. The flags of listeners are the same in both shapes.
func (f *fleet) launch(t *testing.T, args []string) {
	t.Helper()
	args = append(args, "--facade-bind-address="+f.rest, "--health-probe-bind-address="+f.probes, "--metrics-bind-address="+f.scraped, writeVisibility)
	if !f.authenticate {
		args = append(args, "--insecure-disable-authentication", "--user=dev@hyperfleet.local")
	}
	started, err := process.Start(process.Spec{Name: string(f.shape), Dir: filepath.Join(f.dir, "output"), Path: filepath.Join(bin, "hyperfleet"), Args: args})
	if err != nil {
		t.Fatal(err)
	}
	f.process = started
}

func (f *fleet) startControlPlane(t *testing.T) {
	t.Helper()
	if f.plane != nil {
		return
	}
	f.startBareControlPlane(t)
	if err := f.plane.Install(t.Context(), filepath.Join(root(), "config", "local")); err != nil {
		t.Fatal(err)
	}
}

// startBareControlPlane starts a control plane with the data in the fleet's folder, and
// installs nothing.
func (f *fleet) startBareControlPlane(t *testing.T) {
	t.Helper()
	apiServerPort, err := strconv.Atoi(f.kubernetes[len("127.0.0.1:"):])
	if err != nil {
		t.Fatal(err)
	}
	if f.plane, err = controlplane.New(controlplane.Config{Dir: f.dir, Assets: assets(), EtcdPort: process.PortFor(t), APIServerPort: apiServerPort}); err != nil {
		t.Fatal(err)
	}
	f.ownsPlane = true
	if err := f.plane.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// kubectlProgram is the shape's own kubectl: the server has it built in.
func (f *fleet) kubectlProgram() string {
	if f.shape == oneProcess {
		return filepath.Join(bin, "kubectl")
	}
	return filepath.Join(assets(), "kubectl")
}

// logFile is the log of the manager or of the server.
func (f *fleet) logFile() string {
	if f.shape == oneProcess {
		return filepath.Join(f.dir, "log", "server.log")
	}
	return filepath.Join(f.dir, "output", string(f.shape)+".log")
}

// stop sends a signal and waits until the process has ended.
func (f *fleet) stop(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := f.process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	f.awaitEnd(t, "after signal "+signal.String())
}

// awaitEnd waits until the process has ended.
func (f *fleet) awaitEnd(t *testing.T, why string) {
	t.Helper()
	limit := waitLimit(t)
	select {
	case <-f.process.Done():
	case <-time.After(limit):
		t.Fatalf("it still runs after %s, %s", limit, why)
	}
}
