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

// node is a part of a compiled search.
type node interface {
	// bind finds what can be found by posting lists and views. Its caller holds
	// the lock of the Index. Rows outside of within do not matter to the caller;
	// nil is all rows.
	bind(x *Index, within *roaring.Bitmap) *plan
	// test tells whether the part is true for a row.
	test(*Row) bool
}

// plan is a part of a search that is bound to one state of an Index.
type plan struct {
	// set holds every row for which the part may be true. Where the plan is exact
	// it is true for each of them. It is not to be modified: it may be a posting
	// list.
	set   *roaring.Bitmap
	exact bool

	// What it takes to tell, where the plan is not exact: to look at each row, or
	// to ask all of the others or any of them, the cheapest first. Of any, those
	// that were exact are in sure.
	row      func(*Row) bool
	all, any []*plan
	sure     *roaring.Bitmap
	cost     cost
}

// cost orders what is asked of a row.
type cost int

const (
	costField cost = iota
	costPattern
	costFreeForm
	costFreeFormPattern
)

// finder returns the ordinals of rows. Its caller holds the lock of the Index. The
// set is not to be modified: it may be a posting list.
type finder func(*Index) *roaring.Bitmap

// match is a part of a search that posting lists or views answer, so that it is
// always exact.
type match struct {
	find finder
	row  func(*Row) bool
}

func (m match) bind(x *Index, _ *roaring.Bitmap) *plan { return &plan{set: m.find(x), exact: true} }

func (m match) test(r *Row) bool { return m.row(r) }

type (
	conjunction []node
	disjunction []node
)

// allOf and anyOf keep the leaves for last: what others find leaves them less to
// look at.
func allOf(operands []node) node { return conjunction(leavesLast(operands)) }

func anyOf(operands []node) node { return disjunction(leavesLast(operands)) }

func leavesLast(operands []node) []node {
	slices.SortStableFunc(operands, func(a, b node) int { return cmp.Compare(rank(a), rank(b)) })
	return operands
}

func rank(n node) int {
	switch n := n.(type) {
	case match:
		return 0
	case *leaf:
		return 2 + int(n.cost)
	}
	return 1
}

func (c conjunction) bind(x *Index, within *roaring.Bitmap) *plan {
	p := &plan{}
	var sets []*roaring.Bitmap
	for i, operand := range c {
		if _, isMatch := operand.(match); !isMatch && len(sets) > 0 {
			within = intersection(sets)
			sets = append(sets[:0], within)
			if within.IsEmpty() {
				return &plan{set: within, exact: true}
			}
		}
		bound := c[i].bind(x, within)
		sets = append(sets, bound.set)
		if !bound.exact {
			p.all = append(p.all, bound)
			p.cost = max(p.cost, bound.cost)
		}
	}
	p.set, p.exact = intersection(sets), len(p.all) == 0
	slices.SortStableFunc(p.all, func(a, b *plan) int { return cmp.Compare(a.cost, b.cost) })
	return p
}

func (c conjunction) test(r *Row) bool {
	for _, operand := range c {
		if !operand.test(r) {
			return false
		}
	}
	return true
}

// intersection begins with the smallest: what it lacks is not looked at again.
func intersection(sets []*roaring.Bitmap) *roaring.Bitmap {
	slices.SortFunc(sets, func(a, b *roaring.Bitmap) int {
		return cmp.Compare(a.GetCardinality(), b.GetCardinality())
	})
	return roaring.FastAnd(sets...)
}

func (d disjunction) bind(x *Index, within *roaring.Bitmap) *plan {
	p := &plan{}
	var sets, sure []*roaring.Bitmap
	for _, operand := range d {
		bound := operand.bind(x, within)
		sets = append(sets, bound.set)
		if bound.exact {
			sure = append(sure, bound.set)
		} else {
			p.any = append(p.any, bound)
			p.cost = max(p.cost, bound.cost)
		}
	}
	p.set, p.exact = roaring.FastOr(sets...), len(p.any) == 0
	if !p.exact {
		p.sure = roaring.FastOr(sure...)
	}
	slices.SortStableFunc(p.any, func(a, b *plan) int { return cmp.Compare(a.cost, b.cost) })
	return p
}

func (d disjunction) test(r *Row) bool {
	for _, operand := range d {
		if operand.test(r) {
			return true
		}
	}
	return false
}

// leaf is a comparison for which there is more than one way. Which is taken
// depends on the state of the Index.
type leaf struct {
	// column and value tell which values of a column it is true for; both may be
	// nil.
	column func(*Index) *column
	value  func(string) bool
	// span is the part of a view for whose rows it is true, nil for none.
	span *span
	// present returns the rows for which it may be true, row tells for which it is.
	present finder
	row     func(*Row) bool
	cost    cost
}

const (
	// narrowRatio is how many rows of a span are collected in the time that it
	// takes to look at one.
	narrowRatio = 4
	// patternRatio is how many values are compared at the least in the time that
	// it takes to match one with a pattern.
	patternRatio = 10
)

func (l *leaf) bind(x *Index, within *roaring.Bitmap) *plan {
	if l.column != nil {
		few := x.limits.fewValues
		if l.cost == costPattern {
			few /= patternRatio
		}
		if c := l.column(x); c == nil || len(c.values) <= few {
			return &plan{set: c.having(l.value), exact: true}
		}
	}
	if l.span != nil {
		found := l.span.find(x)
		if within == nil || int(within.GetCardinality()) > found.size()/narrowRatio {
			return &plan{set: found.set(x), exact: true}
		}
		set := roaring.New()
		within.Iterate(func(ordinal uint32) bool {
			if l.row(x.rows[ordinal]) {
				set.Add(ordinal)
			}
			return true
		})
		return &plan{set: set, exact: true}
	}
	return &plan{set: l.present(x), row: l.row, cost: l.cost}
}

func (l *leaf) test(r *Row) bool { return l.row(r) }

// having returns the rows whose value fulfils the test.
func (c *column) having(test func(string) bool) *roaring.Bitmap {
	if c == nil { // no row has that label
		return roaring.New()
	}
	var sets []*roaring.Bitmap
	for value, p := range c.values {
		if test(value) {
			sets = append(sets, p.bitmap())
		}
	}
	return roaring.FastOr(sets...)
}

// presence asks whether rows have a value at all.
func presence(op tsl.Op, present finder, has func(*Row) bool) match {
	if op == tsl.IsNotNull {
		return match{present, has}
	}
	return match{
		find: func(x *Index) *roaring.Bitmap { return roaring.AndNot(x.all, present(x)) },
		row:  func(r *Row) bool { return !has(r) },
	}
}

// lookup finds the rows of which a field, label or condition has a value, and
// those that have it at all.
type lookup[V any] struct {
	equal   func(*Index, V) *roaring.Bitmap
	present finder
}

// find is for a comparison of equality. Where the operator is a negative one, it
// is still true of those rows only that have a value to compare.
func (in lookup[V]) find(op tsl.Op, values []V) finder {
	return func(x *Index) *roaring.Bitmap {
		found := in.equal(x, values[0])
		if len(values) > 1 {
			sets := []*roaring.Bitmap{found}
			for _, value := range values[1:] {
				sets = append(sets, in.equal(x, value))
			}
			found = roaring.FastOr(sets...)
		}
		if isNegative(op) {
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
		equal:   func(x *Index, t time.Time) *roaring.Bitmap { return x.views[f].at(x.table, t) },
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

func always(*Row) bool { return true }
