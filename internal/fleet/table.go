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
	"github.com/RoaringBitmap/roaring/v2"
	"k8s.io/apimachinery/pkg/types"
)

// table holds the rows of an Index and every structure that finds them. It has no lock.
type table struct {
	schema *Schema
	rows   []*Row // by ordinal, nil if the ordinal is free
	all    *roaring.Bitmap
	strays *roaring.Bitmap // rows whose ordinals are out of the default order
	newest *Row            // the row with the last ordinal in the default order; it may have been deleted
	byID   map[string]uint32
	byKey  map[types.NamespacedName]uint32

	columns    map[*field]*column // of owner_id and of the fields that have keys
	labels     map[string]*column // by key
	conditions map[string]*column // by type
	views      map[*field]*view   // of every field that orders rows; nil during a bulk load

	// number identifies the table among all tables that the Index has had. Ordinals of one
	// table mean nothing in another.
	number  uint64
	journal journal
}

func newTable(schema *Schema) *table {
	x := &table{
		schema:     schema,
		all:        roaring.New(),
		strays:     roaring.New(),
		byID:       map[string]uint32{},
		byKey:      map[types.NamespacedName]uint32{},
		columns:    map[*field]*column{ownerID: newColumn()},
		labels:     map[string]*column{},
		conditions: map[string]*column{},
	}
	for _, f := range schema.fields {
		if f.key != nil && f != id {
			x.columns[f] = newColumn()
		}
	}
	x.views = newViews(x)
	return x
}

// loadTable returns a table of rows, which it sorts. If rows conflict because they share
// a key or an id, the last one in order stays.
func loadTable(schema *Schema, rows []*Row) *table {
	x := newTable(schema)
	x.views = nil // one sort is cheaper than one search for each row's place
	schema.sort(rows)
	for _, row := range rows {
		x.put(row)
	}
	x.views = newViews(x)
	return x
}

// put stores the row. It returns the id of the object that the row's object replaces under
// the same key, if any.
func (x *table) put(row *Row) (gone []string) {
	ordinal, exists := x.byKey[row.Key]
	if exists && x.rows[ordinal].ID != row.ID { // the object was deleted and created again
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

func (x *table) insert(row *Row) {
	x.assignOrdinal(row)
	x.all.Add(row.ordinal)
	x.byID[row.ID] = row.ordinal
	x.byKey[row.Key] = row.ordinal
	x.updatePostings(nil, row)
	for _, v := range x.views {
		v.insert(row.ordinal)
	}
	x.journal.record(row.ordinal, everyField)
}

func (x *table) remove(ordinal uint32) {
	row := x.rows[ordinal]
	for _, v := range x.views {
		v.remove(ordinal)
	}
	x.updatePostings(row, nil)
	delete(x.byKey, row.Key)
	delete(x.byID, row.ID)
	x.all.Remove(ordinal)
	x.strays.Remove(ordinal)
	x.rows[ordinal] = nil
	x.journal.record(ordinal, everyField)
}

// replace stores a row in the place of its predecessor of the same id and key. Most
// changes are reports. They change neither orders nor most posting lists, so replace
// updates only what differs.
func (x *table) replace(old, row *Row) {
	row.ordinal = old.ordinal
	var moved fieldSet
	for i, f := range x.schema.fields {
		if f.compare != nil && f.compareWithTie(old, row) != 0 {
			moved |= 1 << i
			if v := x.views[f]; v != nil {
				v.remove(old.ordinal) // while the table still has the row that the view compares
			}
		}
	}
	x.rows[row.ordinal] = row
	if x.schema.defaultOrder.compare(old, row) != 0 {
		x.strays.Add(row.ordinal)
	}
	for i, f := range x.schema.fields {
		if v := x.views[f]; v != nil && moved.has(i) {
			v.insert(row.ordinal)
		}
	}
	x.updatePostings(old, row)
	x.journal.record(row.ordinal, moved)
}

// state identifies the content of an Index at one moment.
type state struct {
	table   uint64 // the number of the table
	changes uint64 // the number of changes to it so far
}

func (x *table) state() state { return state{x.number, x.journal.length} }

// rowSet is a set of ordinals and its size. Its bitmap may be a posting list, so it is
// read-only.
type rowSet struct {
	*roaring.Bitmap
	total int
}

func newRowSet(set *roaring.Bitmap) rowSet { return rowSet{set, int(set.GetCardinality())} }

// gather returns the rows of a set in the order of their ordinals.
func (x *table) gather(s rowSet) []*Row {
	rows := make([]*Row, 0, s.total)
	s.Iterate(func(ordinal uint32) bool {
		rows = append(rows, x.rows[ordinal])
		return true
	})
	return rows
}
