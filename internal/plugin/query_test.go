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

package plugin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseQuery(t *testing.T) {
	tests := map[string]struct {
		args         []string
		wantResource string
		wantText     string
	}{
		"Nothing":                     {args: nil, wantResource: "clusters"},
		"A search":                    {args: []string{"name = 'web'"}, wantResource: "clusters", wantText: "name = 'web'"},
		"A blank search":              {args: []string{" "}, wantResource: "clusters", wantText: " "},
		"A collection":                {args: []string{"nodepools"}, wantResource: "nodepools"},
		"Both":                        {args: []string{"adapterstatuses", "adapter = 'dns'"}, wantResource: "adapterstatuses", wantText: "adapter = 'dns'"},
		"A short name":                {args: []string{"hfc"}, wantResource: "clusters"},
		"Another short name":          {args: []string{"hfnp", "name = 'a'"}, wantResource: "nodepools", wantText: "name = 'a'"},
		"A third short name":          {args: []string{"hfas"}, wantResource: "adapterstatuses"},
		"A singular":                  {args: []string{"NodePool"}, wantResource: "nodepools"},
		"With the group":              {args: []string{"clusters.hyperfleet.io"}, wantResource: "clusters"},
		"With a part of the group":    {args: []string{"clusters.hyperfleet"}, wantResource: "clusters"},
		"An empty search of nodepool": {args: []string{"hfnp", ""}, wantResource: "nodepools"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q, err := parseQuery(tt.args, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			if q.collection.resource != tt.wantResource || q.text != tt.wantText {
				t.Errorf("Got %s %q, want %s %q", q.collection.resource, q.text, tt.wantResource, tt.wantText)
			}
		})
	}
}

func TestParseQueryRefuses(t *testing.T) {
	tests := map[string]struct {
		args    []string
		orderBy string
		limit   int
		want    string
	}{
		"Broken off": {
			args: []string{"name = "},
			want: "search: at character 8: expected a value after \"=\", found end of search\n" +
				"  name = \n" +
				"         ^",
		},
		"On the second line, after a tab": {
			args: []string{"name = 'é' and\n\tname ! 'b'\nor name = 'c'"},
			want: "search: at line 2, character 7: ",
		},
		"Unknown field": {
			args: []string{"hfas", "adapter = 'dns' and color = 'red'"},
			want: "search: at character 21: color: not a field to search by; these are: adapter, observed_generation, created_time, last_report_time, " +
				"conditions.<Type>, conditions.<Type>.<status|reason|message|last_transition_time>, data.<path>, metadata.<path>\n" +
				"  adapter = 'dns' and color = 'red'\n" +
				"                      ^",
		},
		"Unknown collection":   {args: []string{"pods", "name = 'a'"}, want: `cannot search "pods", only clusters (hfc), nodepools (hfnp) and adapterstatuses (hfas)`},
		"Another group":        {args: []string{"clusters.example.com", "name = 'a'"}, want: `cannot search "clusters.example.com"`},
		"Without quotes":       {args: []string{"name", "=", "'a'"}, want: "got 3 arguments; write the whole search in double quotes"},
		"Unknown order":        {orderBy: "color", want: "--order-by: color: not a field to order by; these are: id, name, generation"},
		"Unknown direction":    {orderBy: "name up", want: `--order-by: "name up" is not a field with an optional asc or desc`},
		"An empty order":       {orderBy: "name,", want: `--order-by: "" is not a field`},
		"Less than no objects": {limit: -1, want: "--limit must not be negative, and is -1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseQuery(tt.args, tt.orderBy, tt.limit)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Got error\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

func TestCaret(t *testing.T) {
	tests := map[string]struct {
		text   string
		offset int
		want   string
	}{
		"Start":             {text: "abc", offset: 0, want: "  abc\n  ^"},
		"End":               {text: "abc", offset: 3, want: "  abc\n     ^"},
		"Empty":             {text: "", offset: 0, want: "  \n  ^"},
		"Several bytes":     {text: "é = x", offset: 5, want: "  é = x\n      ^"},
		"A line in between": {text: "a\n\tbc\nd", offset: 4, want: "  \tbc\n  \t ^"},
		"At a line's end":   {text: "a\nb", offset: 1, want: "  a\n   ^"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, caret(tt.text, tt.offset)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
