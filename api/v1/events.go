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
// AdapterStatuses. docs/monitoring.md says when.
const (
	// EventReady says that Ready has become True.
	EventReady = "Ready"
	// EventNotReady says that Ready has become False without a change of the spec.
	EventNotReady = "NotReady"
	// EventAvailable says that Available has become True.
	EventAvailable = "Available"
	// EventUnavailable says that Available has become False.
	EventUnavailable = "Unavailable"
	// EventClusterNotFound says that a NodePool's Cluster does not exist (yet).
	EventClusterNotFound = "ClusterNotFound"
	// EventClusterGone says that a NodePool is deleted because the Cluster that it
	// belonged to is gone.
	EventClusterGone = "ClusterGone"
	// EventCleanupFailed says that what depends on a deleted resource could not be
	// deleted.
	EventCleanupFailed = "CleanupFailed"
	// EventDeletionBlocked says that finalizers of others keep what depends on a
	// deleted resource, and with it the resource.
	EventDeletionBlocked = "DeletionBlocked"
	// EventOrphanDeleted says that a report was deleted because what it is about
	// does not exist.
	EventOrphanDeleted = "OrphanDeleted"
)
