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
	"math/rand/v2"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// The time until a failed call is repeated doubles from minBackoff to maxBackoff.
const (
	minBackoff = time.Second
	maxBackoff = 2 * time.Minute
)

// schedule computes when to call the adapter for a parent next. It records this process's
// last call for each parent: after a restart, it requires a call for each.
type schedule struct {
	clock                                clock.PassiveClock
	maxAgeReady, maxAgeNotReady, working time.Duration

	mu   sync.Mutex
	last map[ctrl.Request]call
}

// call is the last call for a parent.
type call struct {
	uid        types.UID
	generation int64
	at         time.Time
	after      time.Duration // until the next one; 0 is the maximum age of a report
	early      float64       // the share of the maximum age by which the next one is early
	failures   int           // in a row
}

func newSchedule(o Options) *schedule {
	return &schedule{
		clock: o.Clock, maxAgeReady: o.MaxAgeReady, maxAgeNotReady: o.MaxAgeNotReady, working: o.Working,
		last: map[ctrl.Request]call{},
	}
}

// wait returns the time until the next call for a parent: 0 for a generation without a
// call. The maximum age of a report depends on whether the parent is Ready now, not on
// whether it was when the report was written: the report itself often makes the parent
// Ready.
func (s *schedule) wait(request ctrl.Request, parent hyperfleetv1.Parent) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.last[request]
	if !ok || last.uid != parent.GetUID() || last.generation != parent.GetGeneration() {
		return 0
	}
	after := last.after
	if after == 0 {
		after = s.maxAgeNotReady
		if parent.GetStatus().Ready == metav1.ConditionTrue {
			after = s.maxAgeReady
		}
		after -= time.Duration(float64(after) * last.early)
	}
	return max(0, after-s.clock.Since(last.at))
}

// called records a call whose report is stored.
func (s *schedule) called(request ctrl.Request, parent hyperfleetv1.Parent, report Report) {
	after := report.After
	if after == 0 && (report.Status == "" || report.Status == metav1.ConditionUnknown) {
		after = s.working
	}
	s.record(request, parent, call{after: after, early: rand.Float64() / 10})
}

// failed records a call that failed, or whose report could not be stored.
func (s *schedule) failed(request ctrl.Request, parent hyperfleetv1.Parent) {
	s.mu.Lock()
	failures := s.last[request].failures
	s.mu.Unlock()
	after := maxBackoff
	if failures < 16 { // the shift would overflow at some point
		after = min(maxBackoff, minBackoff<<failures)
	}
	s.record(request, parent, call{after: after, failures: failures + 1})
}

// stale records a call whose report was discarded.
func (s *schedule) stale(request ctrl.Request, parent hyperfleetv1.Parent) {
	s.record(request, parent, call{after: s.working})
}

func (s *schedule) record(request ctrl.Request, parent hyperfleetv1.Parent, c call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.uid, c.generation, c.at = parent.GetUID(), parent.GetGeneration(), s.clock.Now()
	s.last[request] = c
}

// forget forgets a parent that no longer exists or that belongs to another instance.
func (s *schedule) forget(request ctrl.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, request)
}
