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

package mapping

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Condition is the result of a rule for a resource. A rule does not determine the
// generation and the times.
type Condition struct {
	Type    string
	Status  metav1.ConditionStatus // True or False
	Reason  string
	Message string
}

// Evaluate applies the rules. It returns the conditions of the rules that apply,
// in the order of the rules, and one error for each rule that fails: such a rule yields
// no condition, and does not affect the other rules.
func (p *Program) Evaluate(in Input) ([]Condition, []error) {
	if p == nil {
		return nil, nil
	}
	variables, err := cel.NewActivation(in.variables())
	if err != nil {
		return nil, []error{err}
	}
	var conditions []Condition
	var failures []error
	for _, rule := range p.rules {
		condition, applies, err := rule.evaluate(variables)
		switch {
		case err != nil:
			failures = append(failures, fmt.Errorf("condition %s: %w", rule.conditionType, err))
		case applies:
			conditions = append(conditions, condition)
		}
	}
	return conditions, failures
}

// evaluate returns the condition of the rule, and whether the rule applies.
func (r compiled) evaluate(variables interpreter.Activation) (Condition, bool, error) {
	when, err := evaluateAs[types.Bool](r.when, variables, WhenField)
	if err != nil || !when {
		return Condition{}, false, err
	}
	status, err := evaluateAs[types.String](r.status, variables, StatusField)
	if err != nil {
		return Condition{}, false, err
	}
	reason, err := evaluateAs[types.String](r.reason, variables, ReasonField)
	if err != nil {
		return Condition{}, false, err
	}
	message, err := evaluateAs[types.String](r.message, variables, MessageField)
	if err != nil {
		return Condition{}, false, err
	}
	condition := Condition{Type: r.conditionType, Reason: string(reason), Message: cut(string(message))}
	switch {
	case strings.EqualFold(string(status), string(metav1.ConditionTrue)):
		condition.Status = metav1.ConditionTrue
	case strings.EqualFold(string(status), string(metav1.ConditionFalse)):
		condition.Status = metav1.ConditionFalse
	default:
		return Condition{}, false, fmt.Errorf("%s: %q is neither True nor False", StatusField, cut(string(status)))
	}
	if n := utf8.RuneCountInString(condition.Reason); n > MaxReasonLength {
		return Condition{}, false, fmt.Errorf("%s: %d characters, the maximum is %d", ReasonField, n, MaxReasonLength)
	}
	return condition, true, nil
}

// evaluateAs evaluates an expression that must return the type T.
func evaluateAs[T ref.Val](program cel.Program, variables interpreter.Activation, field string) (T, error) {
	var none T
	value, _, err := program.Eval(variables)
	if err != nil {
		return none, fmt.Errorf("%s: %w", field, err)
	}
	typed, ok := value.(T)
	if !ok {
		return none, fmt.Errorf("%s: the expression returned %s, want %s", field, value.Type().TypeName(), none.Type().TypeName())
	}
	return typed, nil
}

// cut returns a message of at most MaxMessageLength characters.
func cut(message string) string {
	if utf8.RuneCountInString(message) <= MaxMessageLength {
		return message
	}
	return string([]rune(message)[:MaxMessageLength-1]) + "…"
}
