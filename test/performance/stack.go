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
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// Namespaces. The manager watches only the first one. Writes to the second one
// cost only what the API server needs.
const (
	watched   = "default"
	unwatched = "bench-unwatched"
)

// Shapes, and the names of their processes.
const (
	managerName = "manager" // with an API server and etcd as separate processes
	serverName  = "server"  // all in one
)

const (
	startLimit = 3 * time.Minute
	stopLimit  = 15 * time.Second
)

// stack is the set of measured processes, on a temporary folder.
type stack struct {
	dir     string
	name    string                     // of the program: a shape
	plane   *controlplane.ControlPlane // nil in the server
	running *process.Process           // the manager or the server
	bare    *process.Process
	ports   []int        // of facade, probes, metrics, the API server and etcd
	facade  string       // host:port
	metrics string       // host:port
	config  *rest.Config // of an administrator
	admin   client.WithWatch
}

// startStack starts the control plane, or the server, of which the manager is a part. The
// caller stops the returned stack, also after an error.
func startStack(ctx context.Context, o options) (*stack, error) {
	s := &stack{name: o.shape}
	var err error
	if s.dir, err = os.MkdirTemp("", "hyperfleet-bench-"); err != nil {
		return s, err
	}
	if s.ports, err = freePorts(5); err != nil {
		return s, err
	}
	if s.name == serverName {
		err = s.start(ctx, o)
	} else {
		err = s.startControlPlane(ctx, o)
	}
	if err != nil {
		return s, err
	}
	if err := s.connect(); err != nil {
		return s, fmt.Errorf("client of the API server: %w", err)
	}
	return s, s.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: unwatched}})
}

func (s *stack) startControlPlane(ctx context.Context, o options) error {
	var err error
	s.plane, err = controlplane.New(controlplane.Config{Dir: s.dir, Assets: o.assets, EtcdPort: s.ports[4], APIServerPort: s.ports[3]})
	if err != nil {
		return err
	}
	if err := s.plane.Start(ctx); err != nil {
		return err
	}
	return s.plane.Install(ctx, o.kustomization)
}

// connect makes the client of an administrator.
func (s *stack) connect() error {
	var err error
	if s.name == serverName {
		if s.config, err = clientcmd.BuildConfigFromFlags("", filepath.Join(s.dir, "data", "kubeconfig")); err != nil {
			return err
		}
		s.config.QPS = -1
	} else {
		s.config = s.plane.RESTConfig(controlplane.Admin)
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(v1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		return err
	}
	s.admin, err = client.NewWithWatch(s.config, client.Options{Scheme: scheme})
	return err
}

// start starts or restarts the program: the manager, or the server.
func (s *stack) start(ctx context.Context, o options) error {
	if err := s.require(adapterNames()); err != nil {
		return err
	}
	s.facade, s.metrics = loopback(s.ports[0]), loopback(s.ports[2])
	args := []string{s.name}
	if s.name == serverName {
		args = append(args, "--data-dir="+filepath.Join(s.dir, "data"), "--kubernetes-bind-address="+loopback(s.ports[3]))
	} else {
		args = append(args, "--kubeconfig="+s.plane.KubeconfigFile(controlplane.Manager))
	}
	args = append(args,
		"--namespace="+watched,
		"--adapters-config="+s.adaptersFile(),
		"--facade-bind-address="+s.facade,
		"--heartbeat-delay="+o.heartbeatDelay.String(),
		"--health-probe-bind-address="+loopback(s.ports[1]),
		"--metrics-bind-address="+s.metrics,
		"--insecure-disable-authentication", "--user=dev@hyperfleet.local",
	)
	var err error
	s.running, err = process.Start(process.Spec{Name: s.name, Dir: s.logDir(), Path: o.program, Args: append(args, o.programArgs...)})
	if err != nil {
		return err
	}
	wait := process.Wait{Ready: process.HTTPProbe(http.DefaultClient, "http://"+loopback(s.ports[1])+"/readyz"), Stall: startLimit}
	if s.plane == nil {
		wait.Stall = fillLimit // nothing observes the server's progress
	} else if wait.Progress, err = s.plane.Loading("http://" + s.metrics + "/metrics"); err != nil {
		return err
	}
	return process.WaitReady(ctx, s.running, wait)
}

func (s *stack) adaptersFile() string { return filepath.Join(s.dir, "adapters.yaml") }

// require sets the required adapters, also of a running manager.
func (s *stack) require(names []string) error {
	next := s.adaptersFile() + ".next"
	if err := os.WriteFile(next, requiredAdapters(names), 0o600); err != nil {
		return err
	}
	return os.Rename(next, s.adaptersFile())
}

// cancelWhenOneEnds returns a context that is done once a process ends on its own. Its
// cause names the process.
func (s *stack) cancelWhenOneEnds(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	processes := []*process.Process{s.running}
	if s.plane != nil {
		processes = append(processes, s.plane.Etcd(), s.plane.APIServer())
	}
	for _, p := range processes {
		go func() {
			select {
			case <-ctx.Done():
			case <-p.Done():
				cancel(p.Exited())
			}
		}()
	}
	return ctx, func() { cancel(nil) }
}

// stop stops the program before the control plane, and removes the folder.
func (s *stack) stop() error {
	var errs []error
	for _, p := range []*process.Process{s.bare, s.running} {
		if p != nil {
			errs = append(errs, p.Stop(stopLimit))
		}
	}
	if s.plane != nil {
		errs = append(errs, s.plane.Stop())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

func (s *stack) logDir() string { return filepath.Join(s.dir, "log") }

// pids returns the processes whose CPU time and memory count.
func (s *stack) pids() map[string]int {
	pids := map[string]int{generatorName: os.Getpid()}
	if s.plane != nil {
		pids[controlplane.EtcdName], pids[controlplane.APIServerName] = s.plane.Etcd().PID(), s.plane.APIServer().PID()
	}
	if s.running != nil {
		pids[s.name] = s.running.PID()
	}
	if s.bare != nil {
		pids[bareName] = s.bare.PID()
	}
	return pids
}

// freePorts returns ports of loopback that are free now, and that no outgoing connection
// takes before the programs listen on them, or while a program restarts.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		var err error
		if ports[i], err = process.FreePort(); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
