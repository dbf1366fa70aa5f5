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
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// fleet is a cluster on which two adapters have reported.
func fleet() Input {
	return Input{
		Resource: Resource{
			ID: "2abc", Name: "prod", Kind: "Cluster", Generation: 4,
			Labels: map[string]string{"region": "eu"},
			Spec:   []byte(`{"dns":{"zones":["a.example","b.example"]},"replicas":9007199254740993}`),
		},
		Reports: []Report{
			{
				Adapter: "dns", ObservedGeneration: 4,
				Conditions: []v1.AdapterCondition{
					{Type: "Available", Status: metav1.ConditionTrue, Reason: "Resolved", Message: "all zones"},
					{Type: "Delegated", Status: metav1.ConditionUnknown, Reason: "Checking"},
				},
				Data: []byte(`{"quota":{"remaining":25,"share":0.5},"zones":[{"name":"a.example"}],"none":null}`),
			},
			{Adapter: "validator", ObservedGeneration: 3, Conditions: []v1.AdapterCondition{{Type: "Available", Status: metav1.ConditionFalse}}},
		},
	}
}

// TestMessages evaluates expressions as a message.
func TestMessages(t *testing.T) {
	const dns = `statuses.filter(s, s.adapter == "dns")[0]`
	for expression, want := range map[string]string{
		`resource.kind + " " + resource.name + " " + resource.id + " " + string(resource.generation)`: "Cluster prod 2abc 4",
		`resource.metadata.labels.region`:                                        "eu",
		`string(resource.spec.replicas)`:                                         "9007199254740993",
		`resource.spec.dns.zones[1]`:                                             "b.example",
		`statuses.map(s, s.adapter + "@" + string(s.observed_generation))[1]`:    "validator@3",
		dns + `.conditions[0].reason + ": " + ` + dns + `.conditions[0].message`: "Resolved: all zones",
		`string(` + dns + `.conditions.size())`:                                  "1", // Unknown is left out
		`"quota " + string(` + dns + `.?data.?quota.?remaining.orValue(0))`:      "quota 25",
		`"quota " + string(statuses[1].?data.?quota.?remaining.orValue(0))`:      "quota 0",
		`statuses[1].data.size() == 0 ? "no data" : "data"`:                      "no data",
		dns + `.data.quota.remaining > 24.5 ? "enough" : "low"`:                  "enough",
		`dig(` + dns + `.data, "zones.0.name")`:                                  "a.example",
		`dig(` + dns + `.data, "zones.1.name") == null ? "none" : "some"`:        "none",
		`dig(` + dns + `.data, "zones.-1") == null ? "none" : "some"`:            "none",
		`dig(` + dns + `.data, "zones.name") == null ? "none" : "some"`:          "none",
		`dig(` + dns + `.data, "quota.remaining.0") == null ? "none" : "some"`:   "none",
		`dig(` + dns + `.data, "none.deeper") == null ? "none" : "some"`:         "none",
		`dig(statuses, "0.data.quota.share") == 0.5 ? "half" : "other"`:          "half",
		`toJson(` + dns + `.data)`:                                               `{"none":null,"quota":{"remaining":25,"share":0.5},"zones":[{"name":"a.example"}]}`,
		`toJson(resource.spec.replicas)`:                                         "9007199254740993",
		`toJson({"b": [1u, true, "<&>"], "a": null})`:                            `{"a":null,"b":[1,true,"<&>"]}`,
		`toJson({1: duration("90s")})`:                                           `{"1":"90s"}`,
		`toJson([])`:                                                             "[]",
		`toJson(resource.?spec.?nothing)`:                                        "null",
		`toJson(statuses[1].?data)`:                                              "{}",
		`toJson(timestamp("2026-01-31T10:00:00Z"))`:                              `"2026-01-31T10:00:00Z"`,
		`toJson(dig(` + dns + `.data, "quota"))`:                                 `{"remaining":25,"share":0.5}`,
		`toJson(statuses.map(s, s.adapter))`:                                     `["dns","validator"]`,
		`toJson(b"\x01\x02")`:                                                    `"AQI="`,
		`"line 1\nline 2"`:                                                       "line 1\nline 2",
		`"a" == "a" ? "` + strings.Repeat("é", 3) + `":""`:                       "ééé",
	} {
		t.Run(expression, func(t *testing.T) {
			got, errs := evaluate(t, fleet(), rule(func(r *Rule) { r.Message = expression }))
			if len(errs) > 0 || len(got) != 1 || got[0].Message != want {
				t.Errorf("Evaluate() = %v, %v, want the message %s", got, errs, want)
			}
		})
	}
}

