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

package oracle

import v1 "github.com/hyperfleet-io/hyperfleet/api/v1"

// withNewerName returns Ready as Reconciled, or Available as LastKnownReconciled: status,
// message and times are the same.
func withNewerName(r Resource, c v1.ResourceCondition, adapters []v1.ResourceCondition) v1.ResourceCondition {
	if c.Type == "Ready" {
		c.Type = "Reconciled"
		switch c.Reason {
		case "ResourceReady":
			c.Reason = "ReconciledAll"
		case "AwaitingAdapters", "AdaptersNotReady", "Finalizing":
			c.Reason = "ReconciledMissingAdapters"
		case "WaitingForNodePools":
			c.Reason = "ReconciledWaitingForChildren"
		}
		return c
	}
	c.Type = "LastKnownReconciled"
	switch c.Reason {
	case "ResourceAvailable":
		c.Reason = "AllAdaptersReconciled"
	case "AdaptersUnavailable":
		c.Reason = "AdapterReportedNotAvailable"
	case "AwaitingAdapters":
		c.Reason = "AdaptersNotAtSameGeneration"
		for _, adapter := range names(r) {
			if _, reported := named(adapters, TypeOf(adapter)); !reported {
				c.Reason = "AdaptersMissingReports"
			}
		}
	}
	return c
}
