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
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// TestReadyOfAnUnseenGeneration changes the spec of a cluster that is Ready, while no
// reconciler runs. In whatever order objects arrive, nothing shows Ready=True at the new
// generation, and all replicas show the same, until the status is written.
func TestReadyOfAnUnseenGeneration(t *testing.T) {
	newer := func(f *fixture) (reports []*v1.AdapterStatus) {
		for _, adapter := range f.requires {
			report := f.report(adapter, 6)
			report.Spec.ObservedGeneration = 2
			reports = append(reports, report)
		}
		return reports
	}
	changeSpec := func(f *fixture) *fleet.Row {
		f.cluster.Generation, f.cluster.ResourceVersion = 2, "5"
		f.cluster.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "editor", Time: new(metav1.NewTime(minute(5).Time))}}
		return f.clusterRow()
	}
	upsertReports := func(f *fixture) {
		for _, report := range newer(f) {
			f.reports.Upsert(f.reportRow(report))
		}
	}
	orders := map[string]func(f *fixture){
		"the change, then the reports": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			f.wantReady("True")
			f.resources.Upsert(changeSpec(f))
			f.wantReady("False")
			upsertReports(f)
		},
		"the reports, then the change": func(f *fixture) {
			f.resources.Upsert(f.clusterRow())
			upsertReports(f)
			f.resources.Upsert(changeSpec(f))
		},
		"a start after both": func(f *fixture) {
			row := changeSpec(f)
			upsertReports(f)
			if err := f.resources.Replace([]*fleet.Row{row}, "9"); err != nil {
				f.Fatal(err)
			}
		},
	}
	shown := map[string]string{}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			order(f)
			f.wantReady("False")
			row, _ := f.clusters.Get(v1.ID(f.cluster.UID))
			shown[name] = string(row.JSON)

			f.write("7", newer(f)...)
			f.resources.Upsert(f.clusterRow())
			f.wantReady("True")
		})
	}
	for name, got := range shown {
		if diff := cmp.Diff(shown["a start after both"], got); diff != "" {
			t.Errorf("%s: replicas differ (-after both +got):\n%s", name, diff)
		}
	}
}

// wantReady checks Ready of the cluster, in its row and in the searches of the metrics.
func (f *fixture) wantReady(want string) {
	f.Helper()
	row, ok := f.clusters.Get(v1.ID(f.cluster.UID))
	if !ok {
		f.Fatal("the cluster has no row")
	}
	conditions := row.Conditions.All()
	i := slices.IndexFunc(conditions, func(c v1.ResourceCondition) bool { return c.Type == v1.ReadyCondition })
	if got := conditions[i].Status; got != metav1.ConditionStatus(want) {
		f.Errorf("Ready of generation %d is %s (%s), want %s", row.Generation, got, conditions[i].Message, want)
	}
	for _, search := range newConditionSearches(f.ConditionNames) {
		page, err := f.clusters.List(f.Context(), fleet.Query{Filter: search.filter})
		if err != nil {
			f.Fatal(err)
		}
		found := search.ready == want && search.available == "True"
		if (page.Total == 1) != found {
			f.Errorf("a search for Ready=%s and Available=%s finds %d, want %t", search.ready, search.available, page.Total, found)
		}
	}
}