func TestEvaluate(t *testing.T) {
	healthy := Condition{Type: "DNSHealthy", Status: metav1.ConditionTrue, Reason: "Checked", Message: "The zone resolves"}
	for name, test := range map[string]struct {
		rules   []Rule
		want    []Condition
		wantErr []string // parts of the errors, in order
	}{
		"a rule that applies":  {rules: []Rule{rule(nil)}, want: []Condition{healthy}},
		"a rule that does not": {rules: []Rule{rule(func(r *Rule) { r.When = "false" })}},
		"outputs of a rule that does not apply": {rules: []Rule{rule(func(r *Rule) {
			r.When, r.Message = `statuses.exists(s, s.adapter == "none")`, `statuses.filter(s, s.adapter == "none")[0].adapter`
		})}},
		"a status in lower case": {
			rules: []Rule{rule(func(r *Rule) { r.Status = `"fALSE"` })},
			want:  []Condition{{Type: "DNSHealthy", Status: metav1.ConditionFalse, Reason: "Checked", Message: "The zone resolves"}},
		},
		"a status that is neither True nor False": {
			rules:   []Rule{rule(func(r *Rule) { r.Status = `"Unknown"` })},
			wantErr: []string{`condition DNSHealthy: output.status: "Unknown" is neither True nor False`},
		},
		"a failure does not affect the other rules": {
			rules: []Rule{
				rule(func(r *Rule) { r.Type, r.When = "First", `statuses[7].adapter == "dns"` }),
				rule(nil),
				rule(func(r *Rule) { r.Type, r.Message = "Last", `resource.spec.none` }),
			},
			want:    []Condition{healthy},
			wantErr: []string{"condition First: when: index out of bounds: 7", "condition Last: output.message: no such key: none"},
		},
		"a result of the wrong type": {
			rules:   []Rule{rule(func(r *Rule) { r.Reason = `resource.spec.replicas` })},
			wantErr: []string{"output.reason: the expression returned int, want string"},
		},
		"the longest reason": {
			rules: []Rule{rule(func(r *Rule) { r.Reason = `"` + strings.Repeat("é", MaxReasonLength) + `"` })},
			want:  []Condition{{Type: "DNSHealthy", Status: metav1.ConditionTrue, Reason: strings.Repeat("é", MaxReasonLength), Message: "The zone resolves"}},
		},
		"a reason that is too long": {
			rules:   []Rule{rule(func(r *Rule) { r.Reason = `"` + strings.Repeat("é", MaxReasonLength+1) + `"` })},
			wantErr: []string{"output.reason: 257 characters, the maximum is 256"},
		},
		"the longest message": {
			rules: []Rule{rule(func(r *Rule) { r.Message = `"` + strings.Repeat("é", MaxMessageLength) + `"` })},
			want:  []Condition{{Type: "DNSHealthy", Status: metav1.ConditionTrue, Reason: "Checked", Message: strings.Repeat("é", MaxMessageLength)}},
		},
		"a message that is too long": {
			rules: []Rule{rule(func(r *Rule) { r.Message = `"` + strings.Repeat("é", MaxMessageLength+1) + `"` })},
			want:  []Condition{{Type: "DNSHealthy", Status: metav1.ConditionTrue, Reason: "Checked", Message: strings.Repeat("é", MaxMessageLength-1) + "…"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, errs := evaluate(t, fleet(), test.rules...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if len(errs) != len(test.wantErr) {
				t.Fatalf("errors %v, want %v", errs, test.wantErr)
			}
			for i, part := range test.wantErr {
				if !strings.Contains(errs[i].Error(), part) {
					t.Errorf("error %q, want it to contain %q", errs[i], part)
				}
			}
		})
	}
}

func TestEvaluateWithoutRules(t *testing.T) {
	program, err := Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	if conditions, errs := program.Evaluate(fleet()); conditions != nil || errs != nil {
		t.Errorf("Evaluate() = %v, %v, want nothing", conditions, errs)
	}
}

// TestEvaluateBrokenJSON: JSON that cannot be decoded fails the rules that need it,
// and no others.
func TestEvaluateBrokenJSON(t *testing.T) {
	in := fleet()
	in.Resource.Spec = []byte(`{"a":`)
	in.Reports[0].Data = []byte(`[1]`)
	got, errs := evaluate(t, in, rule(nil),
		rule(func(r *Rule) { r.Type, r.Message = "OfResource", "resource.name" }),
		rule(func(r *Rule) { r.Type, r.Message = "OfReports", "statuses[1].adapter" }))
	if len(got) != 1 || got[0].Type != "DNSHealthy" {
		t.Errorf("conditions %v, want only DNSHealthy", got)
	}
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), "spec of the resource") || !strings.Contains(errs[1].Error(), "data of the report by dns") {
		t.Errorf("errors %v, want one of the spec and one of the report", errs)
	}
}

