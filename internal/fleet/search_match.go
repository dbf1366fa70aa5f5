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
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// finder returns the ordinals of rows. The caller holds the lock of the table. The set may
// be a posting list, so it is read-only.
type finder func(*table) *roaring.Bitmap

// match is a part of a search that posting lists or views answer, so its plan is always
// exact.
type match struct {
	rows      finder
	predicate func(*Row) bool
}

func (m match) bind(in scope) *plan { return &plan{set: m.rows(in.table), exact: true} }

func (m match) matches(r *Row) bool { return m.predicate(r) }

// presence matches rows that have a value, or with tsl.IsNull those that have none.
func presence(op tsl.Op, present finder, has func(*Row) bool) match {
	if op == tsl.IsNotNull {
		return match{present, has}
	}
	return match{
		rows:      func(x *table) *roaring.Bitmap { return roaring.AndNot(x.all, present(x)) },
		predicate: func(r *Row) bool { return !has(r) },
	}
}

// lookup finds the rows with a given value of a field, label or condition, and the rows
// with any value.
type lookup[V any] struct {
	equal   func(*table, V) *roaring.Bitmap
	present finder
}

// finder returns the finder of an equality comparison. A negative operator is true only
// for rows that have a value to compare.
func (l lookup[V]) finder(op tsl.Op, values []V) finder {
	return func(x *table) *roaring.Bitmap {
		set := l.equal(x, values[0])
		if len(values) > 1 {
			sets := []*roaring.Bitmap{set}
			for _, value := range values[1:] {
				sets = append(sets, l.equal(x, value))
			}
			set = roaring.FastOr(sets...)
		}
		if isNegative(op) {
			return roaring.AndNot(l.present(x), set)
		}
		return set
	}
}

// inColumn looks up a string in a column.
func inColumn(column func(*table) *column) lookup[string] {
	return lookup[string]{
		equal:   func(x *table, value string) *roaring.Bitmap { return column(x).equal(value) },
		present: func(x *table) *roaring.Bitmap { return column(x).present() },
	}
}

// inView looks up a time in the view of its field. Every row has such a time.
func inView(f *field) lookup[time.Time] {
	return lookup[time.Time]{
		equal:   func(x *table, t time.Time) *roaring.Bitmap { return x.views[f].equal(t) },
		present: everything,
	}
}

// byID looks up an id. Every row has one.
func byID() lookup[string] {
	return lookup[string]{
		equal: func(x *table, id string) *roaring.Bitmap {
			if ordinal, ok := x.byID[id]; ok {
				return roaring.BitmapOf(ordinal)
			}
			return roaring.New()
		},
		present: everything,
	}
}

func everything(x *table) *roaring.Bitmap { return x.all }

func always(*Row) bool { return true }
