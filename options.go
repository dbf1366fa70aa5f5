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
	"time"

	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	"github.com/hyperfleet-io/hyperfleet/internal/serving"
)

type options struct {
	namespace      string
	adaptersFile   string
	metricsAddress string
	probeAddress   string
	leaderElect    bool
	leaseNamespace string
	lease          leaseTimes
	concurrency    int
	heartbeatDelay time.Duration
	maxStaleness   time.Duration
	user           string
	serving        serving.Options
	delegation     serving.Delegation
	facade         facade.Options
	log            zap.Options
}

func (o *options) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.namespace, "namespace", "default", "The namespace whose clusters, nodepools and reports are served.")
	flags.StringVar(&o.adaptersFile, "adapters-config", "", "The YAML file that lists the required adapters by Kind. It is read again when it changes.")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":9090", "Where metrics are served; 0 turns them off.")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8080", "Where /healthz and /readyz are served.")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "Let only one replica reconcile. Every replica serves REST.")
	flags.StringVar(&o.leaseNamespace, "leader-election-namespace", "hyperfleet-system", "The namespace of the leader's lease.")
	o.lease.bind(flags)
	flags.IntVar(&o.concurrency, "max-concurrent-reconciles", 8, "How many objects of a Kind are reconciled at a time.")
	flags.DurationVar(&o.heartbeatDelay, "heartbeat-delay", 5*time.Second, "How long reports that change nothing but times are gathered at most before one write of the status takes them in; 0 writes each at once. The REST API shows them at once.")
	flags.StringVar(&o.user, "user", "", "The user that every REST request is made as, where authentication is off.")
	flags.StringVar(&o.facade.BindAddress, "facade-bind-address", ":8000", "Where the REST API is served.")
	flags.IntVar(&o.facade.PageSize, "page-size", 20, "How many items a page of a list has where a request does not say, 1 to 1000.")
	flags.DurationVar(&o.facade.SlowRequest, "slow-request", 2*time.Second, "How long a REST request takes at least that is logged as slow; 0 logs none.")
	flags.DurationVar(&o.facade.WriteVisibility, "write-visibility", 5*time.Second, "How long the answer to a REST write waits at most until reads show the write.")
	o.facade.Limits.BindFlags(flags)
	flags.DurationVar(&o.facade.DrainDelay, "drain-delay", 10*time.Second, "How long REST requests are served on, when the process is told to end and /readyz fails already.")
	flags.DurationVar(&o.maxStaleness, "max-staleness", 30*time.Second, "How far behind the API server reads may be; a replica that is further behind is not ready and refuses them. 0 for any.")
	o.serving.BindFlags(flags)
	o.delegation.BindFlags(flags)
	o.log.BindFlags(flags)
}

// check fails where options contradict each other or are not safe.
func (o *options) check() error {
	if o.adaptersFile == "" {
		return errors.New("--adapters-config is required: the file of required adapters")
	}
	if o.serving.Unauthenticated != (o.user != "") {
		return errors.New("--user and --insecure-disable-authentication belong together: with authentication, callers say who they are")
	}
	if o.log.Level != nil && o.log.Level.Enabled(bodiesLevel) {
		return errors.New("--zap-log-level is too verbose: from 8 on, client-go may log requests with their bodies, and so bearer tokens under review")
	}
	return o.serving.Check(o.facade.BindAddress, o.metricsAddress)
}

// bodiesLevel is that of client-go's logs of requests' bodies.
const bodiesLevel = zapcore.Level(-8)
