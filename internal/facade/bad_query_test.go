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

package facade_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// lists are the paths that answer with a list.
var lists = []string{
	api + "/clusters", api + "/nodepools", api + "/clusters/{cluster}/nodepools", api + "/clusters/{cluster}/statuses",
	api + "/clusters/{cluster}/nodepools/{nodepool}/statuses",
}

func TestBadQueries(t *testing.T) {
	cases := map[string]badInput{}
	for _, path := range lists {
		for query, want := range map[string]string{
			"page=0":                             "page:minimum",
			"page=-1":                            "page:minimum",
			"page=abc":                           "page:type",
			"page=1.5":                           "page:type",
			"page=1.0":                           "page:type",
			"page=1e3":                           "page:type",
			"page=0x10":                          "page:type",
			"page=%201":                          "page:type",
			"page=1%20":                          "page:type",
			"page=1%00":                          "page:type",
			"page=%D9%A1":                        "page:type",
			"page=":                              "page:type",
			"page":                               "page:type",
			"page=null":                          "page:type",
			"page=true":                          "page:type",
			"page=1,2":                           "page:type",
			"page=2147483648":                    "page:maximum",
			"page=9223372036854775807":           "page:maximum",
			"page=1&page=1":                      "page:unique",
			"page=1&page=2":                      "page:unique",
			"pageSize=0":                         "pageSize:minimum",
			"pageSize=-1":                        "pageSize:minimum",
			"pageSize=-0":                        "pageSize:minimum",
			"pageSize=1001":                      "pageSize:maximum",
			"pageSize=2147483648":                "pageSize:maximum",
			"pageSize=":                          "pageSize:type",
			"pageSize=all":                       "pageSize:type",
			"pageSize=10&pageSize=10":            "pageSize:unique",
			"size=0":                             "size:minimum",
			"size=1001":                          "size:maximum",
			"size=x":                             "size:type",
			"size=10&pageSize=20":                "size:alias",
			"size=10&size=10":                    "size:unique",
			"order=up":                           "order:field",
			"order=ASC":                          "order:field",
			"order=asc,desc":                     "order:field",
			"order=asc&order=desc":               "order:unique",
			"order=desc%00":                      "order:field",
			"order=created_time%20up":            "order:syntax",
			"order=created_time,":                "order:syntax",
			"order=-created_time":                "order:field",
			"order=labels.a%20desc":              "order:field",
			"order=" + strings.Repeat("a", 1025): "order:maxLength",
			"orderBy=created_time&order=created_time%20desc": "order:enum",
			"orderBy=created_time&order=ASC":                 "order:enum",
			"fields=nothing":                                 "fields:field",
			"fields=created_time,":                           "fields:field",
			"fields=,":                                       "fields:field",
			"fields=created_time;id":                         "",
			"fields=Created_time":                            "fields:field",
			"fields=conditions.type":                         "fields:field",
			"fields=created_time&fields=created_time":        "fields:unique",
			"fields=" + strings.Repeat("a", 1025):            "fields:maxLength",
			"pageToken=x":                                    "pageToken:format",
			"pageToken=e30":                                  "pageToken:format",
			"pageToken=bnVsbA":                               "pageToken:format",
			"pageToken=eyJpIjoiMngifQ":                       "pageToken:format",
			"pageToken=%00":                                  "pageToken:format",
			"pageToken=" + strings.Repeat("e", 257):          "pageToken:maxLength",
			"pageToken=&pageToken=":                          "pageToken:unique",
			"pageToken=&page=1":                              "pageToken:alias",
			"pageToken=&orderBy=created_time,created_time":   "pageToken:order",
			"pageToken=&order=created_time,created_time":     "pageToken:order",
			"orderBy=nothing":                                "orderBy:field",
			"orderBy=Name":                                   "orderBy:field",
			"orderBy=labels.a":                               "orderBy:field",
			"orderBy=status":                                 "orderBy:field",
			"orderBy=spec":                                   "orderBy:field",
			"orderBy=conditions.Available":                   "orderBy:field",
			"orderBy=created_time%00":                        "orderBy:field",
			"orderBy=%ff":                                    "orderBy:field",
			"orderBy=-created_time":                          "orderBy:field",
			"orderBy='created_time'":                         "orderBy:field",
			"orderBy=created_time,nothing":                   "orderBy:field",
			"orderBy=created_time,":                          "orderBy:syntax",
			"orderBy=,created_time":                          "orderBy:syntax",
			"orderBy=,":                                      "orderBy:syntax",
			"orderBy=created_time,,created_time":             "orderBy:syntax",
			"orderBy=created_time%20up":                      "orderBy:syntax",
			"orderBy=created_time%20ASC":                     "orderBy:syntax",
			"orderBy=created_time%20asc%20x":                 "orderBy:syntax",
			"orderBy=asc%20created_time":                     "orderBy:syntax",
			"orderBy=created_time&orderBy=created_time":      "orderBy:unique",
			"orderBy=" + strings.Repeat("a", 1025):           "orderBy:maxLength",
			"page=0&pageSize=0&order=x":                      "page:minimum pageSize:minimum",
			"search=&search=":                                "search:unique",
			"page=%zz":                                       "",
			"search=%":                                       "",
			"page=1;pageSize=2":                              "",
		} {
			if want != "" {
				want = " " + want
			}
			cases[path+"?"+startOf(query)] = badInput{method: http.MethodGet, path: path + "?" + query, want: "400 VAL-003" + want}
		}
		cases[path+"? far too large numbers"] = badInput{method: http.MethodGet, path: path + "?page=99999999999999999999&pageSize=-99999999999999999999", want: "400 VAL-003 page:type pageSize:type"}
		for _, search := range []string{
			"x", "'", "''", "=", "= 'a'", "name", "name =", "name = ", "name = x", "name = 'x", "name 'x'", "name == 'x'", `name = "x"`, "name = `x`",
			"name = 'x' and", "and name = 'x'", "name = 'x' or or name = 'y'", "name = 'x' name = 'y'", "not", "not not", "()", "(", ")", "(name = 'x'", "name = 'x')",
			"name in", "name in ()", "name in []", "name in ('a',)", "name in (,'a')", "name in ('a' 'b')", "name in ('a']", "name in 'a'", "name not 'a'",
			"name = null", "name && 'x'", "name = 'x' && name = 'y'",
			"name = 'x' -- x", "name = 'x'; drop table clusters", "'a' = name", "1 = 1", "name = 'x' = 'y'", "náme = 'x'", "$name = 'x'", "name = 'x\x00'", "\x00", "name = '\xff'", "\xff\xfe",
			strings.Repeat("(", 300) + "name = 'x'" + strings.Repeat(")", 300),
			strings.Repeat("not ", 300) + "name = 'x'", strings.Repeat("(", 4000), "name = '" + strings.Repeat("x", 4096) + "'",
		} {
			want := "400 VAL-004 search:syntax"
			if len(search) > 4096 {
				want = "400 VAL-003 search:maxLength"
			}
			cases[path+" search "+startOf(search)] = badInput{method: http.MethodGet, path: path + "?search=" + url.QueryEscape(search), want: want}
		}
		own := map[bool][]string{
			true: {"name = 'x'", "id = 'x'", "labels.a = 'x'", "status.conditions.Ready = 'True'", "owner_id = 'x'", "generation = 1", "updated_time = '2025-01-01T00:00:00Z'", "observed_generation = 'x'", "conditions.Available = 'true'", "last_report_time = 'now'", "adapter = 1", "conditions.Available = 'Maybe'", "observed_generation = '+1'"},
			false: {"adapter = 'x'", "conditions.Available = 'True'", "observed_generation = 1", "last_report_time = '2025-01-01T00:00:00Z'", "generation = '1.5'", "name = 1", "created_time = 'yesterday'", "created_time = 1", "status.conditions.Ready = 'true'", "status.conditions.Ready = 1", "labels.a = 1",
				"status.conditions.Ready = 'Unknown'", "status.conditions.Dns-Successful = 'True'", "status.conditions.Ready_.reason = 'x'", "status.conditions.'Re ady' is null",
				"labels.hyperfleet.io/cluster = 'x'", "labels.a/b/c = 'x'", "labels.a- is not null", "labels.a = 'x y'", "not labels.a in ('x', '-')", "generation = '+1'"},
		}[strings.HasSuffix(path, "statuses")]
		for _, search := range append(own, "Name = 'x'", "nothing = 'x'", "status = 'x'", "href = 'x'", "labels. = 'x'", "labels = 'x'", "status.conditions. = 'True'",
			"conditions. = 'True'", "created_by.x = 'x'", "kind = 'Cluster'", "created_time in ('2025-01-01T00:00:00Z', 'x')", "not (created_time = '2025-02-30T00:00:00Z')",
			"created_time = '2025-01-01T00:00:00Z' or nothing != 'x'") {
			cases[path+" search "+search] = badInput{method: http.MethodGet, path: path + "?search=" + url.QueryEscape(search), want: "400 VAL-004 search:field"}
		}
	}
	cases["owner of clusters"] = badInput{method: http.MethodGet, path: api + "/clusters?search=" + url.QueryEscape("owner_id = 'x'"), want: "400 VAL-004 search:field"}
	newFixture(t).refuse(t, cases)
}

