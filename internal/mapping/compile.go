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
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
)

// Variables that expressions see.
const (
	statusesVariable = "statuses"
	resourceVariable = "resource"
)

// maxCost bounds the evaluation of one expression, in CEL's cost units. It allows
// several scans of a hundred reports of twenty conditions each; the evaluation of an
// expression that reaches the bound takes about ten milliseconds.
const maxCost = 100_000

// Program contains the compiled rules of one Kind. It is safe for concurrent use. A nil
// Program has no rules.
type Program struct {
	rules []compiled
}

// compiled is a rule whose expressions can be evaluated.
type compiled struct {
	conditionType                 string
	when, status, reason, message cel.Program
}

// Compile checks and compiles the rules of one Kind. The error is a *RuleError
// for the first rule that is at fault.
func Compile(rules []Rule) (*Program, error) {
	if len(rules) > MaxRules {
		return nil, &RuleError{Index: MaxRules, Field: TypeField, Reason: fmt.Sprintf("%d rules, the maximum is %d", len(rules), MaxRules)}
	}
	if len(rules) == 0 {
		return nil, nil
	}
	env, err := newEnvironment()
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	program := &Program{rules: make([]compiled, len(rules))}
	for i, rule := range rules {
		if reason := checkType(rule.Type, rules[:i]); reason != "" {
			return nil, &RuleError{Index: i, Field: TypeField, Reason: reason}
		}
		c := &program.rules[i]
		c.conditionType = rule.Type
		for _, e := range []struct {
			field, text string
			want        *cel.Type
			into        *cel.Program
		}{
			{WhenField, rule.When, cel.BoolType, &c.when},
			{StatusField, rule.Status, cel.StringType, &c.status},
			{ReasonField, rule.Reason, cel.StringType, &c.reason},
			{MessageField, rule.Message, cel.StringType, &c.message},
		} {
			compiled, fault := compileExpression(env, e.text, e.want)
			if fault != nil {
				fault.Index, fault.Field = i, e.field
				return nil, fault
			}
			*e.into = compiled
		}
	}
	return program, nil
}

// newEnvironment declares the variables and functions of expressions. CEL's
// extended string functions are missing on purpose: the cost limit does not
// bound the memory that they take.
func newEnvironment() (*cel.Env, error) {
	return cel.NewEnv(append(functions(),
		cel.Variable(statusesVariable, cel.ListType(cel.DynType)),
		cel.Variable(resourceVariable, cel.MapType(cel.StringType, cel.DynType)),
		cel.OptionalTypes(),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(MaxExpressionLength),
	)...)
}

// compileExpression compiles an expression that must return the wanted type. The error
// lacks the rule and the field.
func compileExpression(env *cel.Env, text string, want *cel.Type) (cel.Program, *RuleError) {
	if strings.TrimSpace(text) == "" {
		return nil, &RuleError{Reason: "the expression is missing"}
	}
	// The parser counts bytes or characters, depending on the text.
	if n := utf8.RuneCountInString(text); n > MaxExpressionLength {
		return nil, &RuleError{Reason: fmt.Sprintf("the expression has %d characters, the maximum is %d", n, MaxExpressionLength)}
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, firstIssue(issues)
	}
	if got := ast.OutputType(); !got.IsExactType(want) && !got.IsExactType(cel.DynType) {
		return nil, &RuleError{Reason: fmt.Sprintf("the expression returns %s, want %s", got, want)}
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.CostTracking(functionCosts{}), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, &RuleError{Reason: err.Error()}
	}
	return program, nil
}

// firstIssue returns the fault that comes first in the expression: later ones are
// often its consequences.
func firstIssue(issues *cel.Issues) *RuleError {
	first := slices.MinFunc(issues.Errors(), func(a, b *common.Error) int {
		return cmp.Or(cmp.Compare(a.Location.Line(), b.Location.Line()), cmp.Compare(a.Location.Column(), b.Location.Column()))
	})
	if first.Location.Line() < 1 {
		return &RuleError{Reason: first.Message}
	}
	return &RuleError{
		Line:   first.Location.Line(),
		Reason: fmt.Sprintf("line %d, column %d of the expression: %s", first.Location.Line(), first.Location.Column()+1, first.Message),
	}
}
