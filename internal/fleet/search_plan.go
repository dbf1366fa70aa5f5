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
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// node is a part of a compiled search.
type node interface {
	// bind evaluates the part by posting lists and views as far as possible. The caller
	// holds the lock of the table.
	bind(in scope) *plan
	// matches reports whether the part is true for a row.
	matches(*Row) bool
}

// scope is one state of a table, to which a part of a search is bound.
type scope struct {
	*table
	// within are the rows that matter to the caller; nil means all rows.
	within *roaring.Bitmap
	// fewValues is the number of values of a column that a search may test while it holds
	// the lock. steps is the number of steps that it may still take while it holds the lock.
	fewValues int
	steps     *steps
}

// untested returns a plan that tests each row, which takes no steps.
func (in scope) untested(predicate func(*Row) bool, cost cost) *plan {
	return &plan{set: in.all, predicate: predicate, cost: cost}
}

// plan is a part of a search that is bound to one state of a table.
type plan struct {
	// set contains every row that may match. If the plan is exact, all of them match. The
	// set may be a posting list, so it is read-only.
	set   *roaring.Bitmap
	exact bool

	// If the plan is not exact, exactly one of predicate, all and any decides for each row:
	// a predicate, a conjunction, or a disjunction. The cheapest operand is first. The exact
	// operands of a disjunction are united in sure.
	predicate func(*Row) bool
	all, any  []*plan
	sure      *roaring.Bitmap
	cost      cost
}

// cost ranks how expensive one test of a row is.
type cost int

const (
	costField cost = iota
	costPattern
	costFreeForm
	costFreeFormPattern
)

// detach makes the plan independent of later changes of the table. Parts that test each row
// share one copy of the set of all rows.
func (p *plan) detach(x *table) { p.detachWith(x.all, sync.OnceValue(x.all.Clone)) }

func (p *plan) detachWith(all *roaring.Bitmap, copied func() *roaring.Bitmap) {
	if p.set == all {
		p.set = copied()
	} else {
		p.set = p.set.Clone()
	}
	for _, operand := range p.all {
		operand.detachWith(all, copied)
	}
	for _, operand := range p.any {
		operand.detachWith(all, copied)
	}
}

type (
	conjunction []node
	disjunction []node
)

// allOf and anyOf put leaves last: the sets of the other operands leave fewer rows for
// them to test.
func allOf(operands []node) node { return conjunction(leavesLast(operands)) }

func anyOf(operands []node) node { return disjunction(leavesLast(operands)) }

func leavesLast(operands []node) []node {
	slices.SortStableFunc(operands, func(a, b node) int { return cmp.Compare(bindOrder(a), bindOrder(b)) })
	return operands
}

func bindOrder(n node) int {
	switch n := n.(type) {
	case match:
		return 0
	case *leaf:
		return 2 + int(n.cost)
	}
	return 1
}

func (c conjunction) bind(in scope) *plan {
	p := &plan{}
	var sets []*roaring.Bitmap
	for _, operand := range c {
		if _, isMatch := operand.(match); !isMatch && len(sets) > 0 {
			in.within = intersection(sets)
			sets = append(sets[:0], in.within)
			if in.within.IsEmpty() {
				return &plan{set: in.within, exact: true}
			}
		}
		bound := operand.bind(in)
		if bound.set != in.all {
			sets = append(sets, bound.set)
		}
		if !bound.exact {
			p.all = append(p.all, bound)
			p.cost = max(p.cost, bound.cost)
		}
	}
	p.set, p.exact = in.all, len(p.all) == 0
	if len(sets) > 0 {
		p.set = intersection(sets)
	}
	cheapestFirst(p.all)
	return p
}

func (c conjunction) matches(r *Row) bool {
	for _, operand := range c {
		if !operand.matches(r) {
			return false
		}
	}
	return true
}

// intersection starts with the smallest set, so it never tests a row that this set does
// not contain.
func intersection(sets []*roaring.Bitmap) *roaring.Bitmap {
	slices.SortFunc(sets, func(a, b *roaring.Bitmap) int {
		return cmp.Compare(a.GetCardinality(), b.GetCardinality())
	})
	return roaring.FastAnd(sets...)
}

func (d disjunction) bind(in scope) *plan {
	p := &plan{}
	var sets, sure []*roaring.Bitmap
	whole := false
	for _, operand := range d {
		bound := operand.bind(in)
		sets = append(sets, bound.set)
		whole = whole || bound.set == in.all
		if bound.exact {
			sure = append(sure, bound.set)
		} else {
			p.any = append(p.any, bound)
			p.cost = max(p.cost, bound.cost)
		}
	}
	p.set, p.exact = in.all, len(p.any) == 0
	if !whole {
		p.set = roaring.FastOr(sets...)
	}
	if !p.exact {
		p.sure = roaring.FastOr(sure...)
	}
	cheapestFirst(p.any)
	return p
}

func (d disjunction) matches(r *Row) bool {
	for _, operand := range d {
		if operand.matches(r) {
			return true
		}
	}
	return false
}

func cheapestFirst(operands []*plan) {
	slices.SortStableFunc(operands, func(a, b *plan) int { return cmp.Compare(a.cost, b.cost) })
}
