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

import "strconv"

// Op is the operator of a Comparison.
type Op int

const (
	// Equal is "=".
	Equal Op = iota + 1
	// NotEqual is "!=", also written "<>".
	NotEqual
	// Less is "<".
	Less
	// LessOrEqual is "<=".
	LessOrEqual
	// Greater is ">".
	Greater
	// GreaterOrEqual is ">=".
	GreaterOrEqual
	// In is "in": Equal to any of the values.
	In
	// NotIn is "not in": NotEqual to every value.
	NotIn
	// Between is "between": GreaterOrEqual to the first of two values and
	// LessOrEqual to the second.
	Between
	// NotBetween is "not between": Less than the first of two values or Greater
	// than the second.
	NotBetween
	// Like is "like": the whole string matches a pattern, in which % stands for any
	// sequence of characters, _ for any one character, and \ escapes the next
	// character.
	Like
	// NotLike is "not like".
	NotLike
	// ILike is "ilike": Like, ignoring case.
	ILike
	// NotILike is "not ilike".
	NotILike
	// Match is "~=": a regular expression in RE2 syntax matches a part of the
	// string.
	Match
	// NotMatch is "~!": the regular expression matches no part of the string.
	NotMatch
	// IsNull is "is null": true if the field is absent, otherwise false.
	IsNull
	// IsNotNull is "is not null": true if the field exists, otherwise false.
	IsNotNull
)

// operators describes each Op. An operator and its negation refer to each other.
var operators = [...]struct {
	text   string
	negate Op
	takes  operands
}{
	Equal:          {text: "=", negate: NotEqual},
	NotEqual:       {text: "!=", negate: Equal},
	Less:           {text: "<", negate: GreaterOrEqual},
	LessOrEqual:    {text: "<=", negate: Greater},
	Greater:        {text: ">", negate: LessOrEqual},
	GreaterOrEqual: {text: ">=", negate: Less},
	In:             {text: "in", negate: NotIn, takes: list},
	NotIn:          {text: "not in", negate: In, takes: list},
	Between:        {text: "between", negate: NotBetween, takes: twoValues},
	NotBetween:     {text: "not between", negate: Between, takes: twoValues},
	Like:           {text: "like", negate: NotLike},
	NotLike:        {text: "not like", negate: Like},
	ILike:          {text: "ilike", negate: NotILike},
	NotILike:       {text: "not ilike", negate: ILike},
	Match:          {text: "~=", negate: NotMatch},
	NotMatch:       {text: "~!", negate: Match},
	IsNull:         {text: "is null", negate: IsNotNull, takes: nothing},
	IsNotNull:      {text: "is not null", negate: IsNull, takes: nothing},
}

// operands is the number of values of an operator.
type operands int

const (
	oneValue operands = iota
	twoValues
	list
	nothing
)

// operatorNames lists the operators for error messages.
const operatorNames = "=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null"

// String returns the operator as it is written.
func (o Op) String() string {
	if o < Equal || int(o) >= len(operators) {
		return "Op(" + strconv.Itoa(int(o)) + ")"
	}
	return operators[o].text
}

// Negate returns the operator that is true if o is false, false if o is true, and unknown
// if o is unknown.
func (o Op) Negate() Op { return operators[o].negate }

// takes returns the number of values of the operator.
func (o Op) takes() operands { return operators[o].takes }

// symbolOps are the operators that are symbols.
var symbolOps = map[string]Op{
	"=":  Equal,
	"!=": NotEqual,
	"<>": NotEqual,
	"<":  Less,
	"<=": LessOrEqual,
	">":  Greater,
	">=": GreaterOrEqual,
	"~=": Match,
	"~!": NotMatch,
}

// wordOps are the operators that are words. "not" may precede them.
var wordOps = map[tokenKind]Op{
	tokenIn:      In,
	tokenBetween: Between,
	tokenLike:    Like,
	tokenILike:   ILike,
}
