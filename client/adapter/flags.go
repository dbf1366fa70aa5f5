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

package adapter

import (
	"flag"
	"os"
	"strconv"

	"k8s.io/apimachinery/pkg/labels"
)

// BindFlags binds the flags of an adapter to the Config.
func (c *Config) BindFlags(f *flag.FlagSet) {
	f.StringVar(&c.Namespace, "namespace", "", "Namespace of the parents. Empty is all.")
	f.Var(selectorFlag{&c.Selector}, "selector", "Label selector of the parents of this instance. Empty selects all.")
	f.DurationVar(&c.MaxAgeReady, "max-age-ready", 0, "Maximum age of a report on a parent that is Ready. 0 is 30m.")
	f.DurationVar(&c.MaxAgeNotReady, "max-age-not-ready", 0, "Maximum age of a report on a parent that is not Ready. 0 is 10s.")
	f.IntVar(&c.Concurrency, "concurrency", 1, "Number of parents of one Kind to work on at once.")
	f.BoolVar(&c.LeaderElect, "leader-elect", false, "Let one of several processes work, by a Lease.")
	f.StringVar(&c.LeaderElectionNamespace, "leader-election-namespace", "", "Namespace of the Lease. Empty is the Pod's.")
	f.StringVar(&c.MetricsAddress, "metrics-bind-address", "", "Address of /metrics. Empty disables.")
	f.StringVar(&c.HealthAddress, "health-probe-bind-address", "", "Address of /healthz and /readyz. Empty disables.")
	f.BoolFunc("dry-run", "Print reports instead of writing them.", func(text string) error {
		on, err := strconv.ParseBool(text)
		c.DryRun = nil
		if on {
			c.DryRun = os.Stdout
		}
		return err
	})
	f.StringVar(&c.Server, "server", "", "URL of the REST API, to use instead of the Kubernetes API.")
	f.StringVar(&c.TokenFile, "token-file", "", "File of the bearer token for the REST API.")
	f.StringVar(&c.CAFile, "ca-file", "", "File of the certificates that sign the REST API's. Empty is the system's.")
}

// selectorFlag is a flag for a label selector.
type selectorFlag struct{ to *labels.Selector }

func (f selectorFlag) String() string {
	if f.to == nil || *f.to == nil {
		return ""
	}
	return (*f.to).String()
}

func (f selectorFlag) Set(text string) (err error) {
	*f.to, err = labels.Parse(text)
	return err
}
