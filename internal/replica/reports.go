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
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/feed"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// Reports is the collection of all AdapterStatuses. The reconcilers read it as well:
// most objects of a fleet are reports, and a cache for the reconcilers would list, watch
// and store each of them once more. Like any cache, the collection may be behind the API
// server.
//
// The reports lack labels, annotations other than the last result, finalizers, managed
// fields and free-form content.
type Reports struct {
	Collection

	// mu is held while the index changes and the handlers are called, so that a new
	// handler is called exactly once for each report.
	mu       sync.Mutex
	handlers []cache.ResourceEventHandler
}

// Get returns the report with a key, false if there is none.
func (r *Reports) Get(key client.ObjectKey) (*v1.AdapterStatus, bool) {
	row, ok := r.Index.GetByKey(key)
	if !ok {
		return nil, false
	}
	return rest.DecodeReport(row), true
}

// On returns the reports on a parent of a kind: the reports that state its UID, and the
// reports that state its name and no UID.
func (r *Reports) On(kind string, resource client.Object) []*v1.AdapterStatus {
	rows := r.rowsOn(kind, v1.ID(resource.GetUID()), client.ObjectKeyFromObject(resource))
	reports := make([]*v1.AdapterStatus, len(rows))
	for i, row := range rows {
		reports[i] = rest.DecodeReport(row)
	}
	return reports
}

// ObservedAfter returns the keys of the reports with a later observedTime.
func (r *Reports) ObservedAfter(t time.Time) []client.ObjectKey {
	var later []client.ObjectKey
	for _, row := range r.Index.Rows() {
		if row.UpdatedTime.After(t) {
			later = append(later, row.Key)
		}
	}
	return later
}

// rowsOn returns the rows of the reports on a resource.
func (r *Reports) rowsOn(kind, id string, resource types.NamespacedName) []*fleet.Row {
	rows := r.Index.OwnedBy(rest.ReportOwners(kind, id, resource.Name)...)
	return slices.DeleteFunc(rows, func(row *fleet.Row) bool {
		_, reported := rest.ReportedResource(row)
		return reported != resource // a report can state the UID of one resource and the name of another
	})
}

// AddEventHandler calls the handler for each report in the index, and for each later
// change, except changes of metadata only. The reports of the first list count as the
// initial list. The handler must not block.
func (r *Reports) AddEventHandler(handler cache.ResourceEventHandler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handlers = append(r.handlers, handler)
	for _, row := range r.Index.Rows() {
		handler.OnAdd(rest.DecodeReport(row), true)
	}
}

// WaitForSync returns nil once the index is filled, or the error of ctx if ctx is done
// first.
func (r *Reports) WaitForSync(ctx context.Context) error { return r.Index.WaitForSync(ctx) }

// notify calls the handlers for the change of a report. before is nil for a new report,
// after is nil for a deleted one.
func (r *Reports) notify(before, after *fleet.Row, initial bool) {
	if len(r.handlers) == 0 || sameReport(before, after) {
		return
	}
	for _, handler := range r.handlers {
		switch {
		case before == nil:
			handler.OnAdd(rest.DecodeReport(after), initial)
		case after == nil:
			handler.OnDelete(rest.DecodeReport(before))
		default:
			handler.OnUpdate(rest.DecodeReport(before), rest.DecodeReport(after))
		}
	}
}

// sameReport reports whether two rows differ in metadata only. Either row may be nil.
func sameReport(a, b *fleet.Row) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.OwnerID == b.OwnerID && a.Digest == b.Digest && a.DeletedTime.Equal(b.DeletedTime)
}

// notifyingStore is the store that the feed of the reports fills. It passes each change
// on to the store below it, and then calls the handlers.
type notifyingStore struct {
	feed.Store
	*Reports
}

// Upsert implements feed.Store.
func (s notifyingStore) Upsert(row *fleet.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, _ := s.GetByKey(row.Key)
	s.Store.Upsert(row)
	s.notify(before, row, false)
}

// Delete implements feed.Store.
func (s notifyingStore) Delete(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, _ := s.GetByKey(key)
	s.Store.Delete(key)
	s.notify(before, nil, false)
}

// Replace implements feed.Store.
func (s notifyingStore) Replace(rows []*fleet.Row, resourceVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	initial := !s.Index.HasSynced()
	gone := map[types.NamespacedName]*fleet.Row{}
	for _, row := range s.Index.Rows() {
		gone[row.Key] = row
	}
	if err := s.Store.Replace(rows, resourceVersion); err != nil {
		return err
	}
	for _, row := range rows {
		s.notify(gone[row.Key], row, initial)
		delete(gone, row.Key)
	}
	for _, row := range gone {
		s.notify(row, nil, false)
	}
	return nil
}
