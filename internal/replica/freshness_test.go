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
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
	"github.com/hyperfleet-io/hyperfleet/internal/rest/resttest"
)

var (
	dawn   = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
	minute = func(n int) v1.Timestamp { return v1.NewTimestamp(dawn.Add(time.Duration(n) * time.Minute)) }
)

// heartbeatOf returns a report on the cluster "alpha" with that UID. An empty UID makes a
// report that states the name only.
func heartbeatOf(adapter string, uid types.UID, n int) *v1.AdapterStatus {
	return &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{Name: "alpha." + adapter, Namespace: "default", UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", adapter[0])), ResourceVersion: fmt.Sprint(n)},
		Spec: v1.AdapterStatusSpec{
			ResourceRef: v1.ResourceReference{Kind: v1.ClusterKind, Name: "alpha", UID: uid},
			Adapter:     adapter, ObservedGeneration: 1, ObservedTime: minute(n),
			Conditions: []v1.AdapterCondition{
				{Type: v1.AvailableCondition, Status: metav1.ConditionTrue, LastTransitionTime: minute(1)},
				{Type: "Applied", Status: metav1.ConditionTrue, LastTransitionTime: minute(1)},
			},
		},
	}
}

// fixture has indexes with a cluster "alpha" on which dns and validator have reported,
// and the stores that their feeds fill.
type fixture struct {
	*testing.T
	rest.Renderer
	clusters           *fleet.Index
	resources, reports feed.Store
	cluster            *v1.Cluster
	requires           []string
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{T: t, clusters: fleet.New(fleet.Clusters), requires: []string{"dns", "validator"}}
	f.RequiredAdapters = func(string) []string { return f.requires }
	fresh := newFreshness(f.Renderer, f.clusters, fleet.New(fleet.NodePools), newReports().Reports)
	f.resources, f.reports = fresh.resourceStore(v1.ClusterKind), fresh.reportStore()
	f.cluster = &v1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Name: "alpha", Namespace: "default", UID: resttest.Cluster(1).UID, Generation: 1, ResourceVersion: "1",
		CreationTimestamp: metav1.NewTime(dawn),
	}}
	f.write("2", f.report("dns", 1), f.report("validator", 1))
	return f
}

func (f *fixture) report(adapter string, n int) *v1.AdapterStatus {
	return heartbeatOf(adapter, f.cluster.UID, n)
}

// write aggregates reports into the status of the cluster, as the reconciler does.
func (f *fixture) write(version string, reports ...*v1.AdapterStatus) {
	in := aggregate.Input{
		Kind: v1.ClusterKind, Generation: f.cluster.Generation, Created: dawn, Updated: dawn, Required: f.RequiredAdapters(""),
		Confirmed: true, Previous: f.cluster.Status.Conditions, Now: dawn.AddDate(1, 0, 0),
	}
	for _, report := range reports {
		in.Reports = append(in.Reports, aggregate.ReportOf(report))
	}
	f.cluster.Status.Conditions = aggregate.Conditions(in)
	f.cluster.ResourceVersion = version
}

func (f *fixture) clusterRow() *fleet.Row {
	f.Helper()
	row, err := f.Cluster(f.cluster)
	if err != nil {
		f.Fatal(err)
	}
	return row
}

func (f *fixture) reportRow(report *v1.AdapterStatus) *fleet.Row {
	f.Helper()
	row, err := rest.EncodeReport(report)
	if err != nil {
		f.Fatal(err)
	}
	return row
}

// wantTimes checks the minutes of Available, Ready, dns and validator.
func (f *fixture) wantTimes(want ...int) {
	f.Helper()
	row, ok := f.clusters.Get(v1.ID(f.cluster.UID))
	if !ok {
		f.Fatal("the cluster has no row")
	}
	var got []int
	for _, c := range row.Conditions.All() {
		if c.Type == v1.ReconciledCondition || c.Type == v1.LastKnownReconciledCondition {
			continue // as Ready and Available
		}
		got = append(got, int(c.LastUpdatedTime.Sub(dawn).Minutes()))
	}
	if !slices.Equal(got, want) {
		f.Errorf("Times are %v, want %v", got, want)
	}
	shown := *f.cluster
	shown.Status.Conditions = row.Conditions.All()
	again, err := f.Cluster(&shown)
	if err != nil {
		f.Fatal(err)
	}
	if diff := cmp.Diff(string(again.JSON), string(row.JSON)); diff != "" {
		f.Errorf("JSON does not show the conditions (-want +got):\n%s", diff)
	}
	if row.Digest != again.Digest {
		f.Error("the digest is not that of the JSON")
	}
}

