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
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

const (
	managerName      = "manager"
	managerStopLimit = 15 * time.Second
)

func (l *local) startManager(ctx context.Context) error {
	manager, err := process.Start(process.Spec{
		Name: managerName,
		Dir:  l.controlPlane().LogDir(),
		Path: l.managerProgram,
		Args: slices.Concat([]string{
			"--kubeconfig=" + l.plane.KubeconfigFile(controlplane.Manager),
			"--namespace=default",
			"--adapters-config=" + l.adapters,
			"--facade-bind-address=" + l.facade,
			"--health-probe-bind-address=" + l.probes,
			"--metrics-bind-address=" + l.metrics,
			"--drain-delay=0", // there is no load balancer to wait for
		}, l.authentication(), l.managerArgs),
	})
	if err != nil {
		return err
	}
	l.manager = manager
	loading, err := l.plane.Loading(localURL(l.metrics) + "/metrics")
	if err != nil {
		return err
	}
	return process.WaitReady(ctx, manager, process.Wait{
		Ready:    process.HTTPProbe(http.DefaultClient, l.readinessURLs()...),
		Stall:    l.stall,
		Progress: loading,
		Interval: l.reportInterval,
		Report: func(p process.Progress, waited time.Duration) {
			fmt.Fprintf(l.out, "Loading for %s: %s\n", waited.Round(time.Second), p.Text)
		},
	})
}

// readinessURLs names the check of the index before the aggregate of all checks.
// The manager logs each failure of the aggregate, and its answer withholds the
// reason.
func (l *local) readinessURLs() []string {
	all := localURL(l.probes) + "/readyz"
	return []string{all + "/fleet-index", all}
}

func (l *local) authentication() []string {
	if l.authenticate {
		return nil
	}
	return []string{"--insecure-disable-authentication", "--user=" + l.user}
}

func (l *local) facadeURL() string { return localURL(l.facade) }

// localURL returns the URL at which this machine reaches a listener's address.
func localURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
