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
	"hash/maphash"

	"github.com/RoaringBitmap/roaring/v2"
	"k8s.io/utils/lru"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// Search is a compiled search and an order that a Schema allows. It does not depend on the
// content of an Index, so callers can cache it. It is safe for concurrent use.
type Search struct {
	node  node // nil matches everything
	order ordering
	// single is the result of order.single.
	single bool
	size   int

	// work is the number of values that a test of one row compares. cost is the cost of the
	// most expensive comparison.
	work int
	cost cost
	// indexed is true if posting lists alone answer the search.
	indexed bool

	// key is equal for all searches that always match the same rows. orderKey is equal for
	// all orders that are the same or the reverse of each other.
	key      lru.Key
	orderKey string
	// hash stands for key, and orderHash for key and orderKey together.
	hash, orderHash lru.Key
}

// newSearch compiles a search, nil for none, and an order. The error is a *FieldError.
func (s *Schema) newSearch(filter tsl.Expr, orderBy []Order) (*Search, error) {
	search := &Search{size: searchSize, work: 1, cost: costField, indexed: true}
	canonical := ""
	var err error
	if filter != nil {
		filter = tsl.Normalize(filter)
		if search.node, err = s.compile(filter); err != nil {
			return nil, err
		}
		canonical = filter.String()
		search.size += 2 * len(canonical)
		search.addSize(filter)
		search.addCost(search.node)
	}
	if search.order, err = s.ordering(orderBy); err != nil {
		return nil, err
	}
	search.single = search.order.single()
	search.orderKey = search.order.key()
	search.key = canonical
	search.hash = maphash.String(hashSeed, canonical)
	search.orderHash = maphash.String(hashSeed, search.orderKey+"\n"+canonical)
	return search, nil
}

// Size returns an upper estimate of the memory that the Search takes, in bytes.
func (s *Search) Size() int { return s.size }

// matches reports whether the search is true for a row.
func (s *Search) matches(r *Row) bool { return s.node == nil || s.node.matches(r) }

// fewOwned is the number of rows of an owner up to which testing each row is cheaper than
// binding the search, because posting lists cover the whole fleet.
const fewOwned = 64

// bind finds the rows that match, among the rows of these owners, or among all rows if
// there are no owners. The caller holds the lock of the table.
func (s *Search) bind(in scope, owners []string) *plan {
	all := &plan{set: in.all, exact: true}
	if len(owners) > 0 {
		all.set = in.columns[ownerID].equal(owners[0])
		for _, owner := range owners[1:] {
			all.set = roaring.Or(all.set, in.columns[ownerID].equal(owner))
		}
	}
	switch {
	case s.node == nil:
		return all
	case len(owners) == 0:
		return s.node.bind(in)
	case all.set.GetCardinality() <= fewOwned:
		return &plan{set: all.set, predicate: s.node.matches, cost: s.cost}
	}
	in.within = all.set
	p := s.node.bind(in)
	p.set = roaring.And(all.set, p.set)
	return p
}

var hashSeed = maphash.MakeSeed()

// Maximum memory of the parts of a Search, in bytes. A pattern can become
// maxPatternProgram instructions.
const (
	searchSize     = 512
	comparisonSize = 1 << 10
	valueSize      = 256
	patternSize    = 32 << 10
)

// addSize adds the memory that a part of the Search takes, and the values that it compares.
func (s *Search) addSize(e tsl.Expr) {
	switch e := e.(type) {
	case *tsl.And:
		for _, operand := range e.Operands {
			s.addSize(operand)
		}
	case *tsl.Or:
		for _, operand := range e.Operands {
			s.addSize(operand)
		}
	case *tsl.Comparison:
		s.size += comparisonSize + len(e.Values)*valueSize
		s.work += 1 + len(e.Values)
		if isPattern(e.Op) {
			s.size += patternSize
		}
	}
}

// addCost raises the cost of the Search to that of its most expensive leaf.
func (s *Search) addCost(n node) {
	switch n := n.(type) {
	case conjunction:
		for _, operand := range n {
			s.addCost(operand)
		}
	case disjunction:
		for _, operand := range n {
			s.addCost(operand)
		}
	case *leaf:
		s.indexed = false
		s.cost = max(s.cost, n.cost)
	}
}
