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

package controllers

import (
	"time"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// How long a report waits for other reports on the same resource. Adapters tend to report
// at the same time, and a status write costs the API server more than a report does, so
// one write includes all of them.
const (
	// gatherDelay is the wait after a report that another process has written.
	gatherDelay = 20 * time.Millisecond

	// gatherLimit bounds the wait for pending reports.
	gatherLimit = 100 * time.Millisecond
)

// statusDelay returns how long to wait before aggregating a parent whose report has just
// arrived at the replica. It returns 0 for the last pending report, because the parent
// has waited for it already.
func statusDelay(pending *replica.PendingReports, report *v1.AdapterStatus) time.Duration {
	wasPending, othersPending := pending.Arrived(report)
	switch {
	case othersPending:
		return gatherLimit
	case wasPending:
		return 0
	default:
		return gatherDelay
	}
}
