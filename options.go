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

	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/facade"
	contract "github.com/hyperfleet-io/hyperfleet/internal/rest"
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
	stuckAfter     time.Duration
	maxStaleness   time.Duration
	conditionNames aggregate.ConditionNames
	user           string
	identityDomain string
	serving        serving.Options
	delegation     serving.Delegation
	facade         facade.Options
	log            zap.Options
}

// leaseTimes are the times of leader election. client-go refuses inconsistent values.
type leaseTimes struct {
	duration, renewDeadline, retryPeriod time.Duration
}

// newOptions returns the default options. Errors are logged without stack traces, because
// error messages name their origin.
func newOptions() *options {
	return &options{log: zap.Options{StacktraceLevel: zapcore.PanicLevel}}
}

func (o *options) bind(flags *flag.FlagSet) {
	flags.StringVar(&o.namespace, "namespace", "default", "Namespace whose Clusters, NodePools and AdapterStatuses the manager serves.")
	flags.StringVar(&o.adaptersFile, "adapters-config", "", "YAML file with the required adapters and mapped conditions of each Kind. The manager reads it again when it changes.")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", ":9090", "Address of the metrics endpoint; 0 disables it.")
	flags.StringVar(&o.probeAddress, "health-probe-bind-address", ":8080", "Address of /healthz and /readyz.")
	flags.IntVar(&o.concurrency, "max-concurrent-reconciles", 8, "Maximum number of objects of a Kind to reconcile concurrently.")
	flags.DurationVar(&o.heartbeatDelay, "heartbeat-delay", 5*time.Second, "Maximum time until kubectl and watches see a heartbeat. Heartbeats are batched for four fifths of this time into one status write; 0 writes each immediately. The REST API shows heartbeats without this delay.")
	flags.DurationVar(&o.stuckAfter, "deletion-stuck-after", 15*time.Minute, "Report a deletion as stuck after this time, with an Event that repeats at this interval; 0 disables.")
	flags.Var(&o.conditionNames, "condition-names", "Names of the aggregated conditions: first (Ready, Available), newer (Reconciled, LastKnownReconciled) or both.")
	flags.StringVar(&o.user, "user", "", "User of every REST request if authentication is disabled.")
	o.bindFacade(flags)
	o.serving.BindFlags(flags)
	o.delegation.BindFlags(flags)
	o.log.BindFlags(flags)
}

// bindLeaderElection adds the flags of leader election, under the names that
// Kubernetes' own components use.
func (o *options) bindLeaderElection(flags *flag.FlagSet) {
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "Run the reconcilers on one replica only. Every replica serves REST.")
	flags.StringVar(&o.leaseNamespace, "leader-election-namespace", "hyperfleet-system", "Namespace of the leader election lease.")
	flags.DurationVar(&o.lease.duration, "leader-elect-lease-duration", 15*time.Second, "Lease duration; failover can take this long.")
	flags.DurationVar(&o.lease.renewDeadline, "leader-elect-renew-deadline", 10*time.Second, "Maximum time that the leader tries to renew its lease before it stops. Must be less than the lease duration.")
	flags.DurationVar(&o.lease.retryPeriod, "leader-elect-retry-period", 2*time.Second, "Time between two attempts to acquire or renew the lease.")
}

func (o *options) bindFacade(flags *flag.FlagSet) {
	flags.StringVar(&o.facade.BindAddress, "facade-bind-address", ":8000", "Address of the REST API.")
	flags.IntVar(&o.facade.PageSize, "page-size", 20, "Default number of items on a page of a list, 1 to 1000.")
	flags.StringVar(&o.identityDomain, "identity-domain", contract.DefaultIdentityDomain, "Domain of the e-mail addresses that the REST API makes for users whose names are not e-mail addresses.")
	flags.BoolVar(&o.facade.AdapterIdentity, "adapter-identity", false, "Refuse reports of callers without the verb report on the adapter. hyperfleet server also installs the admission policy that applies this rule at the Kubernetes API. For hyperfleet manager, the component config/adapter-identity contains the flag and the policy.")
	flags.DurationVar(&o.facade.SlowRequest, "slow-request", 2*time.Second, "Log REST requests slower than this; 0 disables.")
	flags.DurationVar(&o.facade.WriteVisibility, "write-visibility", 5*time.Second, "Maximum time that the response to a REST write waits until reads show the write.")
	flags.DurationVar(&o.facade.DrainDelay, "drain-delay", 10*time.Second, "Time to keep serving REST requests after the process is told to stop and /readyz fails.")
	flags.DurationVar(&o.maxStaleness, "max-staleness", 30*time.Second, "Maximum time that reads may lag behind the API server. A replica that lags more is not ready and refuses reads. 0 disables the limit.")
	o.facade.Limits.BindFlags(flags)
}

// check returns an error if options contradict each other or are unsafe.
func (o *options) check() error {
	if o.adaptersFile == "" {
		return errors.New("--adapters-config is required: the YAML file with the required adapters")
	}
	if o.serving.Unauthenticated != (o.user != "") {
		return errors.New("--user and --insecure-disable-authentication must be set together: with authentication, the user comes from the credentials")
	}
	if o.log.Level != nil && o.log.Level.Enabled(bodiesLevel) {
		return errors.New("--zap-log-level is too verbose: from 8 on, client-go can log request bodies, which include bearer tokens under review")
	}
	return o.serving.Check(o.facade.BindAddress, o.metricsAddress)
}

// bodiesLevel is the level at which client-go logs request bodies.
const bodiesLevel = zapcore.Level(-8)
