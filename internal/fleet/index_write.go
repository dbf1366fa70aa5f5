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

package fleet

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// Upsert stores the row. It replaces a row with the same Key or ID. The Index owns the row
// from then on.
func (x *Index) Upsert(row *Row) {
	x.share(row)
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.needsRenumbering() {
		x.swap(x.renumbered())
	}
	x.mu.Lock()
	gone := x.put(row)
	for _, id := range gone {
		x.gone.Add(id, nil)
	}
	x.mu.Unlock()
	x.waits.rowsChanged(append(gone, row.ID))
}

// Delete removes the row of the object with that namespace and metadata.name, if there is
// one.
func (x *Index) Delete(key types.NamespacedName) {
	x.writing.Lock()
	defer x.writing.Unlock()
	ordinal, ok := x.byKey[key]
	if !ok {
		return
	}
	gone := x.rows[ordinal].ID
	x.mu.Lock()
	x.remove(ordinal)
	x.gone.Add(gone, nil)
	x.mu.Unlock()
	x.waits.rowsChanged([]string{gone})
}

// Replace makes rows the whole content of the Index, as of resourceVersion, in one step: no
// reader sees a part of it. rows may include rows that the Index already contains. From
// then on, HasSynced returns true.
func (x *Index) Replace(rows []*Row, resourceVersion string) error {
	version, err := ParseResourceVersion(resourceVersion)
	if err != nil {
		return err
	}
	for _, row := range rows {
		x.share(row)
	}

	x.writing.Lock()
	defer x.writing.Unlock()
	d := x.diff(rows)
	for _, id := range d.goneIDs {
		x.gone.Add(id, nil)
	}
	if len(rows) > 2*len(x.byKey) { // most are new, and one sort is cheaper than many insertions
		x.swap(loadTable(x.schema, slices.Clone(rows)))
	} else {
		x.mu.Lock()
		for _, ordinal := range d.gone {
			x.remove(ordinal)
		}
		for _, row := range d.put {
			x.put(row)
		}
		x.mu.Unlock()
	}
	x.synced.Store(true)
	x.waits.rowsChanged(append(d.changed, d.goneIDs...))
	x.waits.reset(version)
	return nil
}

// difference lists how a table differs from a list of rows.
type difference struct {
	gone    []uint32 // ordinals without a row in the list
	goneIDs []string // ids of rows that the list does not have, or replaces with rows of another id
	put     []*Row   // rows of the list that the table does not have
	changed []string // ids of the rows of put
}

func (x *table) diff(rows []*Row) difference {
	kept := make(map[types.NamespacedName]bool, len(rows))
	for _, row := range rows {
		kept[row.Key] = true
	}
	var d difference
	for key, ordinal := range x.byKey {
		if !kept[key] {
			d.gone, d.goneIDs = append(d.gone, ordinal), append(d.goneIDs, x.rows[ordinal].ID)
		}
	}
	for _, row := range rows {
		ordinal, ok := x.byKey[row.Key]
		if ok && x.rows[ordinal] == row {
			continue
		}
		if ok && x.rows[ordinal].ID != row.ID {
			d.goneIDs = append(d.goneIDs, x.rows[ordinal].ID)
		}
		d.changed = append(d.changed, row.ID)
		d.put = append(d.put, row)
	}
	return d
}

// swap replaces the table that readers see. The new table is already complete, so readers
// do not wait while it is built.
func (x *Index) swap(t *table) {
	t.number = x.number + 1
	x.mu.Lock()
	x.table = t
	x.mu.Unlock()
}

// Observe records that the Index reflects every change up to resourceVersion.
func (x *Index) Observe(resourceVersion string) error {
	version, err := ParseResourceVersion(resourceVersion)
	if err != nil {
		return err
	}
	x.waits.advance(version)
	return nil
}

// share lets the row share memory with its predecessor and the rest of the fleet. A writer
// calls it before it takes the lock.
func (x *Index) share(row *Row) {
	if predecessor, _ := x.GetByKey(row.Key); predecessor != row { // else readers already read this row
		row.share(predecessor)
	}
}
