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
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

func main() {
	ctrllog.SetLogger(logr.Discard()) // failures are returned as errors
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		err = runUntilSignalled(o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func runUntilSignalled(o options) error {
	// A terminal that is closed sends SIGHUP.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return run(ctx, o, os.Stdout)
}

// run returns nil when the context ends it, and an error when a process does not
// start or ends by itself. No process that it started still runs when it returns.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	lock, err := process.AcquireLock(o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := stopLeftovers(o, out); err != nil {
		return err
	}
	if err := checkPorts(o.listeners()); err != nil {
		return err
	}
	plane, err := controlplane.New(o.controlPlane())
	if err != nil {
		return err
	}
	local := &local{options: o, out: out, plane: plane}
	defer func() {
		if ctx.Err() != nil {
			fmt.Fprintln(out, "Stopping")
			err = nil
		}
		err = errors.Join(err, local.stop())
	}()
	if err := local.start(ctx); err != nil {
		return err
	}
	local.welcome()
	return local.wait(ctx)
}

func stopLeftovers(o options, out io.Writer) error {
	plane := o.controlPlane()
	// The manager stops first, as in an orderly stop: it needs the control plane
	// to end well.
	manager, err := process.StopLeftovers(plane.LogDir(), managerStopLimit, managerName)
	if err != nil {
		return err
	}
	others, err := controlplane.StopLeftovers(plane)
	if found := slices.Concat(manager, others); len(found) > 0 {
		fmt.Fprintf(out, "Stopped processes of an earlier run: %s\n", strings.Join(found, ", "))
	}
	return err
}

// local is one run.
type local struct {
	options
	out     io.Writer
	plane   *controlplane.ControlPlane
	manager *process.Process
}

func (l *local) start(ctx context.Context) error {
	began := time.Now()
	fmt.Fprintln(l.out, "Starting etcd and kube-apiserver")
	if err := l.plane.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(l.out, "Applying %s\n", l.kustomization)
	if err := l.plane.Install(ctx, l.kustomization); err != nil {
		return err
	}
	fmt.Fprintln(l.out, "Starting the manager")
	if err := l.startManager(ctx); err != nil {
		return err
	}
	fmt.Fprintf(l.out, "Ready after %s\n", time.Since(began).Round(100*time.Millisecond))
	return nil
}

// wait returns nil once the context is done, and an error as soon as one of the
// processes ends by itself.
func (l *local) wait(ctx context.Context) error {
	var ended *process.Process
	select {
	case <-ctx.Done():
		return nil
	case <-l.manager.Done():
		ended = l.manager
	case <-l.plane.APIServer().Done():
		ended = l.plane.APIServer()
	case <-l.plane.Etcd().Done():
		ended = l.plane.Etcd()
	}
	return ended.Exited()
}

// stop stops the manager while kube-apiserver still takes its writes, and
// kube-apiserver while etcd still stores them.
func (l *local) stop() error {
	var err error
	if l.manager != nil {
		err = l.manager.Stop(managerStopLimit)
	}
	return errors.Join(err, l.plane.Stop())
}

func (l *local) welcome() {
	base := l.facadeURL() + "/api/hyperfleet/v1"
	kubectl := filepath.Join(l.assets, "kubectl")
	token := ""
	if l.authenticate {
		token = fmt.Sprintf(` -H "Authorization: Bearer $(%s create token dev)"`, kubectl)
	}
	fmt.Fprintf(l.out, `
HyperFleet runs. Ctrl-C stops it and keeps its data in %[1]s.

  REST API    %[2]s
  kubeconfig  %[3]s
  logs        %[4]s

Create a cluster over REST, and read it with kubectl:

  export KUBECONFIG=%[3]s
  curl -s %[2]s/clusters%[6]s -H 'Content-Type: application/json' \
    -d '{"kind":"Cluster","name":"my-cluster","spec":{},"labels":{"environment":"production"}}'

  %[5]s get clusters.hyperfleet

`, l.dir, base, l.plane.KubeconfigFile(controlplane.Admin), l.controlPlane().LogDir(), kubectl, token)
}
