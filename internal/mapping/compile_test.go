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
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rule returns a rule that compiles, changed by the test.
func rule(change func(*Rule)) Rule {
	r := Rule{Type: "DNSHealthy", When: "true", Status: `"True"`, Reason: `"Checked"`, Message: `"The zone resolves"`}
	if change != nil {
		change(&r)
	}
	return r
}

func TestCompile(t *testing.T) {
	for name, rules := range map[string][]Rule{
		"no rules":            nil,
		"constants":           {rule(nil)},
		"the longest type":    {rule(func(r *Rule) { r.Type = strings.Repeat("A", MaxTypeLength) })},
		"variables":           {rule(func(r *Rule) { r.When = `statuses.size() > 0 && resource.kind == "Cluster"` })},
		"optional navigation": {rule(func(r *Rule) { r.Message = `statuses[?0].?data.?zone.orValue("none")` })},
		"helpers":             {rule(func(r *Rule) { r.Message = `toJson(dig(resource, "spec.dns.0"))` })},
		"a dynamic result":    {rule(func(r *Rule) { r.Status = `statuses[0].conditions[0].status` })},
		"two types":           {rule(nil), rule(func(r *Rule) { r.Type = "DNSHealthier" })},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Compile(rules); err != nil {
				t.Errorf("Compile() = %v", err)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := map[string]struct {
		rules []Rule
		want  RuleError
	}{
		"no type": {
			[]Rule{rule(func(r *Rule) { r.Type = "" })},
			RuleError{0, TypeField, 0, "the type is missing"},
		},
		"a type that is too long": {
			[]Rule{rule(func(r *Rule) { r.Type = strings.Repeat("A", MaxTypeLength+1) })},
			RuleError{0, TypeField, 0, "the type has 101 characters, the maximum is 100"},
		},
		"a lower-case type": {
			[]Rule{rule(func(r *Rule) { r.Type = "dnsHealthy" })},
			RuleError{0, TypeField, 0, `"dnsHealthy" is not a condition type: it must be an upper-case letter followed by letters and digits`},
		},
		"a type with a dot": {
			[]Rule{rule(func(r *Rule) { r.Type = "DNS.Healthy" })},
			RuleError{0, TypeField, 0, `"DNS.Healthy" is not a condition type: it must be an upper-case letter followed by letters and digits`},
		},
		"a type that occurs twice": {
			[]Rule{rule(nil), rule(nil)},
			RuleError{1, TypeField, 0, `an earlier rule has the type "DNSHealthy" too`},
		},
		"an adapter's type": {
			[]Rule{rule(func(r *Rule) { r.Type = "DnsSuccessful" })},
			RuleError{0, TypeField, 0, `"DnsSuccessful" is reserved: types that end in Successful belong to adapters`},
		},
		"no expression": {
			[]Rule{rule(func(r *Rule) { r.Message = " \n" })},
			RuleError{0, MessageField, 0, "the expression is missing"},
		},
		"an expression that is too long": {
			[]Rule{rule(func(r *Rule) { r.Reason = `"` + strings.Repeat("ü", MaxExpressionLength) + `"` })},
			RuleError{0, ReasonField, 0, "the expression has 10002 characters, the maximum is 10000"},
		},
		"a syntax error": {
			[]Rule{rule(nil), rule(func(r *Rule) { r.Type, r.When = "Other", "statuses.exists(s,\n  s.adapter == 'dns'" })},
			RuleError{1, WhenField, 2, "line 2, column 21 of the expression: Syntax error: missing ')' at '<EOF>'"},
		},
		"an unknown variable": {
			[]Rule{rule(func(r *Rule) { r.Status = `env.region` })},
			RuleError{0, StatusField, 1, "line 1, column 1 of the expression: undeclared reference to 'env' (in container '')"},
		},
		"an unknown function": {
			[]Rule{rule(func(r *Rule) { r.Message = `"a".replace("a", "b")` })},
			RuleError{0, MessageField, 1, "line 1, column 12 of the expression: undeclared reference to 'replace' (in container '')"},
		},
		"a wrong argument": {
			[]Rule{rule(func(r *Rule) { r.Message = `toJson(1, 2)` })},
			RuleError{0, MessageField, 1, "line 1, column 7 of the expression: found no matching overload for 'toJson' applied to '(int, int)'"},
		},
		"a condition that is no boolean": {
			[]Rule{rule(func(r *Rule) { r.When = "statuses.size()" })},
			RuleError{0, WhenField, 0, "the expression returns int, want bool"},
		},
		"a boolean status": {
			[]Rule{rule(func(r *Rule) { r.Status = "true" })},
			RuleError{0, StatusField, 0, "the expression returns bool, want string"},
		},
		"an optional message": {
			[]Rule{rule(func(r *Rule) { r.Message = "resource.?spec" })},
			RuleError{0, MessageField, 0, "the expression returns optional_type(dyn), want string"},
		},
	}
	for _, reserved := range []string{"Ready", "Available", "Reconciled", "LastKnownReconciled", "Stalled", "Truncated"} {
		tests["the reserved type "+reserved] = struct {
			rules []Rule
			want  RuleError
		}{
			[]Rule{rule(func(r *Rule) { r.Type = reserved })},
			RuleError{0, TypeField, 0, fmt.Sprintf("%q is reserved for a condition of HyperFleet's own", reserved)},
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(test.rules)
			got, ok := errors.AsType[*RuleError](err)
			if !ok {
				t.Fatalf("Compile() = %v, want a RuleError", err)
			}
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompileBoundsTheRules(t *testing.T) {
	var rules []Rule
	for i := range MaxRules + 1 {
		rules = append(rules, rule(func(r *Rule) { r.Type = fmt.Sprintf("Type%d", i) }))
	}
	if _, err := Compile(rules[:MaxRules]); err != nil {
		t.Errorf("Compile() of %d rules = %v", MaxRules, err)
	}
	const want = "rule 20: type: 21 rules, the maximum is 20"
	if _, err := Compile(rules); err == nil || err.Error() != want {
		t.Errorf("Compile() of %d rules = %v, want %s", len(rules), err, want)
	}
}
