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
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// freshness shows the time of every report in the conditions of its resource as soon
// as the index has the report. The reconcilers delay the status write for a heartbeat,
// which changes nothing but last_updated_time; aggregate.Shown computes the times to
// show until then. A freshness is a layer between the feeds and the indexes.
//
// The shown times follow from the stored object and the stored reports, so that all
// replicas show the same, also after a restart.
type freshness struct {
	// mu is held while a resource or a report changes, so that neither misses the
	// other's change. Reads do not take it.
	mu        sync.Mutex
	renderer  rest.Renderer
	resources map[string]*fleet.Index // by kind
	reports   *Reports
}

func newFreshness(renderer rest.Renderer, clusters, nodePools *fleet.Index, reports *Reports) *freshness {
	return &freshness{
		renderer:  renderer,
		resources: map[string]*fleet.Index{v1.ClusterKind: clusters, v1.NodePoolKind: nodePools},
		reports:   reports,
	}
}

// resourceStore returns the store that the feed of a kind of resources fills.
func (f *freshness) resourceStore(kind string) feed.Store {
	return freshResources{Index: f.resources[kind], freshness: f, kind: kind}
}

// reportStore returns the store that the feed of the reports fills.
func (f *freshness) reportStore() feed.Store {
	return freshReports{Index: f.reports.Index, freshness: f}
}

type freshResources struct {
	*fleet.Index
	*freshness
	kind string
}

// Upsert implements feed.Store.
func (r freshResources) Upsert(row *fleet.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held, _ := r.GetByKey(row.Key)
	if arrived := r.arrived(row, held); arrived != held {
		r.Index.Upsert(arrived)
	}
}

// Replace implements feed.Store.
func (r freshResources) Replace(rows []*fleet.Row, resourceVersion string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, row := range rows {
		held, _ := r.GetByKey(row.Key)
		rows[i] = r.arrived(row, held)
	}
	return r.Index.Replace(rows, resourceVersion)
}

// arrived returns the row to show for a parent that the feed has read. held is the row in
// the index, nil for none. If held has the same version of the object, arrived returns
// held, because it may show newer times.
func (r freshResources) arrived(row, held *fleet.Row) *fleet.Row {
	switch {
	case held == nil || held.ID != row.ID:
		return r.shown(r.kind, row, nil)
	case held.ResourceVersion == row.ResourceVersion:
		return held
	}
	return r.shown(r.kind, row, rest.StoredConditions(held.Conditions.All(), held.Generation))
}

type freshReports struct {
	*fleet.Index
	*freshness
}

// Upsert implements feed.Store.
func (s freshReports) Upsert(report *fleet.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Index.Upsert(report)
	s.refresh(rest.ReportedResource(report))
}

// Replace implements feed.Store. It does not refresh a resource whose reports are
// unchanged or deleted: a deleted report changes more than times, so the reconciler
// writes the status at once.
func (s freshReports) Replace(reports []*fleet.Row, resourceVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := map[types.NamespacedName]string{} // kinds
	for _, report := range reports {
		if held, ok := s.GetByKey(report.Key); !ok || held != report {
			kind, resource := rest.ReportedResource(report)
			changed[resource] = kind
		}
	}
	if err := s.Index.Replace(reports, resourceVersion); err != nil {
		return err
	}
	for resource, kind := range changed {
		s.refresh(kind, resource)
	}
	return nil
}

// refresh updates the times in the row of a resource to its reports. The caller holds
// mu.
func (f *freshness) refresh(kind string, resource types.NamespacedName) {
	index := f.resources[kind]
	held, ok := index.GetByKey(resource)
	if !ok {
		return // when the resource arrives, arrived reads its reports
	}
	if row := f.shown(kind, held, rest.StoredConditions(held.Conditions.All(), held.Generation)); row != held {
		index.Upsert(row)
	}
}

// shown returns the row with the times of its reports, or the row itself if no time
// changes. before are the conditions of the resource that the index has shown so far, in
// their stored form.
func (f *freshness) shown(kind string, row *fleet.Row, before []v1.ResourceCondition) *fleet.Row {
	stored := row.Stored
	if stored == nil {
		stored = row.Conditions
	}
	conditions, moved := aggregate.Shown(aggregate.Input{
		Kind:           kind,
		Generation:     row.Generation,
		Created:        row.CreatedTime,
		Updated:        row.UpdatedTime,
		Deleted:        row.DeletedTime,
		Required:       f.renderer.RequiredAdapters(kind),
		Finalizing:     f.renderer.Finalizing(kind),
		Children:       f.children(kind, row),
		MissingCluster: missingCluster(row),
		Reports:        f.aggregateReports(kind, row),
		ConditionNames: f.renderer.ConditionNames,
		Previous:       rest.StoredConditions(stored.All(), row.Generation),
		Now:            time.Now(),
	}, before)
	shown := stored
	if moved {
		shown = fleet.ConditionsOf(rest.ContractConditions(conditions, f.renderer.RequiredAdapters(kind)))
	}
	if slices.Equal(shown, row.Conditions) {
		return row
	}
	fresh := *row
	fresh.Conditions, fresh.Stored = shown, nil
	if moved {
		fresh.Stored = stored
	}
	rest.SetUpdateTimes(&fresh, conditions)
	return &fresh
}

// children returns the names of the NodePools that a deleted Cluster still has.
func (f *freshness) children(kind string, row *fleet.Row) (names []string) {
	if kind != v1.ClusterKind || row.DeletedTime.IsZero() {
		return nil
	}
	for _, pool := range f.resources[v1.NodePoolKind].OwnedBy(row.ID) {
		names = append(names, pool.Name)
	}
	return names
}

// aggregateReports returns the reports on a resource as input of package aggregate.
func (f *freshness) aggregateReports(kind string, resource *fleet.Row) []aggregate.Report {
	rows := f.reports.rowsOn(kind, resource.ID, resource.Key)
	reports := make([]aggregate.Report, len(rows))
	for i, row := range rows {
		reports[i] = aggregate.ReportOf(rest.DecodeReport(row))
	}
	return reports
}

// missingCluster returns the name of a NodePool's Cluster if the stored conditions say
// that the Cluster does not exist, otherwise "".
func missingCluster(row *fleet.Row) string {
	if c := aggregate.ReadyOf(row.Conditions.All()); c != nil && c.Reason == v1.ClusterNotFoundReason {
		cluster, _, _ := strings.Cut(row.Key.Name, ".")
		return cluster
	}
	return ""
}
