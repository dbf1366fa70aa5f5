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

// Expr is a node of the tree: *And, *Or, *Not or *Comparison. A tree that Parse
// or Normalize returned must not be modified. It is safe for concurrent use.
type Expr interface {
	// String returns the node in canonical form: lower-case keywords, single
	// spaces, lists in parentheses, and only the parentheses that precedence
	// requires. Parsing the result gives an equal tree, apart from offsets, unless
	// the added spaces make it longer than MaxLength.
	String() string

	isExpr()
}

// And is true if every operand is true. It has two or more operands. In a normalized tree
// no operand is an *And: "a and (b and c)" is one And of three.
type And struct {
	Operands []Expr
}

// Or is true if any operand is true. It has two or more operands. In a normalized tree no
// operand is an *Or: "a or (b or c)" is one Or of three.
type Or struct {
	Operands []Expr
}

// Not is true if its operand is false, and unknown if its operand is unknown.
type Not struct {
	Operand Expr
}

// Comparison is a leaf: a field, an operator, and the operator's values. IsNull and
// IsNotNull have no value, Between and NotBetween two, In and NotIn one or more,
// and all other operators one.
type Comparison struct {
	Field  Field
	Op     Op
	Values []Value
}

// Field names the field of a Comparison. The evaluator decides which fields exist.
type Field struct {
	// Path is the name as written, for example labels.app.kubernetes.io/name or
	// spec.'a key'.size.
	Path string
	// Offset is the position of the name in the search string, in bytes.
	Offset int
}

// Value is a literal.
type Value struct {
	Kind ValueKind
	// Text is the content of a string, without its quotes and with '' replaced by
	// one quote; "true" or "false" of a boolean; and otherwise the literal as
	// written.
	Text string
	// Number is the value of a number, 0 for other kinds.
	Number Number
	// Offset is the position of the literal in the search string, in bytes.
	Offset int
}

// ValueKind is the kind of literal that a Value is.
type ValueKind int

const (
	// StringValue is a string in single quotes.
	StringValue ValueKind = iota + 1
	// NumberValue is a number, without quotes.
	NumberValue
	// TimeValue is a date or an RFC 3339 time, without quotes. ParseTime reads
	// its Text.
	TimeValue
	// BoolValue is true or false, without quotes.
	BoolValue
)

func (*And) isExpr()        {}
func (*Or) isExpr()         {}
func (*Not) isExpr()        {}
func (*Comparison) isExpr() {}
