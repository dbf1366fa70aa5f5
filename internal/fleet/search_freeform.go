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
	"strings"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// compileFreeForm compiles a comparison with a path into a free-form object. No index
// covers such values, so the search reads each row's JSON.
func compileFreeForm(c *tsl.Comparison, path []string) (node, error) {
	for _, key := range path {
		if key == "" {
			return nil, &FieldError{Field: c.Field.Path, Offset: c.Field.Offset, Message: "a key of the path is empty; keys stand between dots, and in single quotes where they hold a dot themselves"}
		}
	}
	predicate, err := freeFormPredicate(c)
	if err != nil {
		return nil, err
	}
	l := &leaf{
		present:   everything,
		predicate: func(r *Row) bool { return predicate(memberAt(r.JSON, path)) },
		cost:      costFreeForm,
	}
	if isPattern(c.Op) {
		l.cost = costFreeFormPattern
	}
	return l, nil
}

// freeFormPredicate returns the predicate of a comparison with a JSON value, which is nil if
// there is none. null and values of another type than the literal count as absent.
func freeFormPredicate(c *tsl.Comparison) (func(jsonValue) bool, error) {
	if isPresence(c.Op) {
		return func(v jsonValue) bool { return v.isNull() == (c.Op == tsl.IsNull) }, nil
	}
	kind := c.Values[0].Kind
	for _, value := range c.Values {
		if value.Kind != kind {
			return nil, &FieldError{Field: c.Field.Path, Offset: value.Offset, Message: "the values of a comparison are all of one type: all strings, all numbers, all times or all booleans"}
		}
	}
	switch kind {
	case tsl.StringValue:
		predicate, err := stringPredicate(c)
		return func(v jsonValue) bool { s, ok := v.str(); return ok && predicate(s) }, err
	case tsl.TimeValue:
		predicate, err := timePredicate(c)
		return func(v jsonValue) bool {
			s, ok := v.str()
			if !ok {
				return false
			}
			t, err := tsl.ParseTime(s)
			return err == nil && predicate(t)
		}, err
	case tsl.NumberValue:
		return numberPredicate(c)
	default:
		return boolPredicate(c)
	}
}

func numberPredicate(c *tsl.Comparison) (func(jsonValue) bool, error) {
	if isPattern(c.Op) {
		return nil, notString(c, "a number")
	}
	numbers := make([]tsl.Number, len(c.Values))
	for i, value := range c.Values {
		numbers[i] = value.Number
	}
	predicate := compared(c.Op, numbers, tsl.Number.Compare)
	return func(v jsonValue) bool { n, ok := v.number(); return ok && predicate(n) }, nil
}

func boolPredicate(c *tsl.Comparison) (func(jsonValue) bool, error) {
	if !isEquality(c.Op) {
		return nil, &FieldError{Field: c.Field.Path, Offset: c.Values[0].Offset, Message: "true and false are compared with =, !=, in or not in"}
	}
	values := make([]string, len(c.Values))
	for i, value := range c.Values {
		values[i] = value.Text
	}
	predicate := compared(c.Op, values, strings.Compare)
	return func(v jsonValue) bool {
		return len(v) > 0 && (v[0] == 't' || v[0] == 'f') && predicate(v.String())
	}, nil
}
