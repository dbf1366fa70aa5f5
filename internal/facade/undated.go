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

package facade

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/problem"
)

// This file orders undated reports. The time of such a report is the server's, and the
// report that it replaces may have the time of another replica, of an adapter, or of this
// clock before it was set back. Nevertheless, the undated report was made later. So it
// gets a time just after that of the other report, if that time is within the allowed
// difference of clocks. A report with a time of its own keeps it.

// follow sets the time of a report to just after another time at which the adapter
// reported on the same generation, unless the report is later already. It reports whether
// it changed the time.
func (s *Server) follow(report *v1.AdapterStatus, generation int64, observed time.Time) bool {
	limit := s.options.Clock.Now().Add(v1.MaxClockSkew)
	if generation != report.Spec.ObservedGeneration || observed.Before(report.Spec.ObservedTime.Time) || !observed.Before(limit) {
		return false
	}
	report.Spec.ObservedTime = v1.NewTimestamp(observed.Add(time.Nanosecond))
	return true
}

// followIndexed lets a report follow the reports of the adapter that the index shows: the
// recorded report, nil if there is none, and the report that the conditions were computed
// from, which may no longer be recorded. It saves the API server a write that it would
// refuse.
func (s *Server) followIndexed(report *v1.AdapterStatus, on requested, recorded *fleet.Row) {
	if generation, observed, ok := aggregate.Known(report.Spec.Adapter, on.row.Conditions.All()); ok {
		s.follow(report, generation, observed)
	}
	if recorded != nil {
		s.follow(report, recorded.Generation, recorded.UpdatedTime)
	}
}

// followRecorded lets a report follow the report that the API server has recorded, and
// reports whether it changed the time.
func (s *Server) followRecorded(ctx context.Context, report *v1.AdapterStatus) (bool, error) {
	recorded := &v1.AdapterStatus{}
	if err := s.own.Get(ctx, client.ObjectKeyFromObject(report), recorded); err != nil {
		return false, fromOwnRequest(client.IgnoreNotFound(err))
	}
	return s.follow(report, recorded.Spec.ObservedGeneration, recorded.Spec.ObservedTime.Time), nil
}

// checkClock returns an error if the server's clock is too far behind to date a report that
// replaces the recorded one: by this clock, the recorded report comes from the future.
func (s *Server) checkClock(report, recorded *v1.AdapterStatus) error {
	now, observed := s.options.Clock.Now(), recorded.Spec.ObservedTime.Time
	if recorded.Spec.ObservedGeneration != report.Spec.ObservedGeneration || !v1.IsFuture(observed, now) {
		return nil
	}
	return clockProblem("the last report of the adapter is", observed.Sub(now))
}

// followKnown lets a report follow the report that the conditions were computed from, as
// readLive has read them. It returns an error if the server's clock is too far behind: by
// this clock, the conditions come from a report from the future, but not by the latest
// clock, which shows now. A condition that is from the future by the latest clock, too,
// does not count as newer than any report.
func (s *Server) followKnown(report *v1.AdapterStatus, on requested, now time.Time) error {
	generation, observed, ok := aggregate.Known(report.Spec.Adapter, on.conditions())
	if !ok || observed.After(now.Add(v1.MaxClockSkew)) || generation != report.Spec.ObservedGeneration || observed.Before(report.Spec.ObservedTime.Time) || s.follow(report, generation, observed) {
		return nil
	}
	return clockProblem("the last report of the adapter is", observed.Sub(s.options.Clock.Now()))
}

// clockProblem is the answer to a report that comes from the future or follows a report
// from the future. The report is not at fault, so the adapter may send it again.
func clockProblem(what string, ahead time.Duration) error {
	return problem.ClockSkew.Because("%s %s ahead of the server's clock, and %.0f minutes are allowed: the clock of the adapter or of the server is wrong; try again when they agree",
		what, ahead.Round(time.Second), v1.MaxClockSkew.Minutes()).RetryAfter(clockRetrySeconds)
}

// clockRetrySeconds is the time that an adapter waits before it reports again if clocks
// differ too much. Clocks are not corrected faster.
const clockRetrySeconds = 10
