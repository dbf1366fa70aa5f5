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
)

// leaf is a comparison with more than one way to find its rows. The state of the table
// decides which way is the cheapest.
type leaf struct {
	// column and value find the rows by the values of a column for which the comparison
	// is true. Both may be nil.
	column func(*table) *column
	value  func(string) bool
	// span is the part of a view for whose rows the comparison is true; nil for none.
	span *span
	// present finds the rows for which the comparison may be true; predicate decides.
	present   finder
	predicate func(*Row) bool
	cost      cost
}

const (
	// narrowRatio is the number of rows of a span that can be collected in the time of
	// one test of a row.
	narrowRatio = 4
	// patternRatio is the minimum number of values that can be compared in the time that
	// one match of a pattern takes.
	patternRatio = 10
)

func (l *leaf) bind(in scope) *plan {
	if l.column != nil {
		few := in.fewValues
		if l.cost == costPattern {
			few /= patternRatio
		}
		if c := l.column(in.table); c == nil || len(c.values) <= few && in.steps.take(l.columnSteps(c, in.table)) {
			return &plan{set: c.matching(l.value), exact: true}
		}
	}
	if !in.takeSets() {
		return in.untested(l.predicate, l.cost)
	}
	if l.span != nil {
		if set := l.bindSpan(in); set != nil {
			return &plan{set: set, exact: true}
		}
	}
	return &plan{set: l.present(in.table), predicate: l.predicate, cost: l.cost}
}

// columnSteps returns the steps to test the values of a column and to unite their posting
// lists.
func (l *leaf) columnSteps(c *column, x *table) int {
	test := valueSteps
	if l.cost == costPattern {
		test *= patternRatio
	}
	n := len(c.values)
	return n*test + min(int(c.rows.GetCardinality())/rowSteps, n*x.setSteps()) + 3*x.setSteps()
}

// bindSpan collects the span, unless testing the rows that matter is cheaper. It returns nil
// if too few steps are left.
func (l *leaf) bindSpan(in scope) *roaring.Bitmap {
	if !in.steps.take(locateSteps) {
		return nil
	}
	segment := l.span.locate(in.table)
	if in.within == nil || int(in.within.GetCardinality()) > segment.size()/narrowRatio {
		if !in.steps.take(segment.steps()) {
			return nil
		}
		return segment.rows()
	}
	if !in.steps.take(rowSteps * int(in.within.GetCardinality())) {
		return nil
	}
	set := roaring.New()
	in.within.Iterate(func(ordinal uint32) bool {
		if l.predicate(in.rows[ordinal]) {
			set.Add(ordinal)
		}
		return true
	})
	return set
}

func (l *leaf) matches(r *Row) bool { return l.predicate(r) }