func TestFreshness(t *testing.T) {
	replace := func(f *fixture, store feed.Store, rows ...*fleet.Row) {
		f.Helper()
		if err := store.Replace(rows, "100"); err != nil {
			f.Fatal(err)
		}
	}
	tests := map[string]func(f *fixture){
		"a report after its cluster": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(1, 1, 1, 1)
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.wantTimes(1, 1, 5, 1)
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.wantTimes(5, 5, 5, 6)
		},
		"a cluster after its reports": func(f *fixture) {
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(5, 5, 5, 6)
		},
		"a list of reports after one of clusters": func(f *fixture) {
			replace(f, f.resources, f.clusterRow())
			replace(f, f.reports, f.reportRow(f.report("dns", 5)), f.reportRow(f.report("validator", 6)))
			f.wantTimes(5, 5, 5, 6)
		},
		"a list of clusters after one of reports": func(f *fixture) {
			replace(f, f.reports, f.reportRow(f.report("dns", 5)), f.reportRow(f.report("validator", 6)))
			replace(f, f.resources, f.clusterRow())
			f.wantTimes(5, 5, 5, 6)
		},
		"reports that name no UID": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(heartbeatOf("dns", "", 5)))
			f.reports.Upsert(f.reportRow(heartbeatOf("validator", "", 6)))
			f.wantTimes(5, 5, 5, 6)
		},
		"reports on a predecessor": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(heartbeatOf("dns", resttest.Cluster(2).UID, 5)))
			f.reports.Upsert(f.reportRow(heartbeatOf("validator", resttest.Cluster(2).UID, 6)))
			f.wantTimes(1, 1, 1, 1)
		},
		"a report whose UID is that of another cluster": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			report := f.report("dns", 5)
			report.Name, report.Spec.ResourceRef.Name = "beta.dns", "beta"
			f.reports.Upsert(f.reportRow(report))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.wantTimes(1, 1, 1, 6)
		},
		"a successor": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.cluster.UID, f.cluster.ResourceVersion = resttest.Cluster(2).UID, "7"
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(1, 1, 1, 1)
		},
		"the cluster is written without the heartbeats": func(f *fixture) {
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.resources.Upsert(f.clusterRow())
			f.cluster.ResourceVersion, f.cluster.Labels = "7", map[string]string{"a": "b"}
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(5, 5, 5, 6)
		},
		"the cluster is written without the heartbeats, and the next report is no heartbeat": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			next := f.report("dns", 7)
			next.Spec.Conditions[0].Status = metav1.ConditionFalse
			f.reports.Upsert(f.reportRow(next))
			f.wantTimes(5, 5, 5, 6)
			f.cluster.ResourceVersion = "7"
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(5, 5, 5, 6)
		},
		"the cluster is read once more as it was": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			held, _ := f.resources.GetByKey(f.clusterRow().Key)
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.resources.Upsert(held)
			f.wantTimes(1, 1, 5, 1)
			replace(f, f.resources, held)
			f.wantTimes(1, 1, 5, 1)
			replace(f, f.resources, f.clusterRow())
			f.wantTimes(1, 1, 5, 1)
		},
		"the status is written": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.write("7", f.report("dns", 5), f.report("validator", 6))
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(5, 5, 5, 6)
		},
		"a status is known before the last report that it takes in, and tells nothing of one moment": func(f *fixture) {
			f.write("3", f.report("dns", 1), f.report("validator", 5))
			f.cluster.Generation = 3
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("validator", 5)))
			dns, validator := f.report("dns", 6), f.report("validator", 7)
			dns.Spec.ObservedGeneration, validator.Spec.ObservedGeneration = 2, 3
			f.reports.Upsert(f.reportRow(dns))
			f.wantTimes(5, 0, 1, 5) // the oldest at generation 1, with which Available is shown
			f.write("8", dns, validator)
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(1, 7, 6, 7)
			f.reports.Upsert(f.reportRow(validator))
			f.wantTimes(1, 7, 6, 7) // as it is stored
		},
		"a report is deleted": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Delete(types.NamespacedName{Namespace: "default", Name: "alpha.dns"})
			f.wantTimes(1, 1, 5, 1) // until the reconciler removes the condition
			f.write("7", f.report("validator", 1))
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(1, 1, 1)
		},
		"a list of reports without a change": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			held, _ := f.reports.GetByKey(types.NamespacedName{Namespace: "default", Name: "alpha.dns"})
			shown, _ := f.clusters.Get(v1.ID(f.cluster.UID))
			replace(f, f.reports, held)
			if now, _ := f.clusters.Get(v1.ID(f.cluster.UID)); now != shown {
				f.Error("the row was made anew")
			}
			f.wantTimes(1, 1, 5, 1)
		},
		"a cluster that has no status yet": func(f *fixture) {
			f.cluster.Status.Conditions = nil
			f.resources.Upsert(f.clusterRow())
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.wantTimes(0, 0) // until the reconciler adds the condition of dns
		},
		"an adapter is required no more": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.requires = []string{"dns"}
			f.reports.Upsert(f.reportRow(f.report("validator", 1)))
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.wantTimes(5, 5, 5, 1)
		},
		"another adapter is required": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.requires = []string{"dns", "hypershift", "validator"}
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			f.reports.Upsert(f.reportRow(f.report("validator", 6)))
			f.wantTimes(5, 1, 5, 6) // Ready is about to be False
			f.write("7", f.report("dns", 5), f.report("validator", 6))
			f.resources.Upsert(f.clusterRow())
			f.wantTimes(5, 5, 5, 6)
		},
		"reports on what does not exist": func(f *fixture) {
			f.reports.Upsert(f.reportRow(f.report("dns", 5)))
			if f.clusters.HasSynced() || len(f.clusters.OwnedBy("")) > 0 {
				f.Error("a report has made a cluster")
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(newFixture(t)) })
	}
}

