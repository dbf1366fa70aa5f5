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
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// RequiredAdapters names the adapters that Ready and Available depend on.
type RequiredAdapters interface {
	// Required returns the names of the adapters for a Kind. The slice is not to
	// be modified.
	Required(kind string) []string

	// OnChange has f called after every change of what Required returns.
	OnChange(f func())
}

// parent is a Cluster or a NodePool: what adapters report on.
type parent interface {
	client.Object
	GetStatus() *v1.ResourceStatus
}

// aggregator writes the status of one Kind of parent.
type aggregator struct {
	client   client.Client
	reports  *replica.Reports
	adapters RequiredAdapters
	clock    clock.PassiveClock
	kind     string
	memory   *memory

	// heartbeatDelay is how long a status may wait that differs in times only.
	heartbeatDelay time.Duration

	announcer announcer
}

// update brings the status of obj in line with the reports on it, by one write,
// or by none where the status is right already, or may wait: then it is to be
// called again, as the result says. missingCluster is the name of a NodePool's
// Cluster where that does not exist, else empty.
func (a aggregator) update(ctx context.Context, obj parent, missingCluster string) (ctrl.Result, error) {
	key := client.ObjectKeyFromObject(obj)
	received := a.memory.takeReceived(key) // before the look at the reports: they include it
	reports := a.reports.On(a.kind, obj)
	status := a.status(obj, reports, missingCluster)
	if sameStatus.DeepEqual(obj.GetStatus(), status) {
		a.memory.settled(obj)
		return ctrl.Result{}, nil
	}
	if wait := a.wait(obj, status); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}

	was := *obj.GetStatus()
	*obj.GetStatus() = *status
	if err := a.write(ctx, obj, &was, received); err != nil {
		a.memory.returnReceived(key, received)
		return ctrl.Result{}, err
	}
	a.memory.wrote(obj)
	a.memory.settled(obj)
	log.FromContext(ctx).V(1).Info("Status updated", "generation", obj.GetGeneration(),
		"ready", status.Ready, "available", status.Available, "reports", len(reports))
	return ctrl.Result{}, nil
}

func (a aggregator) status(obj parent, reports []*v1.AdapterStatus, missingCluster string) *v1.ResourceStatus {
	of := make([]aggregate.Report, len(reports))
	for i, report := range reports {
		of[i] = aggregate.ReportOf(report)
	}
	conditions := aggregate.Conditions(aggregate.Input{
		Kind:           a.kind,
		Generation:     obj.GetGeneration(),
		Created:        obj.GetCreationTimestamp().Time,
		Updated:        v1.UpdatedTime(obj),
		Required:       a.adapters.Required(a.kind),
		MissingCluster: missingCluster,
		Reports:        of,
		Confirmed:      true,
		Previous:       a.memory.decided(obj),
		Now:            a.clock.Now(),
	})
	return &v1.ResourceStatus{
		ID:                 v1.ID(obj.GetUID()),
		ObservedGeneration: obj.GetGeneration(),
		Ready:              statusOf(conditions, v1.ReadyCondition),
		Available:          statusOf(conditions, v1.AvailableCondition),
		Conditions:         conditions,
	}
}

func statusOf(conditions []v1.ResourceCondition, conditionType string) metav1.ConditionStatus {
	for i := range conditions {
		if conditions[i].Type == conditionType {
			return conditions[i].Status
		}
	}
	return ""
}

// sameStatus compares statuses by what they mean: times as instants.
var sameStatus = conversion.EqualitiesOrDie(v1.Timestamp.Equal)
