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
	"regexp"
	"slices"
	"strings"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// Bounds of what Compile accepts and of what Evaluate returns. With the maximum
// number of rules, the conditions of one resource stay below 200 KB.
const (
	// MaxRules is the maximum number of rules of one Kind.
	MaxRules = 20

	// MaxTypeLength is the maximum length of a condition type, in characters.
	MaxTypeLength = 100

	// MaxReasonLength is the maximum length of a reason, in characters.
	// A rule whose reason is longer fails.
	MaxReasonLength = 256

	// MaxMessageLength is the maximum length of a message, in characters.
	// A longer message is cut.
	MaxMessageLength = 2048

	// MaxExpressionLength is the maximum length of an expression, in characters.
	MaxExpressionLength = 10_000
)

// Rule produces at most one condition. All expressions are CEL over the
// variables `statuses` and `resource`.
type Rule struct {
	// Type is the type of the condition, in PascalCase.
	Type string

	// When is a boolean expression. The rule applies if it is true.
	When string

	// Status is a string expression that returns True or False, in any case.
	Status string

	// Reason is a string expression that returns a machine-readable code.
	Reason string

	// Message is a string expression that returns an explanation for people.
	Message string
}

// Fields of a rule, as the configuration file and errors name them.
const (
	TypeField    = "type"
	WhenField    = "when"
	StatusField  = "output.status"
	ReasonField  = "output.reason"
	MessageField = "output.message"
)

// RuleError names the field of the rule that Compile refuses, and the reason.
type RuleError struct {
	// Index is the position of the rule in the list, from 0.
	Index int

	// Field is one of the field names of this package.
	Field string

	// Line is the line of the expression that is at fault, from 1. It is 0 if the fault has
	// no position in an expression.
	Line int

	// Reason describes the fault.
	Reason string
}

// Error implements error.
func (e *RuleError) Error() string {
	return fmt.Sprintf("rule %d: %s: %s", e.Index, e.Field, e.Reason)
}

// reserved are the conditions that aggregation sets itself.
var reserved = []string{
	v1.ReadyCondition, v1.AvailableCondition, v1.ReconciledCondition, v1.LastKnownReconciledCondition, v1.StalledCondition, v1.TruncatedCondition,
}

// typePattern is stricter than Kubernetes' own pattern, because the search language and
// REST clients accept only such types.
var typePattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// checkType returns why a rule cannot have the type, or "". earlier are the rules before
// it in the list.
func checkType(name string, earlier []Rule) string {
	switch {
	case name == "":
		return "the type is missing"
	case len(name) > MaxTypeLength:
		return fmt.Sprintf("the type has %d characters, the maximum is %d", len(name), MaxTypeLength)
	case !typePattern.MatchString(name):
		return fmt.Sprintf("%q is not a condition type: it must be an upper-case letter followed by letters and digits", name)
	case slices.Contains(reserved, name):
		return fmt.Sprintf("%q is reserved for a condition of HyperFleet's own", name)
	case strings.HasSuffix(name, v1.AdapterConditionSuffix):
		return fmt.Sprintf("%q is reserved: types that end in %s belong to adapters", name, v1.AdapterConditionSuffix)
	case slices.ContainsFunc(earlier, func(r Rule) bool { return r.Type == name }):
		return fmt.Sprintf("an earlier rule has the type %q too", name)
	}
	return ""
}
