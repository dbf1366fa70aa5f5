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
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
)

// heartbeats are reports that change nothing of a parent's status but its times,
// and wait to be written in one go.
type heartbeats struct {
	uid        types.UID              // of the parent
	since      time.Time              // when the first one was seen
	conditions []v1.ResourceCondition // with all of them
}

// wait returns how long the write of a status that is not the stored one may
// wait, 0 where it is due: where more than times differs, or the first heartbeat
// has waited long enough.
func (a aggregator) wait(obj parent, status *v1.ResourceStatus) time.Duration {
	if a.heartbeatDelay <= 0 || !sameButUpdated(obj.GetStatus(), status) {
		return 0
	}
	now := a.clock.Now()
	waiting := &heartbeats{uid: obj.GetUID(), since: now, conditions: status.Conditions}
	if earlier, ok := a.memory.unwritten(obj); ok {
		waiting.since = earlier.since
	}
	a.memory.waiting.Store(client.ObjectKeyFromObject(obj), waiting)
	return max(0, a.heartbeatDelay-now.Sub(waiting.since))
}

// sameButUpdated tells whether two statuses differ at most in lastUpdatedTime.
func sameButUpdated(a, b *v1.ResourceStatus) bool {
	return a.ID == b.ID && a.ObservedGeneration == b.ObservedGeneration && a.Ready == b.Ready && a.Available == b.Available &&
		slices.EqualFunc(a.Conditions, b.Conditions, aggregate.SameButUpdated)
}

// unwritten returns the heartbeats on obj that wait. They are void once the stored
// conditions differ from theirs in more than times.
func (m *memory) unwritten(obj parent) (*heartbeats, bool) {
	value, ok := m.waiting.Load(client.ObjectKeyFromObject(obj))
	if !ok {
		return nil, false
	}
	waiting := value.(*heartbeats)
	return waiting, waiting.uid == obj.GetUID() &&
		slices.EqualFunc(waiting.conditions, obj.GetStatus().Conditions, aggregate.SameButUpdated)
}

// decided returns the conditions of obj as they were decided last, written or
// not: of a report that one of Unknown has replaced, only they still tell the time.
// The default status of a new object holds no decision.
func (m *memory) decided(obj parent) []v1.ResourceCondition {
	if waiting, ok := m.unwritten(obj); ok {
		return waiting.conditions
	}
	if !obj.GetStatus().Computed() {
		return nil
	}
	return obj.GetStatus().Conditions
}

// settled records that nothing waits: the status is as it is to be.
func (m *memory) settled(obj parent) { m.waiting.Delete(client.ObjectKeyFromObject(obj)) }
