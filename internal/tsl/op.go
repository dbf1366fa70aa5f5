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

// operators is what there is to know of each Op. An operator and its negation
// name each other.
var operators = [...]struct {
	text   string
	negate Op
	list   bool
}{
	Equal:    {text: "=", negate: NotEqual},
	NotEqual: {text: "!=", negate: Equal},
	In:       {text: "in", negate: NotIn, list: true},
	NotIn:    {text: "not in", negate: In, list: true},
}

// operatorNames lists the operators for error messages.
const operatorNames = "=, !=, in, not in"

// String returns the operator as it is written.
func (o Op) String() string {
	if o < Equal || int(o) >= len(operators) {
		return "Op(" + strconv.Itoa(int(o)) + ")"
	}
	return operators[o].text
}

// Negate returns the operator that is true where o is false, false where o is
// true, and unknown where o is unknown.
func (o Op) Negate() Op { return operators[o].negate }

// takesList tells whether a list of values follows the operator.
func (o Op) takesList() bool { return operators[o].list }

// symbolOp returns the operator that a symbol stands for.
func symbolOp(symbol string) (Op, bool) {
	switch symbol {
	case "=":
		return Equal, true
	case "!=":
		return NotEqual, true
	}
	return 0, false
}
