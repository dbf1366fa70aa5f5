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
	x.mu.Lock()
	gone := x.put(row)
	x.mu.Unlock()
	x.waits.rowsChanged(append(gone, row.ID))
}

// Delete removes the row of the object of that namespace and metadata.name, if
// there is one.
func (x *Index) Delete(key types.NamespacedName) {
	x.mu.Lock()
	ordinal, ok := x.byKey[key]
	if !ok {
		x.mu.Unlock()
		return
	}
	gone := x.rows[ordinal].ID
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
	var changed []string

	x.mu.Lock()
	for key, ordinal := range x.byKey {
		if !kept[key] {
			changed = append(changed, x.rows[ordinal].ID)
			x.remove(ordinal)
		}
	}
	rebuild := len(rows) > 2*len(x.byKey) // most are new: to sort them beats finding a place for each
	if rebuild {
		x.views = nil
		rows = slices.Clone(rows)
		x.schema.sort(rows)
	}
	for _, row := range rows {
		if ordinal, ok := x.byKey[row.Key]; ok && x.rows[ordinal] == row {
			continue
		}
		changed = append(append(changed, x.put(row)...), row.ID)
	}
	if rebuild {
		x.views = newViews(x)
	}
	x.synced = true
	x.mu.Unlock()

	x.waits.rowsChanged(changed)
	x.waits.reset(version)
	return nil
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

// put stores the row and returns the ids of other rows that had to go for it.
// The caller holds mu.
func (x *Index) put(row *Row) (gone []string) {
	ordinal, exists := x.byKey[row.Key]
	if exists && x.rows[ordinal].ID != row.ID { // deleted and made anew
		gone = append(gone, x.rows[ordinal].ID)
		x.remove(ordinal)
		exists = false
	}
	if other, ok := x.byID[row.ID]; ok && x.rows[other].Key != row.Key {
		x.remove(other)
	}
	if exists {
		x.replace(x.rows[ordinal], row)
	} else {
		x.insert(row)
	}
	return gone
}

func (x *Index) insert(row *Row) {
	x.place(row)
	x.all.Add(row.ordinal)
	x.byID[row.ID] = row.ordinal
	x.byKey[row.Key] = row.ordinal
	x.repost(nil, row)
	for _, v := range x.views {
		v.insert(row.ordinal)
	}
}

func (x *Index) remove(ordinal uint32) {
	row := x.rows[ordinal]
	for _, v := range x.views {
		v.remove(ordinal)
	}
	x.repost(row, nil)
	delete(x.byKey, row.Key)
	delete(x.byID, row.ID)
	x.all.Remove(ordinal)
	x.strays.Remove(ordinal)
	x.rows[ordinal] = nil
}

// replace puts a row in the place of its predecessor of the same id and key.
// Most changes are reports: they leave the orders and nearly all posting lists
// as they are, which are then not touched.
func (x *Index) replace(old, row *Row) {
	row.ordinal = old.ordinal
	for f, v := range x.views {
		if f.compare(old, row) != 0 {
			v.remove(old.ordinal) // while the row still has the place that its view knows
		}
	}
	x.rows[row.ordinal] = row
	if x.schema.defaultOrder.compare(old, row) != 0 {
		x.strays.Add(row.ordinal)
	}
	for f, v := range x.views {
		if f.compare(old, row) != 0 {
			v.insert(row.ordinal)
		}
	}
	x.repost(old, row)
}
