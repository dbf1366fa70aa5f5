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

package main

import (
	"testing"
	"time"
)

func TestSightings(t *testing.T) {
	s := &sightings{reports: make([]sighting, 4), ended: make(chan struct{})}
	now := time.Now()
	for report := range 3 { // the last one is never sent
		s.expect(report, now)
	}
	s.reports[0].seen.Store(now.Add(time.Second).UnixNano())
	s.reports[1].seen.Store(now.Add(time.Hour).UnixNano())
	s.forget(1)

	started := time.Now()
	s.await(t.Context(), 0)
	if latencies, unseen := s.latencies(); latencies.P99 != 1 || unseen != 1 {
		t.Errorf("the 99th percentile is %v s, and %d are unseen, want 1 and 1", latencies.P99, unseen)
	}
	s.forget(2)
	s.await(t.Context(), time.Hour) // nothing is missing
	s.expect(2, now)
	close(s.ended)
	s.await(t.Context(), time.Hour) // nothing more can be seen
	if took := time.Since(started); took > 10*time.Minute {
		t.Errorf("await took %s", took)
	}
}
