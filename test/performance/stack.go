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

const (
	managerName = "manager"
	startLimit  = time.Minute
	stopLimit   = 15 * time.Second
)

// stack is the set of measured processes, on a temporary folder.
type stack struct {
	dir     string
	plane   *controlplane.ControlPlane
	manager *process.Process
	bare    *process.Process
	ports   []int  // of facade, probes and metrics
	facade  string // host:port
	metrics string // host:port
	admin   client.WithWatch
}

// startStack starts everything but the manager. The caller stops the returned
// stack, also after an error.
func startStack(ctx context.Context, o options) (*stack, error) {
	s := &stack{}
	var err error
	if s.dir, err = os.MkdirTemp("", "hyperfleet-bench-"); err != nil {
		return s, err
	}
	ports, err := freePorts(5)
	if err != nil {
		return s, err
	}
	s.plane, err = controlplane.New(controlplane.Config{Dir: s.dir, Assets: o.assets, EtcdPort: ports[0], APIServerPort: ports[1]})
	if err != nil {
		return s, err
	}
	if err := s.plane.Start(ctx); err != nil {
		return s, err
	}
	if err := s.plane.Install(ctx, o.kustomization); err != nil {
		return s, err
	}
	if s.admin, err = newClient(s.plane); err != nil {
		return s, fmt.Errorf("client of kube-apiserver: %w", err)
	}
	if err := s.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: unwatched}}); err != nil {
		return s, err
	}
	s.ports = ports[2:]
	return s, nil
}

func newClient(plane *controlplane.ControlPlane) (client.WithWatch, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(v1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	return client.NewWithWatch(plane.RESTConfig(controlplane.Admin), client.Options{Scheme: scheme})
}

// startManager starts or restarts the manager.
func (s *stack) startManager(ctx context.Context, o options) error {
	if err := s.require(adapterNames()); err != nil {
		return err
	}
	s.facade = loopback(s.ports[0])
	var err error
	s.manager, err = process.Start(process.Spec{
		Name: managerName,
		Dir:  s.logDir(),
		Path: o.program,
		Args: append([]string{
			"manager",
			"--kubeconfig=" + s.plane.KubeconfigFile(controlplane.Manager),
			"--namespace=" + watched,
			"--adapters-config=" + s.adaptersFile(),
			"--facade-bind-address=" + s.facade,
			"--heartbeat-delay=" + o.heartbeatDelay.String(),
			"--health-probe-bind-address=" + loopback(s.ports[1]),
			"--metrics-bind-address=" + loopback(s.ports[2]),
			"--insecure-disable-authentication", "--user=dev@hyperfleet.local",
		}, o.managerArgs...),
	})
	if err != nil {
		return err
	}
	s.metrics = loopback(s.ports[2])
	loading, err := s.plane.Loading("http://" + s.metrics + "/metrics")
	if err != nil {
		return err
	}
	return process.WaitReady(ctx, s.manager, process.Wait{
		Ready:    process.HTTPProbe(http.DefaultClient, "http://"+loopback(s.ports[1])+"/readyz"),
		Stall:    startLimit,
		Progress: loading,
	})
}

func (s *stack) adaptersFile() string { return filepath.Join(s.dir, "adapters.yaml") }

// require makes these the required adapters, also of a running manager.
func (s *stack) require(names []string) error {
	next := s.adaptersFile() + ".next"
	if err := os.WriteFile(next, requiredAdapters(names), 0o600); err != nil {
		return err
	}
	return os.Rename(next, s.adaptersFile())
}

// cancelWhenOneEnds returns a context that is done once a process ends by itself.
// Its cause names the process.
func (s *stack) cancelWhenOneEnds(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	for _, p := range []*process.Process{s.plane.Etcd(), s.plane.APIServer(), s.manager} {
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

// stop stops the manager before the control plane, and removes the folder.
func (s *stack) stop() error {
	var errs []error
	for _, p := range []*process.Process{s.bare, s.manager} {
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
	pids := map[string]int{
		controlplane.EtcdName:      s.plane.Etcd().PID(),
		controlplane.APIServerName: s.plane.APIServer().PID(),
		generatorName:              os.Getpid(),
	}
	if s.manager != nil {
		pids[managerName] = s.manager.PID()
	}
	if s.bare != nil {
		pids[bareName] = s.bare.PID()
	}
	return pids
}

// freePorts returns ports of loopback that are free now.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", loopback(0))
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:gocritic // held until all are found, or one port could be returned twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
