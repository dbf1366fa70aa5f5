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

// Normalize returns a tree that selects the same objects and has no Not: each is
// pushed down to the leaves, where it turns an operator into its negation.
// Nested nodes of one kind become one node. e is left as it is; the result
// shares leaves with it.
//
// In the three-valued logic of Kleene, and so of SQL, where "and" is the least
// and "or" the greatest of false < unknown < true, and "not" turns that order
// around, every step keeps the value:
//
//   - not (a and b) is (not a) or (not b), and not (a or b) is (not a) and
//     (not b): turning the order around turns the least into the greatest.
//   - not not a is a: turning twice changes nothing.
//   - not x = 'a' is x != 'a', as != is defined so: true where x is there and
//     differs, unknown where x is absent. "in" is an "or" of "=", and "not in"
//     an "and" of "!=", so the same holds for them.
//
// What does not hold in this logic, that a or (not a) is true, is never used.
// As only what is true is returned, an object without x is returned neither by
// x = 'a' nor by its negation.
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

// join makes an And or an Or of e, an And or Or itself, or of its negation.
func join(e Expr, negate, and bool) Expr {
	operands := collect(nil, e, negate, and)
	if and {
		return &And{Operands: operands}
	}
	return &Or{Operands: operands}
}

// collect appends to operands what e, or its negation, adds to an And or an Or:
// its own operands where it is of that kind, else itself. Each node is visited
// once, however deep nodes of one kind are nested.
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
