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

package replica

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/metrics"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func TestMetricsOfReports(t *testing.T) {
	r, clock := newOffline(t, 0)
	required := map[string][]string{v1.ClusterKind: {"dns", "silent"}, v1.NodePoolKind: {"dns"}}
	metrics.AdaptersInForce(required)
	r.options.RequiredAdapters = func(kind string) []string { return required[kind] }
	report := func(resource, adapter string, age time.Duration) *fleet.Row {
		kind := v1.ClusterKind
		if strings.Contains(resource, ".") {
			kind = v1.NodePoolKind
		}
		row, err := rest.EncodeReport(&v1.AdapterStatus{
			ObjectMeta: metav1.ObjectMeta{Name: v1.AdapterStatusName(resource, adapter), Namespace: "default", ResourceVersion: "1"},
			Spec: v1.AdapterStatusSpec{ResourceRef: v1.ResourceReference{Kind: kind, Name: resource}, Adapter: adapter,
				ObservedGeneration: 1, ObservedTime: v1.NewTimestamp(clock.Now().Add(-age))},
		})
		if err != nil {
			t.Fatal(err)
		}
		row.ID = row.Key.Name
		return row
	}
	fill(t, r.Reports.Collection,
		report("a", "dns", time.Minute), report("b", "dns", time.Hour), report("c", "dns", time.Second),
		report("a.pool", "dns", 2*time.Hour), report("a", "extra", -time.Minute))
	elected := make(chan struct{})
	const names = "hyperfleet_reports"
	compare := func(want string) {
		t.Helper()
		if err := testutil.CollectAndCompare(r.Collector(elected), strings.NewReader(want), names, names+"_oldest_age_seconds", names+"_newest_age_seconds"); err != nil {
			t.Error(err)
		}
	}
	compare("") // a sum over replicas counts each report once
	close(elected)
	compare(`# HELP hyperfleet_reports Stored reports by kind of the resource and adapter, also 0 of a required adapter; at the leader only.
# TYPE hyperfleet_reports gauge
hyperfleet_reports{adapter="dns",kind="Cluster"} 3
hyperfleet_reports{adapter="dns",kind="NodePool"} 1
hyperfleet_reports{adapter="extra",kind="Cluster"} 1
hyperfleet_reports{adapter="silent",kind="Cluster"} 0
# HELP hyperfleet_reports_newest_age_seconds Seconds since the observed time of an adapter's newest stored report; at the leader only.
# TYPE hyperfleet_reports_newest_age_seconds gauge
hyperfleet_reports_newest_age_seconds{adapter="dns",kind="Cluster"} 1
hyperfleet_reports_newest_age_seconds{adapter="dns",kind="NodePool"} 7200
hyperfleet_reports_newest_age_seconds{adapter="extra",kind="Cluster"} 0
# HELP hyperfleet_reports_oldest_age_seconds Seconds since the observed time of an adapter's oldest stored report; at the leader only.
# TYPE hyperfleet_reports_oldest_age_seconds gauge
hyperfleet_reports_oldest_age_seconds{adapter="dns",kind="Cluster"} 3600
hyperfleet_reports_oldest_age_seconds{adapter="dns",kind="NodePool"} 7200
hyperfleet_reports_oldest_age_seconds{adapter="extra",kind="Cluster"} 0
`)
}

// TestScanIsReused checks that scrapes use the result of a scan until it expires.
func TestScanIsReused(t *testing.T) {
	var scans int
	rows := func() []*fleet.Row {
		scans++
		return []*fleet.Row{{Name: "dns", Key: types.NamespacedName{Name: "a.dns"}}}
	}
	s := scannedReports{}
	for range 2 {
		s.expires = time.Now().Add(-time.Minute)
		s.observe(rows)
	}
	if scans != 2 {
		t.Errorf("%d scans for 2 scrapes after the last result expired, want 2", scans)
	}
	s.expires = time.Now().Add(time.Hour)
	if of := s.observe(rows); scans != 2 || of[reporter{v1.ClusterKind, "dns"}].total != 1 {
		t.Errorf("%d scans and %v for a scrape before the result expires, want no further scan and 1 report", scans, of)
	}
}

func TestLifetime(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		0:                                   0,
		time.Millisecond:                    0,
		time.Millisecond + time.Microsecond: 100*time.Millisecond + 100*time.Microsecond,
		150 * time.Millisecond:              15 * time.Second,
	} {
		if got := lifetime(took); got != want {
			t.Errorf("lifetime(%s) = %s, want %s", took, got, want)
		}
	}
}
