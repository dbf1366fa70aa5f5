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

package facade_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	clocktesting "k8s.io/utils/clock/testing"
)

// The facade does not serve a stale index as current.
func TestStaleIndex(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Now())
	server, freeze := newReplicaServer(t, func(o *replicaOptions) {
		o.replica.Clock, o.replica.MaxStaleness = clock, time.Hour
	})
	replica := "http://" + server.Address().String()
	cluster := newCluster(t, "")
	wantStatus(t, replica+cluster.Href, http.StatusOK, "")
	if got := testutil.CollectAndCount(server.Replica().Collector(nil), "hyperfleet_index_staleness_seconds"); got != 3 {
		t.Errorf("%d collections have a staleness, want 3", got)
	}

	freeze()
	clock.SetTime(time.Now().Add(50 * time.Minute)) // old, but not too old
	wantStatus(t, replica+cluster.Href, http.StatusOK, "")
	if err := server.Ready(nil); err != nil {
		t.Error(err)
	}

	clock.SetTime(time.Now().Add(2 * time.Hour))
	for _, path := range []string{cluster.Href, cluster.Href + "/statuses", api + "/clusters", api + "/nodepools"} {
		wantStatus(t, replica+path, http.StatusServiceUnavailable, "HYPERFLEET-SVC-004")
	}
	if err := server.Ready(nil); err == nil || !strings.Contains(err.Error(), "behind the API server, where 1h0m0s is allowed") {
		t.Errorf("Ready: %v", err)
	}
	wantStatus(t, replica+api, http.StatusOK, "") // this answer does not depend on the fleet
}
