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

package adapters

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

func TestParse(t *testing.T) {
	type lists = map[string][]string
	tests := map[string]struct {
		content        string
		want           lists
		wantFinalizing lists // want if it is nil
	}{
		"both kinds": {
			content: "requiredAdapters:\n  Cluster: [validator, dns, pullsecret, hypershift]\n  NodePool:\n  - validator\n  - hypershift\n",
			want:    lists{"Cluster": {"dns", "hypershift", "pullsecret", "validator"}, "NodePool": {"hypershift", "validator"}},
		},
		"some finalize": {
			content:        "requiredAdapters:\n  Cluster: [validator, {name: pullsecret, finalizes: false}, dns]\n  NodePool:\n  - name: validator\n    finalizes: true\n  - name: hypershift\n",
			want:           lists{"Cluster": {"dns", "pullsecret", "validator"}, "NodePool": {"hypershift", "validator"}},
			wantFinalizing: lists{"Cluster": {"dns", "validator"}, "NodePool": {"hypershift", "validator"}},
		},
		"none finalizes": {
			content:        "requiredAdapters: {NodePool: [{name: dns, finalizes: false}]}",
			want:           lists{"NodePool": {"dns"}},
			wantFinalizing: lists{},
		},
		"an absent kind and an empty list are the same": {content: "requiredAdapters: {NodePool: []}", want: lists{}},
		"no kind at all":       {content: "# nothing is required\nrequiredAdapters: {}\n", want: lists{}},
		"conditions are first": {content: "conditions: {}\nrequiredAdapters: {Cluster: [dns]}\n", want: lists{"Cluster": {"dns"}}},
		"an anchor and its alias": {
			content: "requiredAdapters:\n  Cluster: &same [dns]\n  NodePool: *same\n",
			want:    lists{"Cluster": {"dns"}, "NodePool": {"dns"}},
		},
		"an alias within an object": {
			content:        "requiredAdapters:\n  Cluster: [&dns dns]\n  NodePool: [{name: *dns, finalizes: false}]\n",
			want:           lists{"Cluster": {"dns"}, "NodePool": {"dns"}},
			wantFinalizing: lists{"Cluster": {"dns"}},
		},
		"a number in quotes": {content: `requiredAdapters: {Cluster: ["007", {name: "008"}]}`, want: lists{"Cluster": {"007", "008"}}},
		"the longest name":   {content: "requiredAdapters: {Cluster: [" + strings.Repeat("a", 63) + "]}", want: lists{"Cluster": {strings.Repeat("a", 63)}}},
		"JSON is YAML":       {content: `{"requiredAdapters":{"Cluster":["dns"]}}`, want: lists{"Cluster": {"dns"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parse("adapters.yaml", []byte(test.content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.required); diff != "" {
				t.Errorf("required (-want +got):\n%s", diff)
			}
			wantFinalizing := test.wantFinalizing
			if wantFinalizing == nil {
				wantFinalizing = test.want
			}
			if diff := cmp.Diff(wantFinalizing, got.finalizing); diff != "" {
				t.Errorf("finalizing (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseConditions: an expression is a string, or an object with one.
func TestParseConditions(t *testing.T) {
	const content = `
requiredAdapters: {}
conditions:
  NodePool:
  - type: DNSHealthy
    when: &always "true"
    output:
      status: '"True"'
      reason: |
        "Checked"
      message: >-
        "The zone " +
        "resolves"
  - type: QuotaLow
    when: {expression: *always}
    output:
      status: {expression: '"False"'}
      reason: {expression: '"Enough"'}
      message:
        expression: |
          "kind: " + resource.kind
`
	got, err := parse("adapters.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]mapping.Rule{"NodePool": {
		{Type: "DNSHealthy", When: "true", Status: `"True"`, Reason: "\"Checked\"\n", Message: `"The zone " + "resolves"`},
		{Type: "QuotaLow", When: "true", Status: `"False"`, Reason: `"Enough"`, Message: "\"kind: \" + resource.kind\n"},
	}}
	if diff := cmp.Diff(want, got.rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	conditions, failures := got.programs["NodePool"].Evaluate(mapping.Input{Resource: mapping.Resource{Kind: "NodePool"}})
	if len(failures) > 0 || len(conditions) != 2 || conditions[0].Message != "The zone resolves" || conditions[1].Message != "kind: NodePool" {
		t.Errorf("Evaluate() = %v, %v", conditions, failures)
	}
	if diff := cmp.Diff(map[string][]string{"NodePool": {"DNSHealthy", "QuotaLow"}}, got.types()); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func TestParseTakesUpTo50Adapters(t *testing.T) {
	var content strings.Builder
	content.WriteString("requiredAdapters:\n  Cluster:\n")
	for i := range 50 {
		fmt.Fprintf(&content, "  - adapter-%d\n", i)
	}
	got, err := parse("adapters.yaml", []byte(content.String()))
	if err != nil || len(got.required["Cluster"]) != 50 {
		t.Fatalf("parse of 50 adapters: %v", err)
	}
	content.WriteString("  - one-more\n")
	const want = "adapters.yaml:53: requiredAdapters.Cluster[50]: 51 required adapters of the Kind, the maximum is 50"
	if _, err := parse("adapters.yaml", []byte(content.String())); err == nil || err.Error() != want {
		t.Errorf("parse of 51 adapters: %v, want %s", err, want)
	}
}

func TestParseErrors(t *testing.T) {
	const notAName = " is not an adapter name: it must be 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends"
	tests := map[string]struct {
		content string
		want    string
	}{
		"empty":                                 {"", "adapters.yaml:1: the file is empty, want requiredAdapters"},
		"only a comment":                        {"# nothing\n", "adapters.yaml:1: the file is empty, want requiredAdapters"},
		"only a document marker":                {"---\n", "adapters.yaml:1: the file is empty, want requiredAdapters"},
		"a list":                                {"- dns\n", "adapters.yaml:1: want a mapping with requiredAdapters, got a list"},
		"a string":                              {"dns", `adapters.yaml:1: want a mapping with requiredAdapters, got the string "dns"`},
		"empty mapping":                         {"\n{}", "adapters.yaml:2: requiredAdapters is missing"},
		"unknown top-level key":                 {"requiredAdapters: {}\nrequired: {}\n", `adapters.yaml:2: required: unknown field "required"`},
		"top-level key twice":                   {"requiredAdapters: {}\nrequiredAdapters: {}\n", `adapters.yaml:2: mapping key "requiredAdapters" already defined at [1:1]`},
		"key is a number":                       {"1: {}\n", "adapters.yaml:1: 1: the key 1 is not a string"},
		"key is a list":                         {"? [a]\n: {}\n", "adapters.yaml:2: found an invalid key for this map"},
		"nothing required":                      {"requiredAdapters:\n", "adapters.yaml:1: requiredAdapters: the value is missing"},
		"a list for all kinds":                  {"requiredAdapters:\n- dns\n", "adapters.yaml:2: requiredAdapters: sequence was used where mapping is expected"},
		"unknown kind":                          {"requiredAdapters:\n  Cluster: [dns]\n  cluster: [dns]\n", `adapters.yaml:3: requiredAdapters.cluster: unknown field "cluster"`},
		"kind twice":                            {"requiredAdapters:\n  Cluster: [dns]\n  Cluster: [dns]\n", `adapters.yaml:3: mapping key "Cluster" already defined at [2:3]`},
		"merge key":                             {"requiredAdapters:\n  <<: {}\n", "adapters.yaml:2: requiredAdapters.<<: the key << is not a string"},
		"no list":                               {"requiredAdapters:\n  Cluster:\n  NodePool: []\n", "adapters.yaml:2: requiredAdapters.Cluster: the value is missing"},
		"a string for a list":                   {"requiredAdapters:\n  Cluster: dns\n", "adapters.yaml:2: requiredAdapters.Cluster: string was used where sequence is expected"},
		"a mapping for a list":                  {"requiredAdapters:\n  Cluster:\n    dns: true\n", "adapters.yaml:3: requiredAdapters.Cluster: mapping was used where sequence is expected"},
		"a number for a name":                   {"requiredAdapters:\n  Cluster: [dns, 7]\n", "adapters.yaml:2: requiredAdapters.Cluster[1]: want a string, got 7 (in quotes it is a string)"},
		"a boolean for a name":                  {"requiredAdapters:\n  Cluster:\n  - true\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: want a string, got true (in quotes it is a string)"},
		"nothing for a name":                    {"requiredAdapters:\n  Cluster:\n  -\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: the value is missing"},
		"a list for a name":                     {"requiredAdapters:\n  Cluster:\n  - [dns]\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: want a string, got a list"},
		"a list within itself":                  {"requiredAdapters:\n  Cluster: &all\n  - *all\n", "adapters.yaml:3: requiredAdapters.Cluster: want a string, got a list"},
		"empty name":                            {"requiredAdapters:\n  Cluster: ['']\n", `adapters.yaml:2: requiredAdapters.Cluster[0]: ""` + notAName},
		"capitals":                              {"requiredAdapters:\n  Cluster:\n  - dns\n  - DNS\n", `adapters.yaml:4: requiredAdapters.Cluster[1]: "DNS"` + notAName},
		"a dot":                                 {"requiredAdapters: {NodePool: [a.b]}\n", `adapters.yaml:1: requiredAdapters.NodePool[0]: "a.b"` + notAName},
		"a hyphen first":                        {"requiredAdapters: {NodePool: [-a]}\n", `adapters.yaml:1: requiredAdapters.NodePool[0]: "-a"` + notAName},
		"a name of 64 characters":               {"requiredAdapters: {NodePool: [" + strings.Repeat("a", 64) + "]}\n", `adapters.yaml:1: requiredAdapters.NodePool[0]: "` + strings.Repeat("a", 64) + `"` + notAName},
		"a name twice":                          {"requiredAdapters:\n  Cluster:\n  - dns\n  - validator\n  - dns\n", `adapters.yaml:5: requiredAdapters.Cluster[2]: "dns" occurs twice`},
		"a second document":                     {"requiredAdapters: {}\n---\nrequiredAdapters: {}\n", "adapters.yaml:2: a second YAML document, want one"},
		"a broken second document":              {"requiredAdapters: {}\n---\na: [\n", "adapters.yaml:3: sequence end token ']' not found"},
		"a tab":                                 {"requiredAdapters:\n\tCluster: [dns]\n", "adapters.yaml:2: found character '\t' that cannot start any token"},
		"broken after empty lines":              {"\n\na: [\n", "adapters.yaml:3: sequence end token ']' not found"},
		"an open bracket":                       {"requiredAdapters:\n  Cluster: [dns\n  NodePool: []\n", "adapters.yaml:3: ',' or ']' must be specified"},
		"broken on the first line":              {"{", "adapters.yaml:1: could not find flow mapping end token '}'"},
		"an unknown alias":                      {"requiredAdapters:\n  Cluster: *none\n", `adapters.yaml:2: requiredAdapters.Cluster: could not find alias "none"`},
		"a list that goes on as a mapping":      {"requiredAdapters:\n  Cluster:\n  - dns\n  a: b\n c: d\n", "adapters.yaml:5: value is not allowed in this context"},
		"a mapping within a list":               {"requiredAdapters:\n  Cluster:\n    - dns\n    a: b\n", "adapters.yaml:4: value is not allowed in this context"},
		"an open quote":                         {"requiredAdapters:\n  Cluster: ['dns]\n", "adapters.yaml:2: could not find end character of single-quoted text"},
		"a colon too many":                      {"requiredAdapters:\n  Cluster: a: b\n", "adapters.yaml:2: mapping value is not allowed in this context"},
		"no text":                               {"\xff\xfe\x00", "adapters.yaml:1: want a mapping with requiredAdapters, got the string \"��\\x00\""},
		"a list within conditions":              {"requiredAdapters: {}\nconditions: []\n", "adapters.yaml:2: conditions: sequence was used where mapping is expected"},
		"a rule that is a string":               {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - DNSHealthy\n", "adapters.yaml:4: conditions.Cluster[0]: want an object with type, when and output"},
		"an empty rule":                         {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - {}\n", "adapters.yaml:4: conditions.Cluster[0]: type: the type is missing"},
		"a rule with an unknown field":          {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    unless: 'true'\n", `adapters.yaml:5: conditions.Cluster[0].unless: unknown field "unless"`},
		"a rule without output":                 {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    when: 'true'\n", "adapters.yaml:4: conditions.Cluster[0]: output.status: the expression is missing"},
		"an expression that is a boolean":       {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    when: true\n", "adapters.yaml:5: conditions.Cluster[0].when: want a string, got true (in quotes it is a string)"},
		"an expression object without one":      {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    when: {}\n", "adapters.yaml:4: conditions.Cluster[0]: when: the expression is missing"},
		"a reserved type":                       {"requiredAdapters: {}\nconditions:\n  NodePool:\n  - {type: A, when: 'true', output: {status: 'string(true)', reason: 'string(1)', message: 'string(1)'}}\n  - type: Ready\n", `adapters.yaml:5: conditions.NodePool[1].type: "Ready" is reserved for a condition of HyperFleet's own`},
		"an expression that does not compile":   {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    when: nothing\n", "adapters.yaml:5: conditions.Cluster[0].when: line 1, column 1 of the expression: undeclared reference to 'nothing' (in container '')"},
		"the third line of an expression":       {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    when:\n      expression: |\n        true &&\n        true &&\n        nothing\n", "adapters.yaml:9: conditions.Cluster[0].when.expression: line 3, column 1 of the expression: undeclared reference to 'nothing' (in container '')"},
		"a folded expression":                   {"requiredAdapters: {}\nconditions:\n  Cluster:\n  - type: A\n    when: >\n        true &&\n        nothing\n", "adapters.yaml:5: conditions.Cluster[0].when: line 1, column 9 of the expression: undeclared reference to 'nothing' (in container '')"},
		"an object without a name":              {"requiredAdapters:\n  Cluster:\n  - dns\n  - finalizes: false\n", "adapters.yaml:4: requiredAdapters.Cluster[1]: name is missing"},
		"an object with an unknown field":       {"requiredAdapters:\n  Cluster:\n  - name: dns\n    finalises: false\n", `adapters.yaml:4: requiredAdapters.Cluster[0].finalises: unknown field "finalises"`},
		"an object with a string for a boolean": {"requiredAdapters:\n  Cluster:\n  - name: dns\n    finalizes: never\n", "adapters.yaml:4: requiredAdapters.Cluster[0].finalizes: want bool, got string"},
		"an object with a bad name":             {"requiredAdapters:\n  Cluster:\n  - finalizes: false\n    name: DNS\n", `adapters.yaml:4: requiredAdapters.Cluster[0].name: "DNS"` + notAName},
		"a name and an object of it":            {"requiredAdapters:\n  Cluster:\n  - dns\n  - name: dns\n", `adapters.yaml:4: requiredAdapters.Cluster[1].name: "dns" occurs twice`},
		"a tag":                                 {"requiredAdapters:\n  Cluster: !!str\n", "adapters.yaml:2: requiredAdapters.Cluster: tags are not supported"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parse("adapters.yaml", []byte(test.content))
			if err == nil {
				t.Fatalf("parse = %v, want error %s", got, test.want)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("requiredAdapters:\n  Cluster: [validator, dns]\n  NodePool: &a [*a]\n")
	f.Add("requiredAdapters: {Cluster: [")
	f.Add("requiredAdapters:\n  Cluster:\n  - {name: a, finalizes: false}\nconditions:\n  Cluster:\n  - type: X\n    when:\n      expression: |\n        true\n    output: {status: >-\n }\n")
	f.Fuzz(func(t *testing.T, content string) {
		got, err := parse("adapters.yaml", []byte(content))
		if err != nil {
			var line int
			if _, scanErr := fmt.Sscanf(err.Error(), "adapters.yaml:%d: ", &line); scanErr != nil || line < 1 {
				t.Errorf("no line in error: %v", err)
			}
			return
		}
		for kind, names := range got.required {
			if kind != "Cluster" && kind != "NodePool" || len(names) == 0 || len(names) > maxAdapters {
				t.Errorf("required = %v", got.required)
			}
		}
		for kind, names := range got.finalizing {
			for _, name := range names {
				if !slices.Contains(got.required[kind], name) {
					t.Errorf("%s finalizes and is not required: %v", name, got.required)
				}
			}
		}
	})
}
