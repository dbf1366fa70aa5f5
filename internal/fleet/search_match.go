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

// match is a part of a search that posting lists or views answer.
type match struct {
	// rows returns a set as a finder does, nil if too few steps are left.
	rows      func(scope) *roaring.Bitmap
	predicate func(*Row) bool
}

func (m match) bind(in scope) *plan {
	if in.takeSets() {
		if set := m.rows(in); set != nil {
			return &plan{set: set, exact: true}
		}
	}
	return in.untested(m.predicate, costField)
}

func (m match) matches(r *Row) bool { return m.predicate(r) }

// presence matches rows that have a value, or, for tsl.IsNull, rows that have none.
func presence(op tsl.Op, present finder, has func(*Row) bool) match {
	if op == tsl.IsNotNull {
		return match{func(in scope) *roaring.Bitmap { return present(in.table) }, has}
	}
	return match{
		rows:      func(in scope) *roaring.Bitmap { return roaring.AndNot(in.all, present(in.table)) },
		predicate: func(r *Row) bool { return !has(r) },
	}
}

// lookup finds the rows with a given value of a field, label or condition, and the rows
// with any value.
type lookup[V any] struct {
	// equal returns nil if too few steps are left.
	equal   func(scope, V) *roaring.Bitmap
	present finder
}

// rows returns the rows of an equality comparison, for a match. A negative operator is true
// only for rows that have a value to compare.
func (l lookup[V]) rows(op tsl.Op, values []V) func(scope) *roaring.Bitmap {
	return func(in scope) *roaring.Bitmap {
		set := l.equal(in, values[0])
		if set == nil {
			return nil
		}
		if len(values) > 1 {
			sets := []*roaring.Bitmap{set}
			for _, value := range values[1:] {
				more := l.equal(in, value)
				if more == nil {
					return nil
				}
				sets = append(sets, more)
			}
			set = roaring.FastOr(sets...)
		}
		if isNegative(op) {
			return roaring.AndNot(l.present(in.table), set)
		}
		return set
	}
}

// inColumn looks up a string in a column.
func inColumn(column func(*table) *column) lookup[string] {
	return lookup[string]{
		equal: func(in scope, value string) *roaring.Bitmap {
			c := column(in.table)
			if !in.steps.take(valueSteps + min(c.count(value), in.setSteps())) {
				return nil
			}
			return c.equal(value)
		},
		present: func(x *table) *roaring.Bitmap { return column(x).present() },
	}
}

// inView looks up a time in the view of its field. Every row has such a time.
func inView(f *field) lookup[time.Time] {
	return lookup[time.Time]{
		equal: func(in scope, t time.Time) *roaring.Bitmap {
			if !in.steps.take(locateSteps) {
				return nil
			}
			v := in.views[f]
			from, until := v.equal(t)
			if !in.steps.take(until - from) {
				return nil
			}
			return v.collect(from, until)
		},
		present: everything,
	}
}

// byID looks up an id. Every row has one.
func byID() lookup[string] {
	return lookup[string]{
		equal: func(in scope, id string) *roaring.Bitmap {
			if !in.steps.take(valueSteps) {
				return nil
			}
			if ordinal, ok := in.byID[id]; ok {
				return roaring.BitmapOf(ordinal)
			}
			return roaring.New()
		},
		present: everything,
	}
}

func everything(x *table) *roaring.Bitmap { return x.all }

func always(*Row) bool { return true }
