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
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// compileCondition compiles a comparison of the status or another field of a condition. The
// elements are the condition's type, which contains a dot only in quotes, and the field.
func (s *Schema) compileCondition(c *tsl.Comparison, elements []string) (node, error) {
	conditionType := elements[0]
	if !s.conditionTypes.pattern.MatchString(conditionType) {
		return nil, &FieldError{
			Field:   c.Field.Path,
			Offset:  c.Field.Offset,
			Message: fmt.Sprintf("no condition can have the type %q; %s", conditionType, s.conditionTypes.rule),
		}
	}
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
	if detail == "status" {
		return s.compileStatus(c, conditionType)
	}
	predicate, err := conditionPredicate(c, detail)
	if err != nil {
		return nil, err
	}
	l := &leaf{
		present: func(x *table) *roaring.Bitmap { return x.conditions[conditionType].present() },
		predicate: func(r *Row) bool {
			if rc := r.Conditions.find(conditionType); rc != nil {
				return predicate(rc)
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

// compileStatus compiles a comparison of the status of a condition.
func (s *Schema) compileStatus(c *tsl.Comparison, conditionType string) (node, error) {
	column := func(x *table) *column { return x.conditions[conditionType] }
	if isPresence(c.Op) {
		has := func(r *Row) bool { return r.Conditions.find(conditionType) != nil }
		return presence(c.Op, func(x *table) *roaring.Bitmap { return column(x).present() }, has), nil
	}
	values, err := s.statusLiterals(c)
	matches := compared(c.Op, values, strings.Compare)
	return match{
		rows: inColumn(column).rows(c.Op, values),
		predicate: func(r *Row) bool {
			rc := r.Conditions.find(conditionType)
			return rc != nil && matches(string(rc.strings.Value().status))
		},
	}, err
}

// conditionPredicate returns the predicate of a comparison with a condition's field other
// than its status. An empty value counts as absent.
func conditionPredicate(c *tsl.Comparison, detail string) (func(*condition) bool, error) {
	onTime := func(get func(*condition) time.Time) (func(*condition) bool, error) {
		return detailPredicate(c, timePredicate, func(rc *condition) (time.Time, bool) {
			t := get(rc)
			return t, !t.IsZero()
		})
	}
	switch detail {
	case "reason":
		return detailPredicate(c, stringPredicate, func(rc *condition) (string, bool) {
			reason := rc.strings.Value().reason
			return reason, reason != ""
		})
	case "message":
		return detailPredicate(c, stringPredicate, func(rc *condition) (string, bool) {
			message := rc.strings.Value().message
			return message, message != ""
		})
	case "observed_generation":
		return detailPredicate(c, integerPredicate, func(rc *condition) (int64, bool) { return rc.observedGeneration, true })
	case "created_time":
		return onTime((*condition).createdTime)
	case "last_updated_time":
		return onTime((*condition).lastUpdatedTime)
	default:
		return onTime((*condition).lastTransitionTime)
	}
}

// detailPredicate combines the predicate of a value with the function that gets the value.
func detailPredicate[V any](
	c *tsl.Comparison,
	compile func(*tsl.Comparison) (func(V) bool, error),
	get func(*condition) (V, bool),
) (func(*condition) bool, error) {
	if isPresence(c.Op) {
		return func(rc *condition) bool { _, ok := get(rc); return ok == (c.Op == tsl.IsNotNull) }, nil
	}
	predicate, err := compile(c)
	return func(rc *condition) bool { v, ok := get(rc); return ok && predicate(v) }, err
}
