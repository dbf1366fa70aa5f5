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
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// compile checks a search against the Schema. The match is nil where there is no
// search. The error is a *FieldError.
//
// In the three-valued logic of searches a comparison with what a row does not
// have is neither true nor false. With negation pushed down into the operators
// it is enough to know where each comparison is true.
func (s *Schema) compile(filter tsl.Expr) (match, error) {
	if filter == nil {
		return nil, nil
	}
	return s.compileNode(tsl.Normalize(filter))
}

func (s *Schema) compileNode(node tsl.Expr) (match, error) {
	switch node := node.(type) {
	case *tsl.And:
		operands, err := s.compileAll(node.Operands)
		return allOf(operands), err
	case *tsl.Or:
		operands, err := s.compileAll(node.Operands)
		return anyOf(operands), err
	case *tsl.Comparison:
		return s.compileComparison(node)
	default:
		return nil, fmt.Errorf("search: a normalized tree has no %T", node)
	}
}

func (s *Schema) compileAll(nodes []tsl.Expr) ([]match, error) {
	matches := make([]match, len(nodes))
	for i, node := range nodes {
		var err error
		if matches[i], err = s.compileNode(node); err != nil {
			return nil, err
		}
	}
	return matches, nil
}

func (s *Schema) compileComparison(c *tsl.Comparison) (match, error) {
	if key, ok := strings.CutPrefix(c.Field.Path, labelPrefix); ok && s.labels && key != "" {
		values, err := texts(c)
		return comparison(c.Op, values, inColumn(func(x *Index) *column { return x.labels[key] })), err
	}
	if conditionType, ok := strings.CutPrefix(c.Field.Path, s.conditions); ok && conditionType != "" {
		return s.compileCondition(c, conditionType)
	}
	f := s.field(c.Field.Path)
	switch {
	case f == nil:
		return nil, &FieldError{
			Field:   c.Field.Path,
			Offset:  c.Field.Offset,
			Message: "not a field to search by; these are: " + s.searchable(),
		}
	case f.kind == timeKind:
		values, err := instants(c)
		return comparison(c.Op, values, inView(f)), err
	case f.kind == integerKind:
		values, err := integers(c)
		return comparison(c.Op, values, inColumn(func(x *Index) *column { return x.columns[f] })), err
	case f == id:
		values, err := texts(c)
		return comparison(c.Op, values, byID()), err
	default:
		values, err := texts(c)
		return comparison(c.Op, values, inColumn(func(x *Index) *column { return x.columns[f] })), err
	}
}

// conditionFields are the fields of a condition. What a search names as a type
// and one of them, joined by a dot, is not taken for a type that has a dot in it.
var conditionFields = []string{
	"status", "reason", "message", "observed_generation", "created_time", "last_updated_time", "last_transition_time",
}

func (s *Schema) compileCondition(c *tsl.Comparison, conditionType string) (match, error) {
	if dot := strings.LastIndexByte(conditionType, '.'); dot >= 0 && slices.Contains(conditionFields, conditionType[dot+1:]) {
		return nil, &FieldError{
			Field:   c.Field.Path,
			Offset:  c.Field.Offset,
			Message: fmt.Sprintf("not a field to search by: a condition is searched by its status, as in %sReady = 'True'", s.conditions),
		}
	}
	values, err := statuses(c)
	return comparison(c.Op, values, inColumn(func(x *Index) *column { return x.conditions[conditionType] })), err
}

func texts(c *tsl.Comparison) ([]string, error) {
	return literals(c, func(v tsl.Value) (string, string) {
		if v.Kind != tsl.String {
			return "", fmt.Sprintf("takes a text in single quotes, as in %s = '%s'", c.Field.Path, v.Text)
		}
		return v.Text, ""
	})
}

// statuses refuses what no condition can have as its status: searched for, it
// would match nothing without a word.
func statuses(c *tsl.Comparison) ([]string, error) {
	return literals(c, func(v tsl.Value) (string, string) {
		switch metav1.ConditionStatus(v.Text) {
		case metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown:
			if v.Kind == tsl.String {
				return v.Text, ""
			}
		}
		return "", "the status of a condition is 'True', 'False' or 'Unknown', in this case and in single quotes"
	})
}

func integers(c *tsl.Comparison) ([]string, error) {
	return literals(c, func(v tsl.Value) (string, string) {
		n := v.Number
		if v.Kind == tsl.String {
			var err error
			if n, err = strconv.ParseInt(v.Text, 10, 64); err != nil {
				return "", fmt.Sprintf("takes a whole number, as in %s = 3", c.Field.Path)
			}
		}
		return strconv.FormatInt(n, 10), ""
	})
}

func instants(c *tsl.Comparison) ([]time.Time, error) {
	return literals(c, func(v tsl.Value) (time.Time, string) {
		t, err := time.Parse(time.RFC3339, v.Text)
		if v.Kind != tsl.String || err != nil {
			return time.Time{}, fmt.Sprintf("takes an RFC 3339 time in single quotes, as in %s = '2026-01-31T10:00:00Z'", c.Field.Path)
		}
		return t, ""
	})
}

// literals converts the values of a comparison. convert returns what is wrong
// with a value, "" where nothing is.
func literals[V any](c *tsl.Comparison, convert func(tsl.Value) (V, string)) ([]V, error) {
	converted := make([]V, len(c.Values))
	for i, value := range c.Values {
		var problem string
		if converted[i], problem = convert(value); problem != "" {
			return nil, &FieldError{Field: c.Field.Path, Offset: value.Offset, Message: problem}
		}
	}
	return converted, nil
}
