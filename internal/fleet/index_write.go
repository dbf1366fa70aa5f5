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

// Upsert adds the row, in place of the one with the same Key or ID, if any. The
// Index takes the row over.
func (x *Index) Upsert(row *Row) {
	x.share(row)
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.worn() {
		x.swap(x.renumbered())
	}
	x.mu.Lock()
	gone := x.put(row)
	x.mu.Unlock()
	x.waits.rowsChanged(append(gone, row.ID))
}

// Delete removes the row of the object of that namespace and metadata.name, if
// there is one.
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
	x.mu.Unlock()
	x.waits.rowsChanged([]string{gone})
}

// Replace makes rows all that the Index holds, as of resourceVersion, in one
// step: no reader sees a part of it. A row that the Index holds already stays.
// The Index has synced from then on.
func (x *Index) Replace(rows []*Row, resourceVersion string) error {
	version, err := parseVersion(resourceVersion)
	if err != nil {
		return err
	}
	kept := make(map[types.NamespacedName]bool, len(rows))
	for _, row := range rows {
		kept[row.Key] = true
		x.share(row)
	}

	x.writing.Lock()
	defer x.writing.Unlock()
	var changed []string
	var gone []uint32
	for key, ordinal := range x.byKey {
		if !kept[key] {
			changed = append(changed, x.rows[ordinal].ID)
			gone = append(gone, ordinal)
		}
	}
	var came []*Row
	for _, row := range rows {
		ordinal, ok := x.byKey[row.Key]
		if ok && x.rows[ordinal] == row {
			continue
		}
		if ok && x.rows[ordinal].ID != row.ID {
			changed = append(changed, x.rows[ordinal].ID)
		}
		changed = append(changed, row.ID)
		came = append(came, row)
	}
	if len(rows) > 2*len(x.byKey) { // most are new: to sort them beats finding a place for each
		x.swap(filled(x.schema, slices.Clone(rows)))
	} else {
		x.mu.Lock()
		for _, ordinal := range gone {
			x.remove(ordinal)
		}
		for _, row := range came {
			x.put(row)
		}
		x.mu.Unlock()
	}
	x.synced.Store(true)
	x.waits.rowsChanged(changed)
	x.waits.reset(version)
	return nil
}

// swap puts another table in the place of the one that readers see. It is made
// before, so that they do not wait for that.
func (x *Index) swap(t *table) {
	t.number = x.number + 1
	x.mu.Lock()
	x.table = t
	x.mu.Unlock()
}

// Observe records that the Index reflects every change up to resourceVersion.
func (x *Index) Observe(resourceVersion string) error {
	version, err := parseVersion(resourceVersion)
	if err != nil {
		return err
	}
	x.waits.advance(version)
	return nil
}

// share lets the row share memory with its predecessor and the rest of the
// fleet. It is work for a writer before it takes the lock.
func (x *Index) share(row *Row) {
	if predecessor, _ := x.GetByKey(row.Key); predecessor != row { // else readers have it
		row.share(predecessor)
	}
}
