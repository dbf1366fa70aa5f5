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

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// stringPredicate returns the predicate of a comparison of strings.
func stringPredicate(c *tsl.Comparison) (func(string) bool, error) {
	values, err := stringLiterals(c)
	if err != nil {
		return nil, err
	}
	if isPattern(c.Op) {
		predicate, err := patternPredicate(c.Op, values[0])
		if err != nil {
			return nil, &FieldError{Field: c.Field.Path, Offset: c.Values[0].Offset, Message: err.Error()}
		}
		return predicate, nil
	}
	return compared(c.Op, values, strings.Compare), nil
}

// integerPredicate returns the predicate of a comparison of whole numbers.
func integerPredicate(c *tsl.Comparison) (func(int64) bool, error) {
	values, err := integerLiterals(c)
	return compared(c.Op, values, cmp.Compare[int64]), err
}

// timePredicate returns the predicate of a comparison of times.
func timePredicate(c *tsl.Comparison) (func(time.Time) bool, error) {
	values, err := timeLiterals(c)
	return compared(c.Op, values, time.Time.Compare), err
}

// stringLiterals returns the values of a comparison with strings.
func stringLiterals(c *tsl.Comparison) ([]string, error) {
	return literals(c, func(v tsl.Value) (string, error) {
		if v.Kind == tsl.StringValue {
			return v.Text, nil
		}
		if strings.HasPrefix(c.Field.Path, labelPrefix) {
			return "", fmt.Errorf("the value of a label is a string: write '%s', in single quotes", v.Text)
		}
		return "", fmt.Errorf("takes a string in single quotes, as in %s %s '%s'", c.Field.Path, example(c.Op), v.Text)
	})
}

// example returns an operator with which the user can compare one value: the operator
// itself unless it accepts several values.
func example(op tsl.Op) tsl.Op {
	switch op {
	case tsl.In, tsl.NotIn, tsl.Between, tsl.NotBetween:
		return tsl.Equal
	}
	return op
}

// statusLiterals returns the values of a comparison with a condition's status. It rejects
// values that no condition can have, because such a search would silently match nothing.
func (s *Schema) statusLiterals(c *tsl.Comparison) ([]string, error) {
	if !isEquality(c.Op) {
		return nil, &FieldError{
			Field:   c.Field.Path,
			Offset:  c.Values[0].Offset,
			Message: fmt.Sprintf("the status of a condition is compared with =, !=, in or not in, not with %s", c.Op),
		}
	}
	return literals(c, func(v tsl.Value) (string, error) {
		if v.Kind == tsl.StringValue && slices.Contains(s.conditionStatuses, v.Text) {
			return v.Text, nil
		}
		return "", fmt.Errorf("the status of a condition is one of '%s', in this case and in single quotes", strings.Join(s.conditionStatuses, "', '"))
	})
}

// integerLiterals returns the values of a comparison with whole numbers.
func integerLiterals(c *tsl.Comparison) ([]int64, error) {
	if isPattern(c.Op) {
		return nil, notString(c, "a number")
	}
	return literals(c, func(v tsl.Value) (int64, error) {
		if v.Kind == tsl.NumberValue && v.Number.Float == 0 {
			return v.Number.Whole, nil
		}
		// A number has no plus sign, with or without quotes.
		if n, err := strconv.ParseInt(v.Text, 10, 64); v.Kind == tsl.StringValue && err == nil && v.Text[0] != '+' {
			return n, nil
		}
		return 0, fmt.Errorf("takes a whole number, as in %s %s 3", c.Field.Path, example(c.Op))
	})
}

// timeLiterals returns the values of a comparison with times.
func timeLiterals(c *tsl.Comparison) ([]time.Time, error) {
	if isPattern(c.Op) {
		return nil, notString(c, "a time")
	}
	return literals(c, func(v tsl.Value) (time.Time, error) {
		if v.Kind != tsl.StringValue && v.Kind != tsl.TimeValue {
			return time.Time{}, fmt.Errorf("takes a date or an RFC 3339 time, as in %s %s '2026-01-31T10:00:00Z'", c.Field.Path, example(c.Op))
		}
		return tsl.ParseTime(v.Text)
	})
}

// notString rejects a pattern for a value that is not a string.
func notString(c *tsl.Comparison, kind string) error {
	return &FieldError{
		Field:   c.Field.Path,
		Offset:  c.Values[0].Offset,
		Message: fmt.Sprintf("%s compares strings, and this is %s", c.Op, kind),
	}
}

// literals converts the values of a comparison. The error of convert tells the user what
// is wrong with a value.
func literals[V any](c *tsl.Comparison, convert func(tsl.Value) (V, error)) ([]V, error) {
	converted := make([]V, len(c.Values))
	for i, value := range c.Values {
		var err error
		if converted[i], err = convert(value); err != nil {
			return nil, &FieldError{Field: c.Field.Path, Offset: value.Offset, Message: err.Error()}
		}
	}
	return converted, nil
}
