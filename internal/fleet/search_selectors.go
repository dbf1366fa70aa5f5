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

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// SelectorError reports the part of a search that no selector of the API server can
// express.
type SelectorError struct {
	// Part is the part in canonical form.
	Part string
	// Offset is where the part starts in the search string, in bytes.
	Offset int
	// Reason tells the user why.
	Reason string
}

// Error returns the part and the reason.
func (e *SelectorError) Error() string { return e.Part + ": " + e.Reason }

// Selectors returns a label selector and a field selector that together select on the API
// server the objects that a search matches. Field selectors read the status, so they
// select an object only once the reconciler has written its status. If the search
// compares no label or no field, the selector of that kind is empty.
//
// The error is a *FieldError if the Schema does not allow the search. It is a *SelectorError
// if selectors cannot express it: a selector is a conjunction of few kinds of requirement.
func Selectors(schema Schema, search tsl.Expr) (labels.Selector, fields.Selector, error) {
	s := selectors{schema: &schema, labels: labels.NewSelector()}
	if search != nil {
		search = tsl.Normalize(search)
		if _, err := schema.compile(search); err != nil {
			return nil, nil, err
		}
		if err := s.add(search); err != nil {
			return nil, nil, err
		}
	}
	return s.labels, fields.AndSelectors(s.fields...), nil
}

type selectors struct {
	schema *Schema
	labels labels.Selector
	fields []fields.Selector
}

func (s *selectors) add(e tsl.Expr) error {
	switch e := e.(type) {
	case *tsl.And:
		for _, operand := range e.Operands {
			if err := s.add(operand); err != nil {
				return err
			}
		}
		return nil
	case *tsl.Or:
		return &SelectorError{Part: e.String(), Offset: offsetOf(e), Reason: "selectors have no \"or\""}
	}
	c := e.(*tsl.Comparison) // a compiled search contains nothing else
	elements := c.Field.Elements()
	name := strings.Join(elements, ".")
	if f := s.schema.field(name); f != nil {
		return s.addField(c, f)
	}
	if key, ok := strings.CutPrefix(name, labelPrefix); ok && s.schema.labels {
		return s.addLabel(c, key)
	}
	if s.schema.isCondition(elements) {
		return s.addCondition(c, elements[s.schema.conditionDepth():])
	}
	return inexpressible(c, "the API server selects by labels and by a few fields, not by free-form ones")
}

// offsetOf returns the offset of the first comparison of a part.
func offsetOf(e tsl.Expr) int {
	offset := func(operands []tsl.Expr) int {
		first := offsetOf(operands[0])
		for _, operand := range operands[1:] {
			first = min(first, offsetOf(operand))
		}
		return first
	}
	switch e := e.(type) {
	case *tsl.And:
		return offset(e.Operands)
	case *tsl.Or:
		return offset(e.Operands)
	}
	return e.(*tsl.Comparison).Field.Offset
}

func inexpressible(c *tsl.Comparison, format string, args ...any) error {
	return &SelectorError{Part: c.String(), Offset: c.Field.Offset, Reason: fmt.Sprintf(format, args...)}
}

// addLabel adds the requirements of a label. A negative operator of a search also
// requires that the label exists; a negative operator of a label selector does not.
func (s *selectors) addLabel(c *tsl.Comparison, key string) error {
	var operators []selection.Operator
	switch c.Op {
	case tsl.Equal, tsl.In:
		operators = []selection.Operator{selection.In}
	case tsl.NotEqual, tsl.NotIn:
		operators = []selection.Operator{selection.Exists, selection.NotIn}
	case tsl.IsNull:
		operators = []selection.Operator{selection.DoesNotExist}
	case tsl.IsNotNull:
		operators = []selection.Operator{selection.Exists}
	default:
		return inexpressible(c, "label selectors have no %q", c.Op)
	}
	for _, operator := range operators {
		var values []string
		if operator == selection.In || operator == selection.NotIn {
			values, _ = stringLiterals(c)
			if len(values) == 1 {
				operator = map[selection.Operator]selection.Operator{selection.In: selection.Equals, selection.NotIn: selection.NotEquals}[operator]
			}
		}
		requirement, err := labels.NewRequirement(key, operator, values)
		if err != nil {
			return fmt.Errorf("make a label selector of %s: %w", c, err) // compileLabel has checked the key and the values
		}
		s.labels = s.labels.Add(*requirement)
	}
	return nil
}

func (s *selectors) addField(c *tsl.Comparison, f *field) error {
	selector, ok := s.schema.selectors[f]
	if !ok {
		return inexpressible(c, "no field selector reaches this; those of this list reach %s", s.schema.selectable())
	}
	if c.Op == tsl.IsNotNull {
		return nil // every object has the field
	}
	if !isEquality(c.Op) {
		return inexpressible(c, "field selectors have no %q", c.Op)
	}
	values, err := stringLiterals(c)
	if err != nil {
		return err
	}
	return s.addTerms(c, selector, values)
}

// addTerms adds the terms of a comparison with a field that every object has.
func (s *selectors) addTerms(c *tsl.Comparison, selector string, values []string) error {
	if isNegative(c.Op) {
		for _, value := range values {
			s.fields = append(s.fields, fields.OneTermNotEqualSelector(selector, value))
		}
		return nil
	}
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	if len(values) > 1 {
		return inexpressible(c, "field selectors compare with one value, they have no \"in\"")
	}
	if values[0] == "" {
		return inexpressible(c, "nothing is selected by an empty value")
	}
	s.fields = append(s.fields, fields.OneTermEqualSelector(selector, values[0]))
	return nil
}

// addCondition adds the term of a comparison with Ready or Available. Clusters and NodePools
// have both, either True or False. Until the reconciler writes the status, both count as
// False but the field selected is empty, so the term for False is "not True".
func (s *selectors) addCondition(c *tsl.Comparison, elements []string) error {
	field := map[string]string{v1.ReadyCondition: "status.ready", v1.AvailableCondition: "status.available"}[elements[0]]
	detail := len(elements) > 1 && elements[1] != "status"
	if field == "" || detail || s.schema.conditions != Clusters.conditions {
		return inexpressible(c, "no field selector reaches this; those of this list reach %s", s.schema.selectable())
	}
	switch c.Op {
	case tsl.IsNotNull:
		return nil
	case tsl.IsNull:
		return inexpressible(c, "%s is never absent, so nothing is selected", elements[0])
	}
	values, err := s.schema.statusLiterals(c)
	if err != nil {
		return err
	}
	wants := func(status string) bool { return slices.Contains(values, status) != isNegative(c.Op) }
	switch isTrue, isFalse := wants("True"), wants("False"); {
	case isTrue && isFalse:
	case isTrue:
		s.fields = append(s.fields, fields.OneTermEqualSelector(field, "True"))
	case isFalse:
		s.fields = append(s.fields, fields.OneTermNotEqualSelector(field, "True"))
	default:
		return inexpressible(c, "%s is either True or False, so nothing is selected", elements[0])
	}
	return nil
}

// selectable returns the fields that field selectors can select, by their names in searches.
func (s *Schema) selectable() string {
	var names []string
	for _, f := range s.fields {
		if s.selectors[f] != "" {
			names = append(names, f.name)
		}
	}
	if s.conditions == Clusters.conditions {
		names = append(names, s.conditions+v1.ReadyCondition, s.conditions+v1.AvailableCondition)
	}
	return strings.Join(names, ", ")
}
