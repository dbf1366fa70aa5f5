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
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Adapter defines one adapter.
type Adapter struct {
	// Name is the name in reports, such as dns.
	Name string

	// Kinds are the Kinds of the parents: Cluster, NodePool or both.
	Kinds []string

	// Reconcile makes the state that the adapter manages match the parent's spec, and
	// returns its findings. It is called repeatedly, also for an unchanged parent and
	// after a crash in the middle of a call: it must be idempotent. It must not change
	// the parent. An error is reported and retried with back-off.
	Reconcile func(ctx context.Context, parent hyperfleetv1.Parent) (Report, error)

	// Finalize removes everything that the adapter manages for a parent that is being
	// deleted. It returns a Report whose Status is True once nothing is left, and Unknown
	// or False before. It is called repeatedly until then and, like Reconcile, must be
	// idempotent. An adapter that leaves nothing behind needs no Finalize function.
	Finalize func(ctx context.Context, parent hyperfleetv1.Parent) (Report, error)
}

// Report is the result of one call of an adapter.
type Report struct {
	// Status is True if the parent's generation is in force, False if it is not and will
	// not be without a change, and Unknown, or empty, while the adapter works on it.
	// Unknown does not replace a known result.
	Status metav1.ConditionStatus

	// Reason is a machine-readable code in CamelCase, Message a sentence for people. The
	// times of a condition show when it was observed: a Message that differs in every
	// report makes every report a change of the parent's status.
	Reason, Message string

	// Conditions are findings in addition to Available, Applied, Health and Finalized,
	// which the kit derives. A condition of one of these types replaces the derived
	// condition.
	Conditions []hyperfleetv1.AdapterCondition

	// Data is a free-form value for readers of the report. It must encode as a JSON
	// object; nil means no data.
	Data any

	// After is the time until the next call for the same generation. 0 means the time of
	// the schedule: Options.Working while Status is Unknown, else the maximum age of a
	// report.
	After time.Duration
}

// Types of the conditions in a report in addition to Available and Finalized.
const (
	// AppliedCondition is True if what the spec requires is in place.
	AppliedCondition = "Applied"

	// HealthCondition is False if the adapter itself failed.
	HealthCondition = "Health"
)

// Reasons of the conditions that the kit derives.
const (
	// WorkingReason: the adapter is working and gave no other reason.
	WorkingReason = "Working"

	// FinalizingReason, on Available and Applied: the parent is being deleted.
	FinalizingReason = "Finalizing"

	// FailedReason: the adapter returned an error, which is the message.
	FailedReason = "ReconcileFailed"

	// HealthyReason, on Health: the adapter returned no error.
	HealthyReason = "Healthy"
)

// validate returns an error that names what the Adapter lacks.
func (a Adapter) validate() error {
	var err error
	if a.Name == "" {
		err = errors.Join(err, errors.New("an adapter needs a Name"))
	}
	if len(a.Kinds) == 0 {
		err = errors.Join(err, fmt.Errorf("adapter %q needs a Kind", a.Name))
	}
	for _, kind := range a.Kinds {
		if kind != hyperfleetv1.ClusterKind && kind != hyperfleetv1.NodePoolKind {
			err = errors.Join(err, fmt.Errorf("adapter %q has the Kind %q, want Cluster or NodePool", a.Name, kind))
		}
	}
	if a.Reconcile == nil {
		err = errors.Join(err, fmt.Errorf("adapter %q needs a function Reconcile", a.Name))
	}
	return err
}

// call calls the function for the parent's phase of life. A panic is an error like any
// other, so that it is reported and retried.
func (a Adapter) call(ctx context.Context, parent hyperfleetv1.Parent) (report Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			logf.FromContext(ctx).Info("The adapter panicked", "panic", p, "stack", string(debug.Stack()))
			report, err = Report{}, fmt.Errorf("panic: %v", p)
		}
	}()
	switch {
	case parent.GetDeletionTimestamp() == nil:
		return a.Reconcile(ctx, parent)
	case a.Finalize != nil:
		return a.Finalize(ctx, parent)
	}
	return Report{Status: metav1.ConditionTrue, Reason: "NothingToRemove", Message: "The adapter leaves nothing behind"}, nil
}
