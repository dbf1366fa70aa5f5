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
	"strings"

	"k8s.io/utils/lru"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// Search is a search and an order that the Schema of an Index allows. It does not
// depend on what the Index holds: who asks the same again can keep it. It is safe
// for concurrent use.
type Search struct {
	node  node // nil for everything
	order ordering
	size  int

	// work and cost are what it takes to test a row: comparisons of so many values,
	// the dearest of that cost.
	work int
	cost cost
	// listed tells whether posting lists alone answer it.
	listed bool

	// key is the same for all that are true for the same rows whatever they are,
	// orderKey for all that have them in the same order, or in its reverse.
	key      lru.Key
	orderKey string
	// hash and orderHash stand for key, and for both of them.
	hash, orderHash lru.Key
}

// Prepare checks a search, nil for none, and an order as in a Query. The error is
// a *FieldError where the Schema does not allow it. The Search is for this Index.
func (x *Index) Prepare(filter tsl.Expr, orderBy []Order) (*Search, error) {
	s := &Search{size: searchSize, work: 1, cost: costField, listed: true}
	text := ""
	var err error
	if filter != nil {
		filter = tsl.Normalize(filter)
		if s.node, err = x.schema.compileNode(filter); err != nil {
			return nil, err
		}
		text = filter.String()
		s.size += 2 * len(text)
		s.weigh(filter)
		s.rate(s.node)
	}
	if s.order, err = x.schema.ordering(orderBy); err != nil {
		return nil, err
	}
	s.orderKey = s.order.key()
	s.key = text
	s.hash = maphash.String(hashSeed, text)
	s.orderHash = maphash.String(hashSeed, s.orderKey+"\n"+text)
	return s, nil
}

// Size returns about how many bytes of memory the Search takes, rather too many
// than too few.
func (s *Search) Size() int { return s.size }

var hashSeed = maphash.MakeSeed()

// What parts of a Search take in memory at most, in bytes; a pattern can become
// maxPatternProgram instructions.
const (
	searchSize     = 512
	comparisonSize = 1 << 10
	valueSize      = 256
	patternSize    = 32 << 10
)

// weigh adds up what the Search takes in memory, and what it takes to test a row.
func (s *Search) weigh(e tsl.Expr) {
	switch e := e.(type) {
	case *tsl.And:
		for _, operand := range e.Operands {
			s.weigh(operand)
		}
	case *tsl.Or:
		for _, operand := range e.Operands {
			s.weigh(operand)
		}
	case *tsl.Comparison:
		s.size += comparisonSize + len(e.Values)*valueSize
		s.work += 1 + len(e.Values)
		if isPattern(e.Op) {
			s.size += patternSize
		}
	}
}

// rate finds the dearest part of the Search.
func (s *Search) rate(n node) {
	switch n := n.(type) {
	case conjunction:
		for _, operand := range n {
			s.rate(operand)
		}
	case disjunction:
		for _, operand := range n {
			s.rate(operand)
		}
	case *leaf:
		s.listed = false
		s.cost = max(s.cost, n.cost)
	}
}

func (s *Search) test(r *Row) bool { return s.node == nil || s.node.test(r) }

// reversed tells whether the order is the reverse of the one that forward returns.
func (o ordering) reversed() bool { return o[0].descending }

// forward returns the order or its reverse, whichever begins with an ascending
// field.
func (o ordering) forward() ordering {
	if !o.reversed() {
		return o
	}
	forward := make(ordering, len(o))
	for i, k := range o {
		forward[i] = orderKey{k.field, !k.descending}
	}
	return forward
}

func (o ordering) key() string {
	var b strings.Builder
	for _, k := range o.forward() {
		b.WriteString(k.field.name)
		if k.descending {
			b.WriteByte('-')
		}
		b.WriteByte(' ')
	}
	return b.String()
}
