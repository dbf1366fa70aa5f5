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

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// truth is a value of three-valued logic, in the order in which "and" is the minimum and
// "or" is the maximum.
type truth int

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

// object contains the fields that exist.
type object map[string]Value

// evaluate defines the meaning of a tree, as simply as possible.
func evaluate(e Expr, o object) truth {
	switch e := e.(type) {
	case *And:
		result := isTrue
		for _, operand := range e.Operands {
			result = min(result, evaluate(operand, o))
		}
		return result
	case *Or:
		result := isFalse
		for _, operand := range e.Operands {
			result = max(result, evaluate(operand, o))
		}
		return result
	case *Not:
		return isTrue - evaluate(e.Operand, o)
	case *Comparison:
		field, ok := o[e.Field.Path]
		return evaluateComparison(e, field, ok)
	}
	panic("unknown node")
}

// evaluateComparison follows SQL's definition of each operator. A value of another kind
// than the literal counts as absent.
func evaluateComparison(e *Comparison, field Value, present bool) truth {
	if negative := map[Op]Op{NotEqual: Equal, NotIn: In, NotBetween: Between, NotLike: Like, NotILike: ILike, NotMatch: Match}[e.Op]; negative != 0 {
		return isTrue - evaluateComparison(&Comparison{Op: negative, Values: e.Values}, field, present)
	}
	switch e.Op {
	case IsNull:
		return truthOf(!present)
	case IsNotNull:
		return truthOf(present)
	}
	if !present || field.Kind != e.Values[0].Kind {
		return isUnknown
	}
	switch e.Op {
	case Equal, In:
		return truthOf(slices.ContainsFunc(e.Values, func(v Value) bool { return v.Kind == field.Kind && compareValues(field, v) == 0 }))
	case Less:
		return truthOf(compareValues(field, e.Values[0]) < 0)
	case LessOrEqual:
		return truthOf(compareValues(field, e.Values[0]) <= 0)
	case Greater:
		return truthOf(compareValues(field, e.Values[0]) > 0)
	case GreaterOrEqual:
		return truthOf(compareValues(field, e.Values[0]) >= 0)
	case Between:
		if field.Kind != e.Values[1].Kind {
			return isUnknown
		}
		return truthOf(compareValues(field, e.Values[0]) >= 0 && compareValues(field, e.Values[1]) <= 0)
	case Like:
		return truthOf(like(field.Text, e.Values[0].Text))
	case ILike:
		return truthOf(like(strings.ToLower(field.Text), strings.ToLower(e.Values[0].Text)))
	case Match:
		matched, err := regexp.MatchString(e.Values[0].Text, field.Text)
		if err != nil {
			return isUnknown
		}
		return truthOf(matched)
	}
	panic("unknown operator " + e.Op.String())
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func compareValues(a, b Value) int {
	switch a.Kind {
	case NumberValue:
		return a.Number.Compare(b.Number)
	case TimeValue:
		left, _ := ParseTime(a.Text)
		right, _ := ParseTime(b.Text)
		return left.Compare(right)
	}
	return strings.Compare(a.Text, b.Text)
}

// like compares bytes and supports no escapes.
func like(text, pattern string) bool {
	matches := make([]bool, len(text)+1) // by i: whether the pattern so far matches the first i bytes of text
	matches[0] = true
	for _, p := range []byte(pattern) {
		next := make([]bool, len(text)+1)
		for i, matched := range matches {
			switch {
			case p == '%':
				next[i] = matched || i > 0 && next[i-1]
			case i > 0:
				next[i] = matches[i-1] && (p == '_' || p == text[i-1])
			}
		}
		matches = next
	}
	return matches[len(text)]
}

// leaves returns the comparisons of a tree.
func leaves(e Expr) []*Comparison {
	switch e := e.(type) {
	case *And:
		return leavesOf(e.Operands)
	case *Or:
		return leavesOf(e.Operands)
	case *Not:
		return leaves(e.Operand)
	case *Comparison:
		return []*Comparison{e}
	}
	return nil
}

func leavesOf(operands []Expr) []*Comparison {
	var all []*Comparison
	for _, operand := range operands {
		all = append(all, leaves(operand)...)
	}
	return all
}

// randomObject makes an object for a tree: each of its fields is absent, has a value from
// the tree, or has another value.
func randomObject(r *rand.Rand, e Expr) object {
	o := object{}
	for _, leaf := range leaves(e) {
		switch r.IntN(4) {
		case 0:
			delete(o, leaf.Field.Path)
		case 1:
			o[leaf.Field.Path] = str("a value that no query of the tests has")
		default:
			o[leaf.Field.Path] = str("x")
			if len(leaf.Values) > 0 {
				o[leaf.Field.Path] = leaf.Values[r.IntN(len(leaf.Values))]
			}
		}
	}
	return o
}

// randomExpr makes a tree as Parse does, of at most that many levels.
func randomExpr(r *rand.Rand, levels int) Expr {
	if levels > 0 {
		switch r.IntN(4) {
		case 0:
			return and(randomOperands(r, levels-1)...)
		case 1:
			return or(randomOperands(r, levels-1)...)
		case 2:
			return not(randomExpr(r, levels-1))
		}
	}
	fields := []string{"a", "name", "labels.in", "labels.app.kubernetes.io/name", "x-y_z", "spec.'a b'.'it''s.'.c", "labels.''"}
	values := []Value{
		str(""), str("x"), str("it's"), str("a and b"), str("é\n"), num("1", 1), num("-20", -20), num("1.5Ki", 1536), float("0.1", 0.1),
		at("2026-01-31"), at("2026-01-31T10:00:00+01:00"), boolean("true"), boolean("false"),
	}
	value := func() Value { return values[r.IntN(len(values))] }
	e := compare(fields[r.IntN(len(fields))], Equal+Op(r.IntN(int(IsNotNull))))
	switch e.Op.takes() {
	case oneValue:
		e.Values = []Value{value()}
	case twoValues:
		e.Values = []Value{value(), value()}
	case list:
		e.Values = []Value{value()}
		for r.IntN(3) > 0 {
			e.Values = append(e.Values, value())
		}
	}
	return e
}

func randomOperands(r *rand.Rand, levels int) []Expr {
	operands := make([]Expr, 2+r.IntN(3))
	for i := range operands {
		operands[i] = randomExpr(r, levels)
	}
	return operands
}

// withoutOffsets returns a copy of a tree with zero offsets.
func withoutOffsets(e Expr) Expr {
	switch e := e.(type) {
	case *And:
		return &And{Operands: allWithoutOffsets(e.Operands)}
	case *Or:
		return &Or{Operands: allWithoutOffsets(e.Operands)}
	case *Not:
		return &Not{Operand: withoutOffsets(e.Operand)}
	case *Comparison:
		leaf := &Comparison{Field: Field{Path: e.Field.Path}, Op: e.Op}
		for _, value := range e.Values {
			value.Offset = 0
			leaf.Values = append(leaf.Values, value)
		}
		return leaf
	}
	return nil
}

func allWithoutOffsets(operands []Expr) []Expr {
	all := make([]Expr, len(operands))
	for i, operand := range operands {
		all[i] = withoutOffsets(operand)
	}
	return all
}

// checkNormal fails if the tree is not a normal form.
func checkNormal(t *testing.T, e Expr) {
	t.Helper()
	switch e := e.(type) {
	case *Not:
		t.Errorf("%v is negated", e.Operand)
	case *And:
		checkOperands(t, e.Operands, func(operand Expr) bool { _, nested := operand.(*And); return nested })
	case *Or:
		checkOperands(t, e.Operands, func(operand Expr) bool { _, nested := operand.(*Or); return nested })
	}
}

func checkOperands(t *testing.T, operands []Expr, nested func(Expr) bool) {
	t.Helper()
	if len(operands) < 2 {
		t.Errorf("%v has fewer than two operands", operands)
	}
	for _, operand := range operands {
		if nested(operand) {
			t.Errorf("%v is nested in a node of its own kind", operand)
		}
		checkNormal(t, operand)
	}
}
