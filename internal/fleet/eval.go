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
	"cmp"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// match returns the ordinals of the rows for which a search is true. Its caller
// holds the lock of the Index, and does not modify the set: it may be a posting
// list.
type match func(*Index) *roaring.Bitmap

func allOf(operands []match) match {
	return func(x *Index) *roaring.Bitmap {
		sets := setsOf(x, operands)
		slices.SortFunc(sets, func(a, b *roaring.Bitmap) int {
			return cmp.Compare(a.GetCardinality(), b.GetCardinality())
		})
		return roaring.FastAnd(sets...) // in that order: what the first lacks is not looked at again
	}
}

func anyOf(operands []match) match {
	return func(x *Index) *roaring.Bitmap {
		return roaring.FastOr(setsOf(x, operands)...)
	}
}

func setsOf(x *Index, operands []match) []*roaring.Bitmap {
	sets := make([]*roaring.Bitmap, len(operands))
	for i, operand := range operands {
		sets[i] = operand(x)
	}
	return sets
}

// lookup finds the rows of which a field, label or condition has a value, and
// those that have it at all.
type lookup[V any] struct {
	equal   func(*Index, V) *roaring.Bitmap
	present func(*Index) *roaring.Bitmap
}

// comparison is a leaf of a search. Where the operator is a negative one, it is
// still true of those rows only that have a value to compare.
func comparison[V any](op tsl.Op, values []V, in lookup[V]) match {
	negative := op == tsl.NotEqual || op == tsl.NotIn
	return func(x *Index) *roaring.Bitmap {
		found := in.equal(x, values[0])
		if len(values) > 1 {
			sets := []*roaring.Bitmap{found}
			for _, value := range values[1:] {
				sets = append(sets, in.equal(x, value))
			}
			found = roaring.FastOr(sets...)
		}
		if negative {
			return roaring.AndNot(in.present(x), found)
		}
		return found
	}
}

// inColumn looks up in a column, which is nil where no row has a value.
func inColumn(of func(*Index) *column) lookup[string] {
	return lookup[string]{
		equal:   func(x *Index, value string) *roaring.Bitmap { return of(x).equal(value) },
		present: func(x *Index) *roaring.Bitmap { return of(x).any() },
	}
}

// inView looks up a time. Every row has every time.
func inView(f *field) lookup[time.Time] {
	return lookup[time.Time]{
		equal:   func(x *Index, t time.Time) *roaring.Bitmap { return x.views[f].at(x, t) },
		present: everything,
	}
}

// byID looks up an id. Every row has one.
func byID() lookup[string] {
	return lookup[string]{
		equal: func(x *Index, id string) *roaring.Bitmap {
			if ordinal, ok := x.byID[id]; ok {
				return roaring.BitmapOf(ordinal)
			}
			return roaring.New()
		},
		present: everything,
	}
}

func everything(x *Index) *roaring.Bitmap { return x.all }
