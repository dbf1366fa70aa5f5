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
	"flag"
	"time"
)

// leaseTimes are the times of leader election, named as those of Kubernetes' own
// components. client-go refuses those that do not fit together.
type leaseTimes struct {
	duration, renewDeadline, retryPeriod time.Duration
}

func (t *leaseTimes) bind(flags *flag.FlagSet) {
	flags.DurationVar(&t.duration, "leader-elect-lease-duration", 15*time.Second, "How long a leader that is not heard of keeps its lease.")
	flags.DurationVar(&t.renewDeadline, "leader-elect-renew-deadline", 10*time.Second, "How long the leader tries to renew its lease before it ends. Less than the lease duration.")
	flags.DurationVar(&t.retryPeriod, "leader-elect-retry-period", 2*time.Second, "How long to wait between two tries to get or renew the lease.")
}