// No report is missed, in whatever order the two feeds run.
func TestFreshnessUnderConcurrency(t *testing.T) {
	for seed := range uint64(50) {
		f := newFixture(t)
		f.resources.Upsert(f.clusterRow())
		var clusters, reports []*fleet.Row
		for n := range 50 {
			f.cluster.ResourceVersion = fmt.Sprint(100 + n)
			clusters = append(clusters, f.clusterRow())
			reports = append(reports, f.reportRow(f.report([]string{"dns", "validator"}[n%2], 2+n)))
		}
		var feeds sync.WaitGroup
		feeds.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for _, row := range clusters {
				if random.IntN(4) > 0 {
					f.resources.Upsert(row)
				} else if err := f.resources.Replace([]*fleet.Row{row}, "1"); err != nil {
					t.Error(err)
				}
			}
		})
		feeds.Go(func() {
			for _, row := range reports {
				f.reports.Upsert(row)
			}
		})
		feeds.Wait()
		f.wantTimes(50, 50, 50, 51)
	}
}

// BenchmarkHeartbeat stores a heartbeat and refreshes the times of its cluster.
func BenchmarkHeartbeat(b *testing.B) {
	cluster := resttest.Cluster(1)
	adapters := []string{"dns", "hypershift", "pullsecret", "validator"}
	clusters := fleet.New(fleet.Clusters)
	fresh := newFreshness(rest.Renderer{RequiredAdapters: func(string) []string { return adapters }}, clusters, fleet.New(fleet.NodePools), newReports().Reports)
	reports := make([]*v1.AdapterStatus, len(adapters))
	in := aggregate.Input{Kind: v1.ClusterKind, Generation: 1, Created: cluster.CreationTimestamp.Time, Required: adapters, Now: time.Now()}
	for i, adapter := range adapters {
		reports[i] = resttest.Report(1, adapter, i+1)
		in.Reports = append(in.Reports, aggregate.ReportOf(reports[i]))
	}
	cluster.Status.Conditions = aggregate.Conditions(in)
	row, err := rest.Renderer{RequiredAdapters: func(string) []string { return adapters }}.Cluster(cluster)
	if err != nil {
		b.Fatal(err)
	}
	fresh.resourceStore(v1.ClusterKind).Upsert(row)
	store := fresh.reportStore()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		report := reports[n%len(reports)]
		report.Spec.ObservedTime = v1.NewTimestamp(dawn.AddDate(0, 6, 0).Add(time.Duration(n) * time.Microsecond))
		reportRow, err := rest.EncodeReport(report)
		if err != nil {
			b.Fatal(err)
		}
		store.Upsert(reportRow)
	}
	if shown, _ := clusters.Get(row.ID); !shown.Conditions.All()[1].LastUpdatedTime.After(row.Conditions.All()[1].LastUpdatedTime.Time) && n > 2*len(reports) {
		b.Error("heartbeats are not shown")
	}
}
