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
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/aggregate"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// freshness shows the time of every report in the conditions of its resource as
// soon as the report is in the index: the reconcilers write nothing at once where
// only last_updated_time moves, as aggregate.Shown tells. It stands between the
// feeds and the indexes.
//
// What a row shows follows from the stored object and the stored reports, so that
// replicas and restarts come to the same.
type freshness struct {
	// mu is held while a resource or a report changes, so that none of the two
	// misses the other. Reads do not take it.
	mu       sync.Mutex
	required func(kind string) []string
	indexes  map[string]*fleet.Index // of resources, by kind
	reports  *fleet.Index
}

func newFreshness(required func(kind string) []string, clusters, nodePools, reports *fleet.Index) *freshness {
	return &freshness{
		required: required,
		indexes:  map[string]*fleet.Index{v1.ClusterKind: clusters, v1.NodePoolKind: nodePools},
		reports:  reports,
	}
}

// resources is the index of a kind of resources as its feed is to see it.
func (f *freshness) resources(kind string) fleet.Store {
	return freshResources{Index: f.indexes[kind], kind: kind, freshness: f}
}

// statuses is the index of reports as its feed is to see it.
func (f *freshness) statuses() fleet.Store { return freshStatuses{Index: f.reports, freshness: f} }

type freshResources struct {
	*fleet.Index
	*freshness
	kind string
}

func (r freshResources) Upsert(row *fleet.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held, _ := r.GetByKey(row.Key)
	if arrived := r.arrived(row, held); arrived != held {
		r.Index.Upsert(arrived)
	}
}

func (r freshResources) Replace(rows []*fleet.Row, resourceVersion string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, row := range rows {
		held, _ := r.GetByKey(row.Key)
		rows[i] = r.arrived(row, held)
	}
	return r.Index.Replace(rows, resourceVersion)
}

// arrived returns what to show of a resource that the feed has read. held is what
// the index has, nil for nothing: where that is the same object, though with newer
// times by now, it stays.
func (r freshResources) arrived(row, held *fleet.Row) *fleet.Row {
	switch {
	case held == nil || held.ID != row.ID:
		return r.shown(r.kind, row, nil)
	case held.ResourceVersion == row.ResourceVersion:
		return held
	}
	return r.shown(r.kind, row, storedConditions(held.Conditions.All(), held.Generation))
}

type freshStatuses struct {
	*fleet.Index
	*freshness
}

func (s freshStatuses) Upsert(report *fleet.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Index.Upsert(report)
	s.touch(reportedResource(report))
}

// Replace leaves out resources whose reports are the same as before, or are gone:
// the latter is more than a change of time, and the reconciler's.
func (s freshStatuses) Replace(reports []*fleet.Row, resourceVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := map[types.NamespacedName]bool{}
	for _, report := range reports {
		if held, ok := s.GetByKey(report.Key); !ok || held != report {
			changed[reportedResource(report)] = true
		}
	}
	if err := s.Index.Replace(reports, resourceVersion); err != nil {
		return err
	}
	for resource := range changed {
		s.touch(resource)
	}
	return nil
}

// touch brings the row of a resource up to its reports. mu is held.
func (f *freshness) touch(resource types.NamespacedName) {
	kind := reportedKind(resource.Name)
	index := f.indexes[kind]
	held, ok := index.GetByKey(resource)
	if !ok {
		return // when it arrives it finds its reports
	}
	if row := f.shown(kind, held, storedConditions(held.Conditions.All(), held.Generation)); row != held {
		index.Upsert(row)
	}
}

// shown returns the row with its times brought up to the reports, the same one
// where none moves. before is what was shown of the resource before.
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
		Required:       f.required(kind),
		MissingCluster: missingCluster(row),
		Reports:        f.reportsOn(kind, row),
		Previous:       storedConditions(stored.All(), row.Generation),
		Now:            time.Now(),
	}, before)
	shown := stored
	if moved {
		shown = fleet.ConditionsOf(contractConditions(conditions, f.required(kind)))
	}
	if slices.Equal(shown, row.Conditions) {
		return row
	}
	fresh := *row
	fresh.Conditions, fresh.Stored = shown, nil
	if moved {
		fresh.Stored = stored
	}
	fresh.JSON = withUpdateTimes(row.JSON, conditions)
	fresh.Digest = digest(fresh.JSON)
	return &fresh
}

func (f *freshness) reportsOn(kind string, resource *fleet.Row) []aggregate.Report {
	rows := reportsOn(f.reports, kind, resource.ID, resource.Key)
	reports := make([]aggregate.Report, len(rows))
	for i, row := range rows {
		reports[i] = aggregate.ReportOf(reportOf(row))
	}
	return reports
}

// missingCluster is the name of a NodePool's Cluster where the stored conditions
// say that there is none.
func missingCluster(row *fleet.Row) string {
	if c, _ := row.Conditions.Find(v1.ReadyCondition); c.Reason == v1.ClusterNotFoundReason {
		cluster, _, _ := strings.Cut(row.Key.Name, ".")
		return cluster
	}
	return ""
}

// Where to find the times in the JSON of a Cluster or NodePool. The status is its
// last member, and the quotes of what is within a string are escaped.
var (
	statusMember  = []byte(`,"status":{"conditions":`)
	updatedMember = []byte(`"last_updated_time":"`)
)

// withUpdateTimes returns the JSON of a resource with the times of its conditions,
// which are as they were in all else.
func withUpdateTimes(resource []byte, conditions []v1.ResourceCondition) []byte {
	status := bytes.LastIndex(resource, statusMember)
	text := make([]byte, 0, len(resource)+len(conditions)*len(".123456789"))
	text = append(text, resource[:status]...)
	rest := resource[status:]
	for i := range conditions {
		at := bytes.Index(rest, updatedMember) + len(updatedMember)
		text = append(text, rest[:at]...)
		text = conditions[i].LastUpdatedTime.UTC().AppendFormat(text, time.RFC3339Nano)
		rest = rest[at+bytes.IndexByte(rest[at:], '"'):]
	}
	return append(text, rest...)
}
