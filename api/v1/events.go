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

package v1

// Reasons of the Events that HyperFleet records about Clusters, NodePools and
// AdapterStatuses. docs/monitoring.md describes when each is recorded.
const (
	// EventReady records that Ready became True.
	EventReady = "Ready"
	// EventNotReady records that Ready became False without a change of the spec.
	EventNotReady = "NotReady"
	// EventAvailable records that Available became True.
	EventAvailable = "Available"
	// EventUnavailable records that Available became False.
	EventUnavailable = "Unavailable"
	// EventClusterNotFound records that a NodePool's Cluster does not exist (yet).
	EventClusterNotFound = "ClusterNotFound"
	// EventClusterGone records that a NodePool is deleted because its Cluster is
	// gone.
	EventClusterGone = "ClusterGone"
	// EventCleanupFailed records that dependents of a deleted resource could not
	// be deleted.
	EventCleanupFailed = "CleanupFailed"
	// EventDeletionBlocked records that finalizers of other clients keep a deleted
	// resource or its dependents.
	EventDeletionBlocked = "DeletionBlocked"
	// EventDeletionStuck records what a resource that was deleted a while ago waits
	// for.
	EventDeletionStuck = "DeletionStuck"
	// EventForceDeleted records that a resource was removed without waiting for its
	// adapters, by whom and why.
	EventForceDeleted = "ForceDeleted"
	// EventParentDeleted records that a NodePool or report was deleted because it
	// arrived while its Cluster or NodePool was being deleted.
	EventParentDeleted = "ParentDeleted"
	// EventImplausibleDeleted records that a report was deleted because no adapter can
	// have observed what it says. It is recorded about the report and its resource.
	EventImplausibleDeleted = "ImplausibleDeleted"
	// EventStatusTooLarge records that the API server refused a status for its size,
	// so that its conditions say less, or stay as they are where that is refused, too.
	EventStatusTooLarge = "StatusTooLarge"
	// EventMappingFailed records that a rule of the configuration that maps reports to
	// a condition failed.
	EventMappingFailed = "MappingFailed"
	// EventOrphanDeleted records that a report was deleted because its resource does
	// not exist.
	EventOrphanDeleted = "OrphanDeleted"
)