// TestEvaluateBoundsCost: expressions that would take long, or much memory, fail.
func TestEvaluateBoundsCost(t *testing.T) {
	in := fleet()
	in.Resource.Spec = []byte(`{"list":[` + strings.TrimSuffix(strings.Repeat("1,", 2000), ",") + `],"string":"` + strings.Repeat("ab", 500_000) + `"}`)
	for name, expression := range map[string]string{
		"nested loops":                    `string(resource.spec.list.filter(a, resource.spec.list.exists(b, a != b && b == 2)).size())`,
		"a long string":                   `toJson(resource.spec) + toJson(resource.spec)`,
		"a long search":                   `resource.spec.string.contains("ba" + "c") ? "x" : "y"`,
		"a long path":                     `string(resource.spec.list.all(i, dig(resource, resource.spec.string) == null))`,
		"an expensive regular expression": `resource.spec.string.matches("(a|b)*c") ? "x" : "y"`,
	} {
		t.Run(name, func(t *testing.T) {
			got, errs := evaluate(t, in, rule(func(r *Rule) { r.Message = expression }))
			if len(got) != 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "cost limit exceeded") {
				t.Errorf("Evaluate() = %d conditions, %v, want the cost limit to be exceeded", len(got), errs)
			}
		})
	}
}

// TestCostAllowsRealFleets: an ordinary rule stays within the cost limit with as
// many reports and conditions as a resource can sensibly have.
func TestCostAllowsRealFleets(t *testing.T) {
	in := Input{}
	for i := range 100 {
		report := Report{Adapter: fmt.Sprintf("adapter-%d", i)}
		for j := range 20 {
			report.Conditions = append(report.Conditions, v1.AdapterCondition{Type: fmt.Sprintf("Type%d", j), Status: metav1.ConditionTrue})
		}
		in.Reports = append(in.Reports, report)
	}
	got, errs := evaluate(t, in, rule(func(r *Rule) {
		r.When = `statuses.exists(s, s.adapter == "adapter-99" && s.conditions.exists(c, c.type == "Type19"))`
		r.Status = `statuses.all(s, s.conditions.all(c, c.status == "True")) ? "True" : "False"`
	}))
	if len(errs) > 0 || len(got) != 1 || got[0].Status != metav1.ConditionTrue {
		t.Errorf("Evaluate() = %v, %v, want a condition that is True", got, errs)
	}
}

// TestEvaluateConcurrently relies on the race detector.
func TestEvaluateConcurrently(t *testing.T) {
	program := compile(t, rule(func(r *Rule) { r.Message = "toJson(statuses) + resource.name" }))
	want, _ := program.Evaluate(fleet())
	var evaluating sync.WaitGroup
	for range 8 {
		evaluating.Go(func() {
			if got, errs := program.Evaluate(fleet()); len(errs) > 0 || !cmp.Equal(want, got) {
				t.Errorf("Evaluate() = %v, %v, want %v", got, errs, want)
			}
		})
	}
	evaluating.Wait()
}

// FuzzRules: the output of every rule is within the bounds.
func FuzzRules(f *testing.F) {
	f.Add(`statuses.exists(s, s.adapter == "dns")`, `"True"`, `"Reason"`, `toJson(dig(resource, "spec.a"))`, `{"a":{"b":[1]}}`)
	f.Add(`resource.?spec.?a.hasValue()`, `statuses[0].conditions[0].status`, `statuses[?0].?data.orValue({}).size() > 0 ? "A" : "B"`, `string(resource.spec)`, `{"a":1e400}`)
	f.Add("true", `"false"`, "resource.spec.r", "resource.spec.m", `{"r":"x","m":"\ud800"}`)
	f.Fuzz(func(t *testing.T, when, status, reason, message, object string) {
		program, err := Compile([]Rule{{Type: "Fuzzed", When: when, Status: status, Reason: reason, Message: message}})
		if err != nil {
			return
		}
		in := fleet()
		in.Resource.Spec, in.Reports[1].Data = []byte(object), []byte(object)
		conditions, errs := program.Evaluate(in)
		if len(conditions)+len(errs) > 1 {
			t.Errorf("Evaluate() = %v, %v of one rule", conditions, errs)
		}
		for _, c := range conditions {
			if c.Status != metav1.ConditionTrue && c.Status != metav1.ConditionFalse {
				t.Errorf("status %q", c.Status)
			}
			if utf8.RuneCountInString(c.Reason) > MaxReasonLength || utf8.RuneCountInString(c.Message) > MaxMessageLength {
				t.Errorf("the reason or message is too long: %q", c)
			}
			if !utf8.ValidString(c.Reason) || !utf8.ValidString(c.Message) {
				t.Errorf("the reason or message is not UTF-8: %q", c)
			}
		}
	})
}

func compile(t *testing.T, rules ...Rule) *Program {
	t.Helper()
	program, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func evaluate(t *testing.T, in Input, rules ...Rule) ([]Condition, []error) {
	t.Helper()
	return compile(t, rules...).Evaluate(in)
}