// TestOddQueries sends valid queries that look odd.
func TestOddQueries(t *testing.T) {
	f := newFixture(t)
	for _, path := range lists {
		for query, wantItems := range map[string]bool{
			"":                                       true,
			"page=1":                                 true,
			"page=2147483647":                        false,
			"page=2147483647&pageSize=1000":          false,
			"page=1000&pageSize=1000":                false,
			"pageSize=1":                             true,
			"pageSize=1000":                          true,
			"size=1000":                              true,
			"size=7&pageSize=7":                      true,
			"order=asc":                              true,
			"order=desc":                             true,
			"order=":                                 true,
			"order=%20":                              true,
			"order=created_time%20desc":              true,
			"order=created_time":                     true,
			"orderBy=created_time&order=":            true,
			"pageToken=":                             true,
			"pageToken=&order=asc":                   true,
			"pageToken=&orderBy=":                    true,
			"fields=":                                true,
			"fields=created_time":                    true,
			"fields=created_time,%20created_time%20": true,
			"orderBy=":                               true,
			"orderBy=created_time%20desc":            true,
			"orderBy=%20created_time,created_time%09asc%20": true,
			"search=":                   true,
			"search=%20%20":             true,
			"Page=0&PAGESIZE=x&limit=x": true,
			"a=%ff&%00=%00":             true,
			"&&&=&":                     true,
			"search=created_time%20!=%20'1999-01-01T00:00:00%2B01:00'": true,
			"search=created_time%20=%20'1999-01-01T00:00:00Z'":         false,
		} {
			t.Run(path+"?"+query, func(t *testing.T) {
				var list struct {
					Page, Size, Total int
					Items             []any
				}
				get(t, f.fill(path)+"?"+query).want(t, http.StatusOK).decode(t, &list)
				if got := len(list.Items) > 0; got != wantItems || list.Size != len(list.Items) || list.Items == nil || list.Page < 1 {
					t.Errorf("page %d, size %d, total %d, %d items", list.Page, list.Size, list.Total, len(list.Items))
				}
			})
		}
	}
}
