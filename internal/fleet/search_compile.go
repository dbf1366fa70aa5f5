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
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// compileNode checks a normalized search against the Schema. The error is a
// *FieldError.
//
// In the three-valued logic of searches a comparison with what a row does not
// have is neither true nor false. With negation pushed down into the operators
// it is enough to know where each comparison is true.
func (s *Schema) compileNode(e tsl.Expr) (node, error) {
	switch e := e.(type) {
	case *tsl.And:
		operands, err := s.compileAll(e.Operands)
		return allOf(operands), err
	case *tsl.Or:
		operands, err := s.compileAll(e.Operands)
		return anyOf(operands), err
	case *tsl.Comparison:
		return s.compileComparison(e)
	default:
		return nil, fmt.Errorf("search: a normalized tree has no %T", e)
	}
}

func (s *Schema) compileAll(operands []tsl.Expr) ([]node, error) {
	nodes := make([]node, len(operands))
	for i, e := range operands {
		var err error
		if nodes[i], err = s.compileNode(e); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (s *Schema) compileComparison(c *tsl.Comparison) (node, error) {
	elements := c.Field.Elements()
	name := strings.Join(elements, ".")
	if f := s.field(name); f != nil {
		return s.compileField(c, f)
	}
	if key, ok := strings.CutPrefix(name, labelPrefix); ok && s.labels && key != "" {
		return compileLabel(c, key)
	}
	if s.isCondition(elements) {
		return s.compileCondition(c, elements[s.conditionDepth():])
	}
	if slices.Contains(s.freeForm, elements[0]) && len(elements) > 1 {
		return compileFreeForm(c, elements)
	}
	return nil, &FieldError{
		Field:   c.Field.Path,
		Offset:  c.Field.Offset,
		Message: "not a field to search by; these are: " + s.searchable(),
	}
}

func (s *Schema) compileField(c *tsl.Comparison, f *field) (node, error) {
	switch f.kind {
	case timeKind:
		return compileTime(c, f)
	case integerKind:
		return compileInteger(c, f)
	}
	a := attribute{
		text: func(r *Row) (string, bool) { text := f.text(r); return text, text != "" },
	}
	if f == id {
		a.present = everything
	} else {
		a.column = func(x *Index) *column { return x.columns[f] }
	}
	if f.compare != nil {
		a.view = f
	}
	return a.compile(c)
}

func compileLabel(c *tsl.Comparison, key string) (node, error) {
	a := attribute{
		column: func(x *Index) *column { return x.labels[key] },
		text:   func(r *Row) (string, bool) { return r.Labels.Get(key) },
	}
	return a.compile(c)
}

// compileTime is for a field that is a time. It is looked up in the view of the
// field, or where there is none, as few rows have such a time, in its column.
func compileTime(c *tsl.Comparison, f *field) (node, error) {
	present, in := finder(everything), func(x *Index) *column { return x.columns[f] }
	has := always
	if f.compare == nil {
		present = func(x *Index) *roaring.Bitmap { return in(x).any() }
		has = func(r *Row) bool { return !f.time(r).IsZero() }
	}
	if isPresence(c.Op) {
		return presence(c.Op, present, has), nil
	}
	test, err := instantTest(c)
	if err != nil {
		return nil, err
	}
	l := &leaf{
		present: present,
		row:     func(r *Row) bool { return has(r) && test(f.time(r)) },
		cost:    costField,
	}
	values, err := instants(c)
	switch {
	case f.compare == nil:
		l.column = in
		l.value = func(text string) bool { t, err := tsl.ParseTime(text); return err == nil && test(t) }
	case isEquality(c.Op):
		return match{inView(f).find(c.Op, values), l.row}, err
	default:
		l.span = spanOf(f, c.Op, values, func(r *Row, t time.Time) int { return f.time(r).Compare(t) })
	}
	return l, err
}

func compileInteger(c *tsl.Comparison, f *field) (node, error) {
	if isPresence(c.Op) {
		return presence(c.Op, everything, always), nil
	}
	values, err := integers(c)
	if err != nil {
		return nil, err
	}
	test := ordered(c.Op, values, cmp.Compare[int64])
	row := func(r *Row) bool { return test(r.Generation) }
	in := func(x *Index) *column { return x.columns[f] }
	if isEquality(c.Op) {
		texts := make([]string, len(values))
		for i, n := range values {
			texts[i] = strconv.FormatInt(n, 10)
		}
		return match{inColumn(in).find(c.Op, texts), row}, nil
	}
	return &leaf{
		column:  in,
		value:   func(text string) bool { n, err := strconv.ParseInt(text, 10, 64); return err == nil && test(n) },
		span:    spanOf(f, c.Op, values, func(r *Row, n int64) int { return cmp.Compare(r.Generation, n) }),
		present: everything,
		row:     row,
		cost:    costField,
	}, nil
}

// conditionDepth is how many elements of a field stand before a condition's type.
func (s *Schema) conditionDepth() int { return strings.Count(s.conditions, ".") }

func (s *Schema) isCondition(elements []string) bool {
	depth := s.conditionDepth()
	return len(elements) > depth && strings.Join(elements[:depth], ".")+"." == s.conditions && elements[depth] != ""
}

// compileCondition is for the status of a condition, or another field of it. A
// type holds no dot unless it stands in quotes.
func (s *Schema) compileCondition(c *tsl.Comparison, elements []string) (node, error) {
	conditionType := elements[0]
	detail := "status"
	if len(elements) > 1 {
		detail = strings.Join(elements[1:], ".")
	}
	if !slices.Contains(s.conditionFields, detail) {
		return nil, &FieldError{
			Field:   c.Field.Path,
			Offset:  c.Field.Offset,
			Message: fmt.Sprintf("a condition has no such field; these are: %s", strings.Join(s.conditionFields, ", ")),
		}
	}
	in := func(x *Index) *column { return x.conditions[conditionType] }
	if detail == "status" {
		if isPresence(c.Op) {
			has := func(r *Row) bool { return r.Conditions.find(conditionType) != nil }
			return presence(c.Op, func(x *Index) *roaring.Bitmap { return in(x).any() }, has), nil
		}
		values, err := statuses(c)
		test := ordered(c.Op, values, strings.Compare)
		return match{
			find: inColumn(in).find(c.Op, values),
			row: func(r *Row) bool {
				rc := r.Conditions.find(conditionType)
				return rc != nil && test(string(rc.texts.Value().status))
			},
		}, err
	}
	test, err := conditionTest(c, detail)
	if err != nil {
		return nil, err
	}
	l := &leaf{
		present: func(x *Index) *roaring.Bitmap { return in(x).any() },
		row: func(r *Row) bool {
			if rc := r.Conditions.find(conditionType); rc != nil {
				return test(rc)
			}
			return c.Op == tsl.IsNull
		},
		cost: costField,
	}
	if c.Op == tsl.IsNull {
		l.present = everything
	}
	if isPattern(c.Op) {
		l.cost = costPattern
	}
	return l, nil
}

// conditionTest returns what a condition's field has to fulfil. What is empty is
// absent.
func conditionTest(c *tsl.Comparison, detail string) (func(*condition) bool, error) {
	instant := func(of func(*condition) time.Time) (func(*condition) bool, error) {
		return detailTest(c, instantTest, func(rc *condition) (time.Time, bool) {
			t := of(rc)
			return t, !t.IsZero()
		})
	}
	switch detail {
	case "reason":
		return detailTest(c, textTest, func(rc *condition) (string, bool) {
			reason := rc.texts.Value().reason
			return reason, reason != ""
		})
	case "message":
		return detailTest(c, textTest, func(rc *condition) (string, bool) {
			message := rc.texts.Value().message
			return message, message != ""
		})
	case "observed_generation":
		return detailTest(c, integerTest, func(rc *condition) (int64, bool) { return rc.observedGeneration, true })
	case "created_time":
		return instant((*condition).createdTime)
	case "last_updated_time":
		return instant((*condition).lastUpdatedTime)
	default:
		return instant((*condition).lastTransitionTime)
	}
}

// detailTest combines a test of a value with the way to it.
func detailTest[V any](
	c *tsl.Comparison,
	compile func(*tsl.Comparison) (func(V) bool, error),
	of func(*condition) (V, bool),
) (func(*condition) bool, error) {
	if isPresence(c.Op) {
		return func(rc *condition) bool { _, ok := of(rc); return ok == (c.Op == tsl.IsNotNull) }, nil
	}
	test, err := compile(c)
	return func(rc *condition) bool { v, ok := of(rc); return ok && test(v) }, err
}
