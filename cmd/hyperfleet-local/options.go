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
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
	"github.com/hyperfleet-io/hyperfleet/test/process"
)

type options struct {
	dir, assets, kustomization string
	managerProgram             string
	adapters, user             string
	authenticate               bool
	etcdPort, apiServerPort    int
	facade, probes, metrics    string
	managerArgs                []string

	// stall is how long the manager's start may make no progress. Progress is
	// printed once per reportInterval.
	stall, reportInterval time.Duration
}

// Flags that name a port. The error about a port in use names them, too.
const (
	etcdPortFlag      = "etcd-port"
	apiServerPortFlag = "apiserver-port"
	facadeFlag        = "facade-address"
	probesFlag        = "probe-address"
	metricsFlag       = "metrics-address"
)

func parseOptions(args []string) (options, error) {
	o := options{stall: 2 * time.Minute, reportInterval: process.ReportInterval}
	flags := flag.NewFlagSet("hyperfleet-local", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: hyperfleet-local [flags] [-- flags of the manager]")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.dir, "dir", ".local", "folder for data, credentials and logs")
	flags.StringVar(&o.assets, "assets", os.Getenv("KUBEBUILDER_ASSETS"), "folder of etcd, kube-apiserver and kubectl; the default is $KUBEBUILDER_ASSETS")
	flags.StringVar(&o.kustomization, "kustomization", "config/local", "kustomization to apply before the manager starts")
	flags.StringVar(&o.managerProgram, "manager", "bin/hyperfleet-manager", "the manager's binary")
	flags.StringVar(&o.adapters, "adapters", "config/manager/adapters.yaml", "the manager's file of required adapters")
	flags.StringVar(&o.user, "user", "dev@hyperfleet.local", "user that REST requests are made as; the kustomization binds roles to the default")
	flags.BoolVar(&o.authenticate, "authenticate", false, "require REST requests to carry a token of the control plane (kubectl create token)")
	flags.IntVar(&o.etcdPort, etcdPortFlag, 23790, "port of etcd, on loopback")
	flags.IntVar(&o.apiServerPort, apiServerPortFlag, 16443, "port of kube-apiserver, on loopback")
	// Without -authenticate, the REST API serves every caller. It must not listen
	// on the network then.
	flags.StringVar(&o.facade, facadeFlag, "127.0.0.1:8000", "address of the REST API")
	flags.StringVar(&o.probes, probesFlag, "127.0.0.1:8080", "address of /healthz and /readyz")
	flags.StringVar(&o.metrics, metricsFlag, "127.0.0.1:9090", "address of /metrics")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.managerArgs = flags.Args()
	if o.assets == "" {
		return options{}, errors.New("-assets is required if KUBEBUILDER_ASSETS is not set")
	}
	for _, l := range o.listeners() {
		if _, _, err := net.SplitHostPort(l.address); err != nil {
			return options{}, fmt.Errorf("-%s: %w", l.flag, err)
		}
	}
	return o, nil
}

func (o options) controlPlane() controlplane.Config {
	return controlplane.Config{Dir: o.dir, Assets: o.assets, EtcdPort: o.etcdPort, APIServerPort: o.apiServerPort}
}

// listener is an address that a process of this command listens on.
type listener struct {
	what, flag, address string
}

func (o options) listeners() []listener {
	loopback := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	return []listener{
		{controlplane.EtcdName, etcdPortFlag, loopback(o.etcdPort)},
		{controlplane.APIServerName, apiServerPortFlag, loopback(o.apiServerPort)},
		{"the REST API", facadeFlag, o.facade},
		{"the probes", probesFlag, o.probes},
		{"the metrics", metricsFlag, o.metrics},
	}
}
