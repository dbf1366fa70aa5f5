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

// Condition types. Besides ReadyCondition and AvailableCondition, a Cluster or
// NodePool has one condition per adapter that reported a result, whose type is
// the adapter's name in PascalCase followed by AdapterConditionSuffix:
// gcp-provisioner's is GcpProvisionerSuccessful.
const (
	// ReadyCondition is True if every required adapter reports
	// Available=True at the object's current generation.
	ReadyCondition = "Ready"

	// AvailableCondition is True if every required adapter reports
	// Available=True at one generation, which may be older than the current one.
	// In an AdapterStatus it is the adapter's own result. FinalizedCondition and
	// StalledCondition are the only others that aggregation reads.
	AvailableCondition = "Available"

	// ReconciledCondition is ReadyCondition for clients of the newer dialect, with
	// reasons of its own.
	ReconciledCondition = "Reconciled"

	// LastKnownReconciledCondition is AvailableCondition for clients of the newer
	// dialect, with reasons of its own.
	LastKnownReconciledCondition = "LastKnownReconciled"

	// FinalizedCondition, in an AdapterStatus, says whether the adapter has removed all
	// that it made for an object that is being deleted.
	FinalizedCondition = "Finalized"

	// StalledCondition, in an AdapterStatus beside Available=False, says that waiting
	// will not mend the fault. A Cluster or NodePool has it, with status True, while the
	// newest result of a required adapter at the object's current generation says so,
	// and does not have it otherwise. kstatus takes such an object for failed.
	StalledCondition = "Stalled"

	// TruncatedCondition is True if the other conditions leave something out, and
	// absent otherwise: an object in the store has a limited size, reports together
	// have none. The message says how many adapters have no condition, and which.
	TruncatedCondition = "Truncated"

	// AdapterConditionSuffix ends the type of a per-adapter condition.
	AdapterConditionSuffix = "Successful"
)

// AdaptersStalledReason is the reason of Stalled if the stalled adapters give different
// reasons, or none. Otherwise the reason is theirs.
const AdaptersStalledReason = "AdaptersStalled"

// Reasons of Truncated.
const (
	// TooManyAdaptersReason: more adapters that are not required report on the object
	// than have a condition.
	TooManyAdaptersReason = "TooManyAdapters"

	// StatusTooLargeReason: the API server refused the status for its size, so the
	// conditions say less than usual until the object's next generation.
	StatusTooLargeReason = "StatusTooLarge"
)

// Reasons of Ready and Available.
const (
	// AwaitingAdaptersReason: no required adapter has reported a result yet.
	AwaitingAdaptersReason = "AwaitingAdapters"

	// AdaptersNotReadyReason, on Ready: some required adapter has not reported
	// Available=True at the current generation. The message names each.
	AdaptersNotReadyReason = "AdaptersNotReady"

	// AdaptersUnavailableReason, on Available: all required adapters reported
	// at one generation, some of them Available=False. The message names each.
	AdaptersUnavailableReason = "AdaptersUnavailable"

	// FinalizingReason, on Ready: the object is being deleted. The message names the
	// finalizing adapters that have not reported Finalized=True at its generation.
	FinalizingReason = "Finalizing"

	// WaitingForNodePoolsReason, on a Cluster's Ready: the Cluster is being deleted and
	// has NodePools left, which go first. The message names them.
	WaitingForNodePoolsReason = "WaitingForNodePools"

	// WaitingForFinalizersReason, on Ready: the object is being deleted, every
	// finalizing adapter has finished, and finalizers of others hold the object. The
	// message names them.
	WaitingForFinalizersReason = "WaitingForFinalizers"

	// ResourceReadyReason: Ready is True.
	ResourceReadyReason = "ResourceReady"

	// ResourceAvailableReason: Available is True.
	ResourceAvailableReason = "ResourceAvailable"

	// NoRequiredAdaptersReason: no adapter is required for this Kind, so no adapter
	// can report that the object is ready.
	NoRequiredAdaptersReason = "NoRequiredAdapters"

	// ClusterNotFoundReason, on a NodePool's Ready: its Cluster does not exist.
	ClusterNotFoundReason = "ClusterNotFound"
)

// Reasons of Reconciled and LastKnownReconciled. If a reason of Ready or Available has no
// counterpart here, the condition has the reason of Ready or Available.
const (
	// ReconciledAllReason: Reconciled is True.
	ReconciledAllReason = "ReconciledAll"

	// ReconciledMissingAdaptersReason, on Reconciled: some required adapter has not
	// reported Available=True at the current generation, or Finalized=True if the object
	// is being deleted. The message names each.
	ReconciledMissingAdaptersReason = "ReconciledMissingAdapters"

	// ReconciledWaitingForChildrenReason, on a Cluster's Reconciled: the Cluster is being
	// deleted and has NodePools left.
	ReconciledWaitingForChildrenReason = "ReconciledWaitingForChildren"

	// AllAdaptersReconciledReason: LastKnownReconciled is True.
	AllAdaptersReconciledReason = "AllAdaptersReconciled"

	// AdapterReportedNotAvailableReason, on LastKnownReconciled: all required adapters
	// reported at one generation, some of them Available=False. The message names each.
	AdapterReportedNotAvailableReason = "AdapterReportedNotAvailable"

	// AdaptersMissingReportsReason, on LastKnownReconciled: some required adapter has no
	// result yet, and there never was a result of all.
	AdaptersMissingReportsReason = "AdaptersMissingReports"

	// AdaptersNotAtSameGenerationReason, on LastKnownReconciled: the required adapters
	// reported at different generations, and there never was a result of all.
	AdaptersNotAtSameGenerationReason = "AdaptersNotAtSameGeneration"
)
