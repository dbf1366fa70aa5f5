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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		content string
		want    map[string][]string
	}{
		"both kinds": {
			content: "requiredAdapters:\n  Cluster: [validator, dns, pullsecret, hypershift]\n  NodePool:\n  - validator\n  - hypershift\n",
			want: map[string][]string{
				"Cluster":  {"dns", "hypershift", "pullsecret", "validator"},
				"NodePool": {"hypershift", "validator"},
			},
		},
		"an absent kind and an empty list are the same": {
			content: "requiredAdapters: {NodePool: []}",
			want:    map[string][]string{},
		},
		"no kind at all": {
			content: "# nothing is required\nrequiredAdapters: {}\n",
			want:    map[string][]string{},
		},
		"an anchor and its alias": {
			content: "requiredAdapters:\n  Cluster: &same [dns]\n  NodePool: *same\n",
			want:    map[string][]string{"Cluster": {"dns"}, "NodePool": {"dns"}},
		},
		"a number in quotes": {
			content: `requiredAdapters: {Cluster: ["007"]}`,
			want:    map[string][]string{"Cluster": {"007"}},
		},
		"the longest name": {
			content: "requiredAdapters: {Cluster: [" + strings.Repeat("a", 63) + "]}",
			want:    map[string][]string{"Cluster": {strings.Repeat("a", 63)}},
		},
		"JSON is YAML": {
			content: `{"requiredAdapters":{"Cluster":["dns"]}}`,
			want:    map[string][]string{"Cluster": {"dns"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parse("adapters.yaml", []byte(test.content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseTakesUpTo50Adapters(t *testing.T) {
	var content strings.Builder
	content.WriteString("requiredAdapters:\n  Cluster:\n")
	for i := range 50 {
		fmt.Fprintf(&content, "  - adapter-%d\n", i)
	}
	got, err := parse("adapters.yaml", []byte(content.String()))
	if err != nil || len(got["Cluster"]) != 50 {
		t.Fatalf("parse of 50 adapters: %d, %v", len(got["Cluster"]), err)
	}
	content.WriteString("  - one-more\n")
	const want = "adapters.yaml:3: requiredAdapters.Cluster: 51 adapters, at most 50 are allowed"
	if _, err := parse("adapters.yaml", []byte(content.String())); err == nil || err.Error() != want {
		t.Errorf("parse of 51 adapters: %v, want %s", err, want)
	}
}

func TestParseErrors(t *testing.T) {
	const notAName = " is not an adapter name: want 1 to 63 lower-case letters, digits and hyphens, a letter or digit first and last"
	tests := map[string]struct {
		content string
		want    string
	}{
		"empty":                            {"", "adapters.yaml:1: the file is empty, want requiredAdapters"},
		"only a comment":                   {"# nothing\n", "adapters.yaml:1: the file is empty, want requiredAdapters"},
		"only a document marker":           {"---\n", "adapters.yaml:2: the file: want a mapping, got nothing"},
		"a list":                           {"- dns\n", "adapters.yaml:1: the file: want a mapping, got a list"},
		"a string":                         {"dns", `adapters.yaml:1: the file: want a mapping, got the string "dns"`},
		"empty mapping":                    {"\n{}", "adapters.yaml:2: requiredAdapters is missing"},
		"unknown top-level key":            {"requiredAdapters: {}\nrequired: {}\n", `adapters.yaml:2: unknown key "required", want requiredAdapters`},
		"top-level key twice":              {"requiredAdapters: {}\nrequiredAdapters: {}\n", `adapters.yaml:2: the file: key "requiredAdapters" occurs twice`},
		"key is a number":                  {"1: {}\n", "adapters.yaml:1: the file: want a string as key, got 1 (in quotes it would be a string)"},
		"key is a list":                    {"? [a]\n: {}\n", "adapters.yaml:1: the file: want a string as key, got a list"},
		"nothing required":                 {"requiredAdapters:\n", "adapters.yaml:1: requiredAdapters: want a mapping, got nothing"},
		"a list for all kinds":             {"requiredAdapters:\n- dns\n", "adapters.yaml:2: requiredAdapters: want a mapping, got a list"},
		"unknown kind":                     {"requiredAdapters:\n  Cluster: [dns]\n  cluster: [dns]\n", `adapters.yaml:3: requiredAdapters: unknown kind "cluster", want Cluster or NodePool`},
		"kind twice":                       {"requiredAdapters:\n  Cluster: [dns]\n  Cluster: [dns]\n", `adapters.yaml:3: requiredAdapters: key "Cluster" occurs twice`},
		"merge key":                        {"requiredAdapters:\n  <<: {}\n", "adapters.yaml:2: requiredAdapters: want a string as key, got << (in quotes it would be a string)"},
		"no list":                          {"requiredAdapters:\n  Cluster:\n  NodePool: []\n", "adapters.yaml:2: requiredAdapters.Cluster: want a list of adapter names, got nothing"},
		"a string for a list":              {"requiredAdapters:\n  Cluster: dns\n", `adapters.yaml:2: requiredAdapters.Cluster: want a list of adapter names, got the string "dns"`},
		"a mapping for a list":             {"requiredAdapters:\n  Cluster:\n    dns: true\n", "adapters.yaml:3: requiredAdapters.Cluster: want a list of adapter names, got a mapping"},
		"a number for a name":              {"requiredAdapters:\n  Cluster: [dns, 7]\n", "adapters.yaml:2: requiredAdapters.Cluster[1]: want an adapter name, got 7 (in quotes it would be a string)"},
		"a boolean for a name":             {"requiredAdapters:\n  Cluster:\n  - true\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: want an adapter name, got true (in quotes it would be a string)"},
		"nothing for a name":               {"requiredAdapters:\n  Cluster:\n  -\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: want an adapter name, got nothing"},
		"a list for a name":                {"requiredAdapters:\n  Cluster:\n  - [dns]\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: want an adapter name, got a list"},
		"a list within itself":             {"requiredAdapters:\n  Cluster: &all\n  - *all\n", "adapters.yaml:3: requiredAdapters.Cluster[0]: want an adapter name, got a list"},
		"empty name":                       {"requiredAdapters:\n  Cluster: ['']\n", `adapters.yaml:2: requiredAdapters.Cluster[0]: ""` + notAName},
		"capitals":                         {"requiredAdapters:\n  Cluster:\n  - dns\n  - DNS\n", `adapters.yaml:4: requiredAdapters.Cluster[1]: "DNS"` + notAName},
		"a dot":                            {"requiredAdapters: {NodePool: [a.b]}\n", `adapters.yaml:1: requiredAdapters.NodePool[0]: "a.b"` + notAName},
		"a hyphen first":                   {"requiredAdapters: {NodePool: [-a]}\n", `adapters.yaml:1: requiredAdapters.NodePool[0]: "-a"` + notAName},
		"a name of 64 characters":          {"requiredAdapters: {NodePool: [" + strings.Repeat("a", 64) + "]}\n", `adapters.yaml:1: requiredAdapters.NodePool[0]: "` + strings.Repeat("a", 64) + `"` + notAName},
		"a name twice":                     {"requiredAdapters:\n  Cluster:\n  - dns\n  - validator\n  - dns\n", `adapters.yaml:5: requiredAdapters.Cluster[2]: "dns" occurs twice`},
		"a second document":                {"requiredAdapters: {}\n---\nrequiredAdapters: {}\n", "adapters.yaml:2: a second YAML document, want one"},
		"a broken second document":         {"requiredAdapters: {}\n---\na: [\n", "adapters.yaml:3: not YAML: did not find expected node content"},
		"a tab":                            {"requiredAdapters:\n\tCluster: [dns]\n", "adapters.yaml:2: not YAML: found character that cannot start any token"},
		"broken after empty lines":         {"\n\na: [\n", "adapters.yaml:3: not YAML: did not find expected node content"},
		"an open bracket":                  {"requiredAdapters:\n  Cluster: [dns\n  NodePool: []\n", "adapters.yaml:2: not YAML: did not find expected ',' or ']'"},
		"broken on the first line":         {"{", "adapters.yaml:1: not YAML: did not find expected node content"},
		"an unknown alias":                 {"requiredAdapters:\n  Cluster: *none\n", "adapters.yaml:2: not YAML: unknown anchor 'none' referenced"},
		"a list that goes on as a mapping": {"requiredAdapters:\n  Cluster:\n  - dns\n  a: b\n c: d\n", "adapters.yaml:5: not YAML: did not find expected key"},
		"a mapping within a list":          {"requiredAdapters:\n  Cluster:\n    - dns\n    a: b\n", "adapters.yaml:3: not YAML: did not find expected '-' indicator"},
		"an open quote":                    {"requiredAdapters:\n  Cluster: ['dns]\n", "adapters.yaml:2: not YAML: found unexpected end of stream"},
		"a colon too many":                 {"requiredAdapters:\n  Cluster: a: b\n", "adapters.yaml:2: not YAML: mapping values are not allowed in this context"},
		"no text":                          {"\xff\xfe\x00", "adapters.yaml:1: not YAML: incomplete UTF-16 character"},
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
	f.Fuzz(func(t *testing.T, content string) {
		got, err := parse("adapters.yaml", []byte(content))
		if err != nil {
			var line int
			if _, scanErr := fmt.Sscanf(err.Error(), "adapters.yaml:%d: ", &line); scanErr != nil || line < 1 {
				t.Errorf("no line in error: %v", err)
			}
			return
		}
		for kind, names := range got {
			if kind != "Cluster" && kind != "NodePool" || len(names) == 0 || len(names) > 50 {
				t.Errorf("parse = %v", got)
			}
		}
	})
}
