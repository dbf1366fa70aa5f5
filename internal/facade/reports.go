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
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
)

// Reports are the AdapterStatuses that the index of a Server holds, for the
// reconcilers beside it: most objects of a fleet are reports, and a cache for the
// reconcilers would list, watch and hold each of them once more.
//
// They are without what the index does not hold: labels, annotations, finalizers,
// managed fields, and free-form content.
type Reports struct {
	index *fleet.Index

	// mu is held while the index changes and handlers are told of it, so that one
	// that is added meanwhile is told of each report once.
	mu       sync.Mutex
	handlers []cache.ResourceEventHandler
}

// Reports returns those of the Server's index.
func (s *Server) Reports() *Reports { return s.reports }

// Get returns the report of that name, false where there is none.
func (r *Reports) Get(key client.ObjectKey) (*v1.AdapterStatus, bool) {
	row, ok := r.index.GetByKey(key)
	if !ok {
		return nil, false
	}
	return reportOf(row), true
}

// On returns the reports on a resource of that kind: those with its UID, and those
// with its name that say no UID.
func (r *Reports) On(kind string, resource client.Object) []*v1.AdapterStatus {
	rows := reportsOn(r.index, kind, v1.ID(resource.GetUID()), client.ObjectKeyFromObject(resource))
	reports := make([]*v1.AdapterStatus, len(rows))
	for i, row := range rows {
		reports[i] = reportOf(row)
	}
	return reports
}

// AddEventHandler has the handler called for each report that there is, and for
// each change from then on but those of metadata alone. What there is when the
// index has first been filled counts as the initial list. The handler must not
// block.
func (r *Reports) AddEventHandler(handler cache.ResourceEventHandler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handlers = append(r.handlers, handler)
	for _, row := range r.index.Rows() {
		handler.OnAdd(reportOf(row), true)
	}
}

// WaitForSync returns nil once the index has been filled, and the error of ctx where
// that is done first.
func (r *Reports) WaitForSync(ctx context.Context) error { return r.index.WaitForSync(ctx) }

// reportStore is the index of reports as their feed is to see it, who tells the
// handlers of what it changes.
type reportStore struct {
	feed.Store
	*Reports
}

func (s reportStore) Upsert(row *fleet.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, _ := s.GetByKey(row.Key)
	s.Store.Upsert(row)
	s.tell(before, row, false)
}

func (s reportStore) Delete(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, _ := s.GetByKey(key)
	s.Store.Delete(key)
	s.tell(before, nil, false)
}

func (s reportStore) Replace(rows []*fleet.Row, resourceVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	initial := !s.index.HasSynced()
	gone := map[types.NamespacedName]*fleet.Row{}
	for _, row := range s.index.Rows() {
		gone[row.Key] = row
	}
	if err := s.Store.Replace(rows, resourceVersion); err != nil {
		return err
	}
	for _, row := range rows {
		s.tell(gone[row.Key], row, initial)
		delete(gone, row.Key)
	}
	for _, row := range gone {
		s.tell(row, nil, false)
	}
	return nil
}

// tell tells the handlers what has become of a report. before and after are nil
// where there was none, or is none any more.
func (r *Reports) tell(before, after *fleet.Row, initial bool) {
	if len(r.handlers) == 0 || sameReport(before, after) {
		return
	}
	for _, handler := range r.handlers {
		switch {
		case before == nil:
			handler.OnAdd(reportOf(after), initial)
		case after == nil:
			handler.OnDelete(reportOf(before))
		default:
			handler.OnUpdate(reportOf(before), reportOf(after))
		}
	}
}

// sameReport tells whether two rows, or none, differ in nothing but metadata.
func sameReport(a, b *fleet.Row) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.OwnerID == b.OwnerID && a.Digest == b.Digest && a.DeletedTime.Equal(b.DeletedTime)
}

// reportsOn returns the rows of the reports on a resource.
func reportsOn(index *fleet.Index, kind, id string, resource types.NamespacedName) []*fleet.Row {
	rows := index.OwnedBy(reportOwners(kind, id, resource.Name)...)
	return slices.DeleteFunc(rows, func(row *fleet.Row) bool { return reportedResource(row) != resource }) // an id alone may be that of another
}

// reportOf is the report that a row was made of, as far as the row tells.
func reportOf(row *fleet.Row) *v1.AdapterStatus {
	report := &v1.AdapterStatus{
		ObjectMeta: metav1.ObjectMeta{
			Name:              row.Key.Name,
			Namespace:         row.Key.Namespace,
			UID:               row.UID(),
			ResourceVersion:   row.ResourceVersion,
			CreationTimestamp: metav1.Unix(row.CreationTimestamp, 0),
		},
		Spec: v1.AdapterStatusSpec{
			ResourceRef:        reportedReference(row),
			Adapter:            row.Name,
			ObservedGeneration: row.Generation,
			ObservedTime:       v1.NewTimestamp(row.UpdatedTime),
		},
	}
	if !row.DeletedTime.IsZero() {
		report.DeletionTimestamp = new(metav1.NewTime(row.DeletedTime))
	}
	for _, c := range row.Conditions.All() {
		report.Spec.Conditions = append(report.Spec.Conditions, v1.AdapterCondition{
			Type:               c.Type,
			Status:             c.Status,
			Reason:             c.Reason,
			Message:            c.Message,
			LastTransitionTime: c.LastTransitionTime,
		})
	}
	return report
}

// reportedReference is what a report refers to.
func reportedReference(report *fleet.Row) v1.ResourceReference {
	name := reportedResource(report).Name
	return v1.ResourceReference{Kind: reportedKind(name), Name: name, UID: reportedUID(report.OwnerID)}
}

// uidOwner begins the owner of a report that tells a UID which no object can have.
const uidOwner = "uid/"

// reportOwner is what the row of a report has as its owner: the resource's id
// where the report tells its UID, else a text made of its name.
func reportOwner(ref v1.ResourceReference) string {
	if ref.UID == "" {
		return ref.Kind + "/" + ref.Name
	}
	if id := v1.ID(ref.UID); id != "" {
		return id
	}
	return uidOwner + string(ref.UID)
}

// reportOwners are the owners under which the reports on a resource are found.
func reportOwners(kind, id, name string) []string {
	return []string{id, reportOwner(v1.ResourceReference{Kind: kind, Name: name})}
}

// reportedUID is the UID that reportOwner was given.
func reportedUID(owner string) types.UID {
	if uid, ok := strings.CutPrefix(owner, uidOwner); ok {
		return types.UID(uid)
	}
	uid, err := v1.UIDFromID(owner)
	if err != nil {
		return ""
	}
	return uid
}

// reportedResource is the key of what a report is about: its own is made of that
// and the adapter's name.
func reportedResource(report *fleet.Row) types.NamespacedName {
	return types.NamespacedName{
		Namespace: report.Key.Namespace,
		Name:      strings.TrimSuffix(report.Key.Name, "."+report.Name),
	}
}

// reportedKind is the kind of a resource: only the names of NodePools have a dot.
func reportedKind(resource string) string {
	if strings.Contains(resource, ".") {
		return v1.NodePoolKind
	}
	return v1.ClusterKind
}
