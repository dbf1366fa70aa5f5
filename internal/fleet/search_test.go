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
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

func TestFieldErrors(t *testing.T) {
	const clusterFields = "id, name, generation, created_by, updated_by, created_time, updated_time, deleted_time, deleted_by, labels.<key>, status.conditions.<Type>, status.conditions.<Type>.<status|reason|message|observed_generation|created_time|last_updated_time|last_transition_time>, spec.<path>"
	const poolFields = "id, name, generation, created_by, updated_by, created_time, updated_time, deleted_time, deleted_by, owner_id, spec.clusterName, labels.<key>, status.conditions.<Type>, status.conditions.<Type>.<status|reason|message|observed_generation|created_time|last_updated_time|last_transition_time>, spec.<path>"
	const reportFields = "adapter, observed_generation, created_time, last_report_time, conditions.<Type>, conditions.<Type>.<status|reason|message|last_transition_time>, data.<path>, metadata.<path>"
	const oneStatus = "the status of a condition is one of 'True', 'False', in this case and in single quotes"
	const reportStatus = "the status of a condition is one of 'True', 'False', 'Unknown', in this case and in single quotes"
	const pascalCase = "types are written in PascalCase, such as Ready, and may end in _ and the name of an adapter"
	tests := map[string]struct {
		schema Schema
		search string
		order  string
		want   FieldError
	}{
		"Unknown field":          {schema: Clusters, search: "color = 'red'", want: FieldError{"color", 0, "not a field to search by; these are: " + clusterFields}},
		"Another case":           {schema: Clusters, search: "name = 'a' and Name = 'b'", want: FieldError{"Name", 15, "not a field to search by; these are: " + clusterFields}},
		"Owner of a cluster":     {schema: Clusters, search: "owner_id = 'a'", want: FieldError{"owner_id", 0, "not a field to search by; these are: " + clusterFields}},
		"Unknown field of pools": {schema: NodePools, search: "not size = 3", want: FieldError{"size", 4, "not a field to search by; these are: " + poolFields}},
		"Id of a report":         {schema: AdapterStatuses, search: "id = 'a'", want: FieldError{"id", 0, "not a field to search by; these are: " + reportFields}},
		"Label of a report":      {schema: AdapterStatuses, search: "labels.a = 'a'", want: FieldError{"labels.a", 0, "not a field to search by; these are: " + reportFields}},
		"Status of a report":     {schema: AdapterStatuses, search: "status.conditions.Ready = 'True'", want: FieldError{"status.conditions.Ready", 0, "not a field to search by; these are: " + reportFields}},
		"Condition of a cluster": {schema: Clusters, search: "conditions.Ready = 'True'", want: FieldError{"conditions.Ready", 0, "not a field to search by; these are: " + clusterFields}},

		"Condition in lower case":        {schema: Clusters, search: "status.conditions.ready = 'True'", want: FieldError{"status.conditions.ready", 0, `no condition can have the type "ready"; ` + pascalCase}},
		"Part of a lower-case condition": {schema: NodePools, search: "not status.conditions.dns.reason = 'x'", want: FieldError{"status.conditions.dns.reason", 4, `no condition can have the type "dns"; ` + pascalCase}},

		"Number for a name":                 {schema: Clusters, search: "name = 5", want: FieldError{"name", 7, "takes a string in single quotes, as in name = '5'"}},
		"Number for a label":                {schema: Clusters, search: "labels.size in ('1', 2)", want: FieldError{"labels.size", 21, "the value of a label is a string: write '2', in single quotes"}},
		"Text for a generation":             {schema: Clusters, search: "generation = 'new'", want: FieldError{"generation", 13, "takes a whole number, as in generation = 3"}},
		"Number for a time":                 {schema: Clusters, search: "created_time = 2026", want: FieldError{"created_time", 15, "takes a date or an RFC 3339 time, as in created_time = '2026-01-31T10:00:00Z'"}},
		"Status in lower case":              {schema: Clusters, search: "status.conditions.Ready = 'true'", want: FieldError{"status.conditions.Ready", 26, oneStatus}},
		"Status of a report's":              {schema: AdapterStatuses, search: "conditions.Health in ('True', 'Yes')", want: FieldError{"conditions.Health", 30, reportStatus}},
		"Number for a status":               {schema: NodePools, search: "status.conditions.Ready = 1", want: FieldError{"status.conditions.Ready", 26, oneStatus}},
		"Garbage for a time":                {schema: Clusters, search: "created_time > 'yesterday'", want: FieldError{"created_time", 15, `"yesterday" is neither a date such as 2026-01-31 nor an RFC 3339 time such as 2026-01-31T10:00:00Z`}},
		"Garbage for a bound":               {schema: Clusters, search: "updated_time between '2026-01-01' and '2026-01-32'", want: FieldError{"updated_time", 38, `"2026-01-32" is neither a date such as 2026-01-31 nor an RFC 3339 time such as 2026-01-31T10:00:00Z`}},
		"Number for a bound":                {schema: AdapterStatuses, search: "last_report_time not between 1 and 2026-01-01", want: FieldError{"last_report_time", 29, "takes a date or an RFC 3339 time, as in last_report_time = '2026-01-31T10:00:00Z'"}},
		"Pattern for a time":                {schema: Clusters, search: "created_time like '2026%'", want: FieldError{"created_time", 18, "like compares strings, and this is a time"}},
		"Pattern for a number":              {schema: Clusters, search: "not generation ~= '1'", want: FieldError{"generation", 18, "~! compares strings, and this is a number"}},
		"Fraction for a generation":         {schema: Clusters, search: "generation >= 1.5", want: FieldError{"generation", 14, "takes a whole number, as in generation >= 3"}},
		"Too many bits":                     {schema: Clusters, search: "generation < 1e19", want: FieldError{"generation", 13, "takes a whole number, as in generation < 3"}},
		"Time for a generation":             {schema: Clusters, search: "generation = 2026-01-01", want: FieldError{"generation", 13, "takes a whole number, as in generation = 3"}},
		"Boolean for a name":                {schema: Clusters, search: "name <> true", want: FieldError{"name", 8, "takes a string in single quotes, as in name != 'true'"}},
		"Number for a pattern":              {schema: Clusters, search: "name like 5", want: FieldError{"name", 10, "takes a string in single quotes, as in name like '5'"}},
		"Number for a bound of text":        {schema: Clusters, search: "name between 'a' and 2", want: FieldError{"name", 21, "takes a string in single quotes, as in name = '2'"}},
		"Order of a status":                 {schema: Clusters, search: "status.conditions.Ready < 'True'", want: FieldError{"status.conditions.Ready", 26, "the status of a condition is compared with =, !=, in or not in, not with <"}},
		"Pattern for a status":              {schema: Clusters, search: "status.conditions.Ready.status ilike 'true'", want: FieldError{"status.conditions.Ready.status", 37, "the status of a condition is compared with =, !=, in or not in, not with ilike"}},
		"Boolean for a status":              {schema: Clusters, search: "status.conditions.Ready = true", want: FieldError{"status.conditions.Ready", 26, oneStatus}},
		"Unknown part of a condition":       {schema: Clusters, search: "status.conditions.Ready.color = 'red'", want: FieldError{"status.conditions.Ready.color", 0, "a condition has no such field; these are: status, reason, message, observed_generation, created_time, last_updated_time, last_transition_time"}},
		"Generation of a report's":          {schema: AdapterStatuses, search: "conditions.Health.observed_generation = 1", want: FieldError{"conditions.Health.observed_generation", 0, "a condition has no such field; these are: status, reason, message, last_transition_time"}},
		"Text for a condition's generation": {schema: Clusters, search: "status.conditions.Ready.observed_generation > 'x'", want: FieldError{"status.conditions.Ready.observed_generation", 46, "takes a whole number, as in status.conditions.Ready.observed_generation > 3"}},
		"Garbage for a condition's time":    {schema: Clusters, search: "status.conditions.Ready.last_updated_time > 'x'", want: FieldError{"status.conditions.Ready.last_updated_time", 44, `"x" is neither a date such as 2026-01-31 nor an RFC 3339 time such as 2026-01-31T10:00:00Z`}},
		"No condition":                      {schema: Clusters, search: "status.conditions. is null", want: FieldError{"status.conditions.", 0, "not a field to search by; these are: " + clusterFields}},
		"No regular expression":             {schema: Clusters, search: "name ~= 'a(b'", want: FieldError{"name", 8, "no regular expression in RE2 syntax: missing closing ): \"a(b\""}},
		"Look-ahead":                        {schema: Clusters, search: "name ~! '(?=a)'", want: FieldError{"name", 8, "no regular expression in RE2 syntax: invalid or unsupported Perl syntax: \"(?=\""}},
		"Pattern too long":                  {schema: Clusters, search: "name like '" + strings.Repeat("_", maxPatternLength+1) + "'", want: FieldError{"name", 10, "a pattern is at most 512 bytes long"}},
		"Pattern too large":                 {schema: Clusters, search: "labels.a ~= '(abc){500}'", want: FieldError{"labels.a", 12, "the pattern is too large: it becomes 2502 instructions, at most 500 are allowed"}},
		"Pattern that ends in a backslash":  {schema: Clusters, search: `name like 'a%\'`, want: FieldError{"name", 10, `a pattern must not end in \, which escapes the next character; write \\ for a backslash`}},
		"Spec without a path":               {schema: Clusters, search: "spec is null", want: FieldError{"spec", 0, "not a field to search by; these are: " + clusterFields}},
		"Empty key":                         {schema: Clusters, search: "spec.a..b = 1", want: FieldError{"spec.a..b", 0, "a key of the path is empty; keys stand between dots, and in single quotes where they hold a dot themselves"}},
		"Values of two types":               {schema: Clusters, search: "spec.size in (1, 2, 'x')", want: FieldError{"spec.size", 20, "the values of a comparison are all of one type: all strings, all numbers, all times or all booleans"}},
		"Bounds of two types":               {schema: Clusters, search: "spec.size between 1 and 2026-01-01", want: FieldError{"spec.size", 24, "the values of a comparison are all of one type: all strings, all numbers, all times or all booleans"}},
		"Pattern of a spec's number":        {schema: Clusters, search: "spec.size like 1", want: FieldError{"spec.size", 15, "like compares strings, and this is a number"}},
		"Pattern of a spec's time":          {schema: Clusters, search: "spec.size ~= 2026-01-01", want: FieldError{"spec.size", 13, "~= compares strings, and this is a time"}},
		"Order of booleans":                 {schema: Clusters, search: "spec.on >= true", want: FieldError{"spec.on", 11, "true and false are compared with =, !=, in or not in"}},
		"Label without a key":               {schema: Clusters, search: "labels = 'a'", want: FieldError{"labels", 0, "not a field to search by; these are: " + clusterFields}},
		"In a list of alternatives":         {schema: Clusters, search: "name = 'a' or (name = 'b' and nome = 'c')", want: FieldError{"nome", 30, "not a field to search by; these are: " + clusterFields}},

		"Order by an unknown field": {schema: Clusters, order: "color", want: FieldError{"color", -1, "not a field to order by; these are: id, name, generation, created_by, updated_by, created_time, updated_time, deleted_time, deleted_by"}},
		"Order by a label":          {schema: Clusters, order: "labels.a", want: FieldError{"labels.a", -1, "not a field to order by; these are: id, name, generation, created_by, updated_by, created_time, updated_time, deleted_time, deleted_by"}},
		"Order by the owner":        {schema: NodePools, order: "owner_id", want: FieldError{"owner_id", -1, "not a field to order by; these are: id, name, generation, created_by, updated_by, created_time, updated_time, deleted_time, deleted_by"}},
		"Order reports by id":       {schema: AdapterStatuses, order: "id", want: FieldError{"id", -1, "not a field to order by; these are: adapter, observed_generation, created_time, last_report_time"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := Query{Limit: 10}
			if tt.search != "" {
				q.Filter = parse(t, tt.search)
			}
			if tt.order != "" {
				q.OrderBy = []Order{{Field: tt.order}}
			}
			_, err := New(tt.schema).List(t.Context(), q)
			var got *FieldError
			if !errors.As(err, &got) {
				t.Fatalf("Got error %v, want a FieldError", err)
			}
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if text := tt.want.Field + ": " + tt.want.Message; err.Error() != text {
				t.Errorf("Error reads %q, want %q", err, text)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	x := New(Clusters)
	for _, row := range []*Row{
		{ID: "2a", Name: "one", Generation: 1, CreatedBy: "ann", CreatedTime: epoch, Labels: LabelsOf(map[string]string{"env": "dev", "example.com/tier": "1"}),
			JSON: []byte(`{"id":"2a","spec":{"region":"eu","size":1.5,"private":true,"net":{"pod.cidr":"10.0.0.0/8"},"zones":[{"a":1}],"expires":"2026-01-01T01:00:00Z"}}`)},
		{ID: "2b", Name: "two", Generation: 2, CreatedTime: epoch.Add(time.Second), Labels: LabelsOf(map[string]string{"env": "prod"}), DeletedTime: epoch,
			JSON: []byte(`{"spec":{"region":"us","size":10,"private":false,"net":{},"a\"b":"c\\d"}}`)},
		{ID: "2c", Name: "three", Generation: 12, CreatedBy: "it's", CreatedTime: epoch.Add(time.Second / 2), Labels: LabelsOf(map[string]string{"env": ""}), DeletedTime: epoch.AddDate(0, 0, 2),
			Conditions: ConditionsOf([]v1.ResourceCondition{{Type: "Ready", Status: "True", Reason: "Fine", Message: "All is well", ObservedGeneration: 7,
				LastTransitionTime: v1.NewTimestamp(epoch), LastUpdatedTime: v1.NewTimestamp(epoch)}}),
			JSON: []byte(`{"spec":{"region":null,"size":"3","private":"true"}}`)},
		{ID: "2d", Name: "four", Generation: 3, CreatedTime: epoch, Conditions: ConditionsOf([]v1.ResourceCondition{{Type: "ZoneReady", Status: "False"}})},
	} {
		row.Key = types.NamespacedName{Name: row.Name}
		x.Upsert(row)
	}
	tests := map[string]string{
		"labels.env is null":                 "2d",
		"labels.env is not null":             "2a 2b 2c",
		"labels.none is null":                "2a 2b 2c 2d",
		"labels.'example.com/tier' = '1'":    "2a",
		"labels.env > 'dev'":                 "2b",
		"labels.env not between 'a' and 'e'": "2b 2c",
		"labels.env like 'p%'":               "2b",
		"labels.env not like '%o%'":          "2a 2c",
		"labels.env like '_e_'":              "2a",
		"labels.env ilike 'D%'":              "2a",
		"labels.env like 'D%'":               "",
		"labels.env ~= 'd$'":                 "2b",
		"labels.env ~! 'd'":                  "2c",
		"name like 't%'":                     "2b 2c",
		"name not like 't%'":                 "2a 2d",
		"name like '%e'":                     "2a 2c",
		"name like '%o%'":                    "2a 2b 2d",
		"name like 'one'":                    "2a",
		`name like 'o\ne'`:                   "2a",
		"name < 'three'":                     "2a 2d",
		"name between 'p' and 'm'":           "",
		"id like '2%' and id ~= '[ad]'":      "2a 2d",
		"id >= '2b' and id < '2d'":           "2b 2c",
		"created_by like 'i_''s'":            "2c",
		"created_by not like 'a%'":           "2c",
		"created_by < 'b'":                   "2a",
		"created_by not between 'b' and 'c'": "2a 2c",
		"created_by is null":                 "2b 2d",
		"generation > 2":                     "2c 2d",
		"generation <= '2'":                  "2a 2b",
		"generation between 2 and 3":         "2b 2d",
		"not generation between 2 and 3":     "2a 2c",
		"generation < 0.01k":                 "2a 2b 2d",
		"generation is null":                 "",
		"created_time > '2026-01-01'":        "2b 2c",
		"created_time >= 2026-01-01 and created_time < 2026-01-01T00:00:01Z": "2a 2c 2d",
		"created_time = '2026-01-01'":                                        "2a 2d",
		"created_time not between 2026-01-01 and 2026-01-01T00:00:00.6Z":     "2b",
		"created_time is not null":                                           "2a 2b 2c 2d",
		"deleted_time is not null":                                           "2b 2c",
		"deleted_time is null":                                               "2a 2d",
		"deleted_time > '2026-01-02'":                                        "2c",
		"deleted_time != '2026-01-03'":                                       "2b",
		"deleted_time in (2026-01-03, 2026-01-04)":                           "2c",
		"status.conditions.Ready is null":                                    "2a 2b 2d",
		"status.conditions.Ready.status = 'True'":                            "2c",
		"status.conditions.Ready.reason = 'Fine'":                            "2c",
		"status.conditions.Ready.reason != 'Fine'":                           "",
		"status.conditions.ZoneReady.reason is null":                         "2a 2b 2c 2d",
		"status.conditions.Ready.message ~= '(?i)WELL'":                      "2c",
		"status.conditions.Ready.message is not null":                        "2c",
		"status.conditions.Ready.observed_generation >= 7":                   "2c",
		"status.conditions.Ready.last_updated_time > '2026-01-01'":           "",
		"status.conditions.Ready.last_transition_time < '2026-01-02'":        "2c",
		"status.conditions.Ready.created_time is null":                       "2a 2b 2c 2d",
		"spec.region = 'eu'":                                                 "2a",
		"spec.region != 'eu'":                                                "2b",
		"spec.region like 'u%'":                                              "2b",
		"spec.size > 2":                                                      "2b",
		"spec.size > '2'":                                                    "2c",
		"spec.size between 1 and 1Ki":                                        "2a 2b",
		"spec.size != 1.5":                                                   "2b",
		"spec.size = 1.5":                                                    "2a",
		"spec.size in (10, 11)":                                              "2b",
		"spec.private = true":                                                "2a",
		"spec.private != true":                                               "2b",
		"spec.private = 'true'":                                              "2c",
		"spec.private is null":                                               "2d",
		"spec.net.'pod.cidr' = '10.0.0.0/8'":                                 "2a",
		"spec.net.pod.cidr is not null":                                      "",
		"spec.net is not null":                                               "2a 2b",
		"spec.net = 'x'":                                                     "",
		"spec.zones is not null":                                             "2a",
		"spec.zones.a is not null":                                           "",
		"spec.expires > 2026-01-01":                                          "2a",
		"spec.expires <= 2026-01-01":                                         "",
		"spec.expires like '2%'":                                             "2a",
		"spec.'a\"b' = 'c\\d'":                                               "2b",
		"spec.region = 'eu' or name = 'three' or generation = 3":             "2a 2c 2d",
		"not (spec.region = 'eu' or name = 'three')":                         "2b",
		"spec.size > 0 and (spec.region = 'us' or labels.env = 'dev') and name > 'n'": "2a 2b",
		"labels.env = 'dev'":                                  "2a",
		"labels.env != 'dev'":                                 "2b 2c",
		"not labels.env = 'dev'":                              "2b 2c",
		"labels.env = ''":                                     "2c",
		"labels.env not in ('dev', 'prod')":                   "2c",
		"labels.env in ('dev', 'none')":                       "2a",
		"labels.none != 'a'":                                  "",
		"not (labels.none = 'a' or name = 'one')":             "",
		"not (labels.none = 'a' and name = 'one')":            "2b 2c 2d",
		"labels.example.com/tier = '1'":                       "2a",
		"id = '2c' or id = 'none'":                            "2c",
		"id != '2c'":                                          "2a 2b 2d",
		"generation = 2":                                      "2b",
		"generation = '12'":                                   "2c",
		"generation = '012'":                                  "2c",
		"generation != 2":                                     "2a 2c 2d",
		"created_by != 'ann'":                                 "2c",
		"created_by = 'it''s'":                                "2c",
		"created_by = ''":                                     "",
		"created_time = '2026-01-01T00:00:00Z'":               "2a 2d",
		"created_time = '2026-01-01T01:00:00+01:00'":          "2a 2d",
		"created_time = '2026-01-01T00:00:00.5Z'":             "2c",
		"created_time != '2026-01-01T00:00:00Z'":              "2b 2c",
		"created_time = '1999-01-01T00:00:00Z'":               "",
		"status.conditions.Ready != 'True'":                   "",
		"status.conditions.ZoneReady != 'True'":               "2d",
		"labels.env = 'dev' and name = 'one'":                 "2a",
		"labels.env = 'dev' and name = 'two'":                 "",
		"labels.env = 'dev' or name = 'two' or name = 'four'": "2a 2b 2d",
	}
	for _, fewValues := range []int{x.limits.fewValues, 0} { // first by the values of columns, then by views and rows
		x.limits.fewValues = fewValues
		for search, want := range tests {
			page, err := x.List(t.Context(), Query{Filter: parse(t, search), OrderBy: []Order{{Field: "id"}}, Limit: 10})
			if err != nil {
				t.Errorf("%s: %v", search, err)
				continue
			}
			if got := ids(page); got != want || page.Total != len(page.Rows) {
				t.Errorf("%s: got %q of %d, want %q; at most %d values", search, got, page.Total, want, fewValues)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	x := New(Clusters)
	for _, row := range []*Row{
		{ID: "2a", Name: "x", Generation: 2, CreatedTime: epoch},
		{ID: "2b", Name: "y", Generation: 2, CreatedTime: epoch.Add(time.Hour)},
		{ID: "2c", Name: "z", Generation: 10, CreatedTime: epoch},
		{ID: "2d", Name: "w", Generation: 1, CreatedTime: epoch.Add(time.Minute)},
	} {
		row.Key = types.NamespacedName{Name: row.Name}
		x.Upsert(row)
	}
	asc := func(field string) Order { return Order{Field: field} }
	desc := func(field string) Order { return Order{Field: field, Descending: true} }
	tests := map[string]struct {
		order         []Order
		offset, limit int
		want          string
	}{
		"Newest first, ties by id descending":     {limit: 9, want: "2b 2d 2c 2a"},
		"Ascending, ties by id ascending":         {order: []Order{asc("created_time")}, limit: 9, want: "2a 2c 2d 2b"},
		"Numbers as numbers":                      {order: []Order{asc("generation")}, limit: 9, want: "2d 2a 2b 2c"},
		"Two fields, ties in the second's way":    {order: []Order{asc("generation"), desc("created_time")}, limit: 9, want: "2d 2b 2a 2c"},
		"Ties of both":                            {order: []Order{asc("created_time"), desc("updated_time")}, limit: 9, want: "2c 2a 2d 2b"},
		"Id in another direction than the field":  {order: []Order{desc("created_time"), asc("id")}, limit: 9, want: "2b 2d 2a 2c"},
		"What follows id decides nothing":         {order: []Order{desc("id"), asc("name")}, limit: 9, want: "2d 2c 2b 2a"},
		"The same field twice":                    {order: []Order{asc("name"), desc("name")}, limit: 9, want: "2d 2a 2b 2c"},
		"First page":                              {order: []Order{asc("name")}, limit: 2, want: "2d 2a"},
		"Second page":                             {order: []Order{asc("name")}, offset: 2, limit: 2, want: "2b 2c"},
		"Page that is not full":                   {order: []Order{asc("name")}, offset: 3, limit: 2, want: "2c"},
		"Behind the last page":                    {order: []Order{asc("name")}, offset: 4, limit: 2},
		"Far behind the last page":                {order: []Order{asc("name")}, offset: 1 << 62, limit: 1 << 62},
		"No rows wanted":                          {order: []Order{asc("name")}},
		"Negative numbers count as 0":             {order: []Order{asc("name")}, offset: -5, limit: 1, want: "2d"},
		"Negative limit":                          {order: []Order{asc("name")}, limit: -1},
		"Largest limit":                           {order: []Order{asc("name")}, offset: 2, limit: 1<<63 - 1, want: "2b 2c"},
		"Several fields, page from the far end":   {order: []Order{asc("generation"), asc("name")}, offset: 3, limit: 1, want: "2c"},
		"Several fields, page from the near end":  {order: []Order{asc("generation"), asc("name")}, offset: 1, limit: 1, want: "2a"},
		"Several fields, descending, middle page": {order: []Order{desc("generation"), desc("name")}, offset: 1, limit: 2, want: "2b 2a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, search := range []string{"", "labels.a = 'x' or not generation = 0"} { // both match all rows
				q := Query{OrderBy: tt.order, Offset: tt.offset, Limit: tt.limit}
				if search != "" {
					q.Filter = parse(t, search)
				}
				page, err := x.List(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if got := ids(page); got != tt.want || page.Total != 4 {
					t.Errorf("Search %q: got %q of %d, want %q of 4", search, got, page.Total, tt.want)
				}
			}
		})
	}
}

// TestSequenceBreaksTies lists rows of one creation time, with and without a sequence, in
// orders in which created_time is the last field and in other orders.
func TestSequenceBreaksTies(t *testing.T) {
	x := New(Clusters)
	for _, row := range []*Row{
		{ID: "2a", Name: "x", Sequence: 12, CreatedTime: epoch},
		{ID: "2b", Name: "x", Sequence: 3, CreatedTime: epoch},
		{ID: "2c", Name: "y", CreatedTime: epoch},
		{ID: "2d", Name: "y", CreatedTime: epoch},
		{ID: "2e", Name: "y", Sequence: 3, CreatedTime: epoch},
		{ID: "2f", Name: "x", Sequence: 1, CreatedTime: epoch.Add(time.Second)},
	} {
		row.Key = types.NamespacedName{Name: row.ID}
		unknown := *row
		unknown.Sequence = 0
		x.Upsert(&unknown) // a process may learn the sequence after the row
		x.Upsert(row)
	}
	tests := map[string]string{
		"":                          "2f 2a 2e 2b 2d 2c",
		"created_time desc":         "2f 2a 2e 2b 2d 2c",
		"created_time":              "2c 2d 2b 2e 2a 2f",
		"name, created_time":        "2b 2a 2f 2c 2d 2e",
		"name, created_time desc":   "2f 2a 2b 2e 2d 2c",
		"created_time, name":        "2a 2b 2c 2d 2e 2f",
		"created_time, id":          "2a 2b 2c 2d 2e 2f",
		"created_time, name desc":   "2e 2d 2c 2b 2a 2f",
		"created_time desc, id asc": "2f 2a 2b 2c 2d 2e",
	}
	check := func(when string) {
		t.Helper()
		for order, want := range tests {
			orderBy, err := ParseOrders(order, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, search := range []string{"generation = 0", "generation = 0 or labels.a = 'x'"} {
				page, err := x.List(t.Context(), Query{Filter: parse(t, search), OrderBy: orderBy, Limit: 10})
				if err != nil {
					t.Fatal(err)
				}
				if got := ids(page); got != want {
					t.Errorf("%s: order %q: got %q, want %q", when, order, got, want)
				}
			}
		}
	}
	for range 4 { // standing searches answer the last requests
		check("Known after a while")
	}
	x.swap(x.renumbered())
	check("Renumbered")
}

func ids(page Page) string {
	var all []string
	for _, row := range page.Rows {
		all = append(all, row.ID)
	}
	return strings.Join(all, " ")
}

func parse(t testing.TB, search string) tsl.Expr {
	t.Helper()
	filter, err := tsl.Parse(search)
	if err != nil {
		t.Fatalf("Parse(%s): %v", search, err)
	}
	return filter
}
