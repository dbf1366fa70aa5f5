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

// compile checks a normalized search against the Schema. The error is a *FieldError.
//
// Searches have three-valued logic: a comparison with a value that a row does not have is
// neither true nor false. Normalization pushes negation down into the operators, so it is
// enough to know for which rows each comparison is true.
func (s *Schema) compile(e tsl.Expr) (node, error) {
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
		if nodes[i], err = s.compile(e); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func (s *Schema) compileComparison(c *tsl.Comparison) (node, error) {
	elements := c.Field.Elements()
	name := strings.Join(elements, ".")
	if f := s.field(name); f != nil {
		return compileField(c, f)
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

func compileField(c *tsl.Comparison, f *field) (node, error) {
	switch f.kind {
	case timeKind:
		return compileTime(c, f)
	case integerKind:
		return compileInteger(c, f)
	}
	v := stringValue{
		get: func(r *Row) (string, bool) { value := f.key(r); return value, value != "" },
	}
	if f == id {
		v.present = everything
	} else {
		v.column = func(x *table) *column { return x.columns[f] }
	}
	if f.compare != nil {
		v.view = f
	}
	return v.compile(c)
}

// compileTime compiles a comparison of a time field. The view of the field answers it. A
// field that few rows have has a column instead.
func compileTime(c *tsl.Comparison, f *field) (node, error) {
	present, column := finder(everything), func(x *table) *column { return x.columns[f] }
	has := always
	if f.key != nil {
		present = func(x *table) *roaring.Bitmap { return column(x).present() }
		has = func(r *Row) bool { return !f.time(r).IsZero() }
	}
	if isPresence(c.Op) {
		return presence(c.Op, present, has), nil
	}
	predicate, err := timePredicate(c)
	if err != nil {
		return nil, err
	}
	l := &leaf{
		present:   present,
		predicate: func(r *Row) bool { return has(r) && predicate(f.time(r)) },
		cost:      costField,
	}
	values, err := timeLiterals(c)
	switch {
	case f.key != nil:
		l.column = column
		l.value = func(key string) bool { t, err := tsl.ParseTime(key); return err == nil && predicate(t) }
	case isEquality(c.Op):
		return match{inView(f).rows(c.Op, values), l.predicate}, err
	default:
		l.span = newSpan(f, c.Op, values, func(r *Row, t time.Time) int { return f.time(r).Compare(t) })
	}
	return l, err
}

func compileInteger(c *tsl.Comparison, f *field) (node, error) {
	if isPresence(c.Op) {
		return presence(c.Op, everything, always), nil
	}
	values, err := integerLiterals(c)
	if err != nil {
		return nil, err
	}
	ordered := compared(c.Op, values, cmp.Compare[int64])
	predicate := func(r *Row) bool { return ordered(r.Generation) }
	column := func(x *table) *column { return x.columns[f] }
	if isEquality(c.Op) {
		keys := make([]string, len(values))
		for i, n := range values {
			keys[i] = strconv.FormatInt(n, 10)
		}
		return match{inColumn(column).rows(c.Op, keys), predicate}, nil
	}
	return &leaf{
		column:    column,
		value:     func(key string) bool { n, err := strconv.ParseInt(key, 10, 64); return err == nil && ordered(n) },
		span:      newSpan(f, c.Op, values, func(r *Row, n int64) int { return cmp.Compare(r.Generation, n) }),
		present:   everything,
		predicate: predicate,
		cost:      costField,
	}, nil
}
