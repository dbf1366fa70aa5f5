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

// table is the rows of an Index and all that finds them.
type table struct {
	schema *Schema
	rows   []*Row // by ordinal, nil where it is free
	all    *roaring.Bitmap
	strays *roaring.Bitmap // whose ordinals are not in the default order
	newest *Row            // the last that is, or was while it existed
	byID   map[string]uint32
	byKey  map[types.NamespacedName]uint32

	columns    map[*field]*column // of the owner and of text and integer fields
	labels     map[string]*column // by key
	conditions map[string]*column // by type
	views      map[*field]*view   // of every field to order by, nil while the table is filled

	// number tells the table from those that it replaces. With the ordinals of one
	// table nothing is found in another.
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
		if f.text != nil && f != id {
			x.columns[f] = newColumn()
		}
	}
	x.views = newViews(x)
	return x
}

// filled returns a table of rows, which it sorts. Of rows that cannot be beside
// each other the last in order stays.
func filled(schema *Schema, rows []*Row) *table {
	x := newTable(schema)
	x.views = nil // to sort all rows beats finding a place for each
	schema.sort(rows)
	for _, row := range rows {
		x.put(row)
	}
	x.views = newViews(x)
	return x
}

// renumbered returns a table of the same rows that has new ordinals for them, in
// the default order and without holes. The rows know their new ordinals from then
// on, so the table itself is not to be written to any more.
func (x *table) renumbered() *table {
	t := newTable(x.schema)
	t.views = nil
	for _, row := range x.views[x.schema.defaultOrder].slice(x, 0, len(x.byID), false) {
		t.insert(row)
	}
	t.views = make(map[*field]*view, len(x.views))
	for f, v := range x.views {
		t.views[f] = newView(t, f)
		for _, row := range v.slice(x, 0, len(x.byID), false) {
			t.views[f].tree.Load(row.ordinal)
		}
	}
	return t
}

// put stores the row and returns the ids of other rows that had to go for it.
func (x *table) put(row *Row) (gone []string) {
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

func (x *table) insert(row *Row) {
	x.place(row)
	x.all.Add(row.ordinal)
	x.byID[row.ID] = row.ordinal
	x.byKey[row.Key] = row.ordinal
	x.repost(nil, row)
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
	x.repost(row, nil)
	delete(x.byKey, row.Key)
	delete(x.byID, row.ID)
	x.all.Remove(ordinal)
	x.strays.Remove(ordinal)
	x.rows[ordinal] = nil
	x.journal.record(ordinal, everyField)
}

// replace puts a row in the place of its predecessor of the same id and key.
// Most changes are reports: they leave the orders and nearly all posting lists
// as they are, which are then not touched.
func (x *table) replace(old, row *Row) {
	row.ordinal = old.ordinal
	var moved fieldSet
	for i, f := range x.schema.fields {
		if f.compare != nil && f.compare(old, row) != 0 {
			moved |= 1 << i
			if v := x.views[f]; v != nil {
				v.remove(old.ordinal) // while the row still has the place that its view knows
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
	x.repost(old, row)
	x.journal.record(row.ordinal, moved)
}

// state is a table at one moment.
type state struct {
	table   uint64 // its number
	changes uint64 // how many there have been
}

func (x *table) state() state { return state{x.number, x.journal.length} }

func (x *table) gather(set *roaring.Bitmap, total int) []*Row {
	rows := make([]*Row, 0, total)
	set.Iterate(func(ordinal uint32) bool {
		rows = append(rows, x.rows[ordinal])
		return true
	})
	return rows
}
