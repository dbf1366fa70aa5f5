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

package tsl

import "fmt"

// Normalize returns a tree that selects the same objects and contains no Not: it
// pushes each Not down to the leaves, where it negates the operator. Nested nodes
// of one kind become one node. Normalize does not change e; the result shares
// leaves with it.
//
// Every step keeps the value in Kleene's three-valued logic, which SQL uses: with
// false < unknown < true, "and" is the minimum, "or" is the maximum, and "not"
// reverses the order.
//
//   - not (a and b) is (not a) or (not b), and not (a or b) is (not a) and
//     (not b): reversing the order swaps minimum and maximum.
//   - not not a is a: reversing twice changes nothing.
//   - not x = 'a' is x != 'a' by the definition of !=: true if x exists and differs,
//     unknown if x is absent. "in" is an "or" of "=", and "not in" is an "and" of "!=",
//     so the same holds for them.
//
// The law of the excluded middle, a or (not a), does not hold in this logic and is never
// used. A search returns an object only if the tree is true for it, so neither x = 'a'
// nor its negation returns an object without x.
func Normalize(e Expr) Expr { return normalize(e, false) }

// normalize returns the normal form of e, or of its negation.
func normalize(e Expr, negate bool) Expr {
	switch e := e.(type) {
	case *Not:
		return normalize(e.Operand, !negate)
	case *And:
		return join(e, negate, !negate)
	case *Or:
		return join(e, negate, negate)
	case *Comparison:
		if !negate {
			return e
		}
		return &Comparison{Field: e.Field, Op: e.Op.Negate(), Values: e.Values}
	}
	panic(fmt.Sprintf("tsl: %T is not a node of the tree", e))
}

// join returns an And or an Or for e, which is an And or Or itself, or for its
// negation.
func join(e Expr, negate, and bool) Expr {
	operands := collect(nil, e, negate, and)
	if and {
		return &And{Operands: operands}
	}
	return &Or{Operands: operands}
}

// collect appends to operands the operands that e, or its negation, adds to an And or an
// Or: the operands of e if e is of that kind, otherwise e. It visits each node once, at
// any depth of nesting.
func collect(operands []Expr, e Expr, negate, and bool) []Expr {
	var nested []Expr
	switch e := e.(type) {
	case *Not:
		return collect(operands, e.Operand, !negate, and)
	case *And:
		if and != negate {
			nested = e.Operands
		}
	case *Or:
		if and == negate {
			nested = e.Operands
		}
	}
	if nested == nil {
		return append(operands, normalize(e, negate))
	}
	for _, operand := range nested {
		operands = collect(operands, operand, negate, and)
	}
	return operands
}
