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
// or Normalize returned is not to be modified; it is safe for concurrent use.
type Expr interface {
	// String returns the node in canonical form: lower-case keywords, single
	// spaces, lists in parentheses, no parentheses that precedence makes
	// needless. Parsing it gives an equal tree, apart from offsets, unless the
	// spaces that it adds make it longer than MaxLength.
	String() string

	isExpr()
}

// And is true where every operand is. It has two operands or more, none of them
// an *And: "a and (b and c)" is one And of three.
type And struct {
	Operands []Expr
}

// Or is true where any operand is. It has two operands or more, none of them an
// *Or: "a or (b or c)" is one Or of three.
type Or struct {
	Operands []Expr
}

// Not is true where its operand is false.
type Not struct {
	Operand Expr
}

// Comparison is a leaf: a field, an operator, and the values that the operator
// takes: none for IsNull and IsNotNull, two for Between and NotBetween, one or
// more for In and NotIn, else one.
type Comparison struct {
	Field  Field
	Op     Op
	Values []Value
}

// Field names what a Comparison looks at. Which fields there are is for the
// evaluator to say.
type Field struct {
	// Path is the name as written, such as labels.app.kubernetes.io/name or
	// spec.'a key'.size.
	Path string
	// Offset is where in the text the name starts, in bytes.
	Offset int
}

// Value is a literal.
type Value struct {
	Kind ValueKind
	// Text is the content of a String, without its quotes and with '' resolved
	// to one quote; of a Bool true or false; else the literal as written.
	Text string
	// Number is the value of a Number, 0 for other kinds.
	Number Number
	// Offset is where in the text the literal starts, in bytes.
	Offset int
}

// ValueKind is the kind of literal that a Value is.
type ValueKind int

const (
	// StringValue is text in single quotes.
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
