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
	const clusterFields = "id, name, generation, created_by, updated_by, created_time, updated_time, labels.<key>, status.conditions.<Type>"
	const poolFields = "id, name, generation, created_by, updated_by, created_time, updated_time, owner_id, labels.<key>, status.conditions.<Type>"
	const reportFields = "adapter, observed_generation, created_time, last_report_time, conditions.<Type>"
	const oneStatus = "the status of a condition is 'True', 'False' or 'Unknown', in this case and in single quotes"
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

		"Number for a name":         {schema: Clusters, search: "name = 5", want: FieldError{"name", 7, "takes a text in single quotes, as in name = '5'"}},
		"Number for a label":        {schema: Clusters, search: "labels.size in ('1', 2)", want: FieldError{"labels.size", 21, "takes a text in single quotes, as in labels.size = '2'"}},
		"Text for a generation":     {schema: Clusters, search: "generation = 'new'", want: FieldError{"generation", 13, "takes a whole number, as in generation = 3"}},
		"Number for a time":         {schema: Clusters, search: "created_time = 2026", want: FieldError{"created_time", 15, "takes an RFC 3339 time in single quotes, as in created_time = '2026-01-31T10:00:00Z'"}},
		"Date for a time":           {schema: AdapterStatuses, search: "last_report_time != '2026-01-31'", want: FieldError{"last_report_time", 20, "takes an RFC 3339 time in single quotes, as in last_report_time = '2026-01-31T10:00:00Z'"}},
		"Status in lower case":      {schema: Clusters, search: "status.conditions.Ready = 'true'", want: FieldError{"status.conditions.Ready", 26, oneStatus}},
		"Status of a report's":      {schema: AdapterStatuses, search: "conditions.Health in ('True', 'Yes')", want: FieldError{"conditions.Health", 30, oneStatus}},
		"Number for a status":       {schema: NodePools, search: "status.conditions.Ready = 1", want: FieldError{"status.conditions.Ready", 26, oneStatus}},
		"Reason of a condition":     {schema: Clusters, search: "status.conditions.Ready.reason = 'True'", want: FieldError{"status.conditions.Ready.reason", 0, "not a field to search by: a condition is searched by its status, as in status.conditions.Ready = 'True'"}},
		"Reason of a report's":      {schema: AdapterStatuses, search: "conditions.Health.reason = 'Broken'", want: FieldError{"conditions.Health.reason", 0, "not a field to search by: a condition is searched by its status, as in conditions.Ready = 'True'"}},
		"Label without a key":       {schema: Clusters, search: "labels = 'a'", want: FieldError{"labels", 0, "not a field to search by; these are: " + clusterFields}},
		"In a list of alternatives": {schema: Clusters, search: "name = 'a' or (name = 'b' and nome = 'c')", want: FieldError{"nome", 30, "not a field to search by; these are: " + clusterFields}},

		"Order by an unknown field": {schema: Clusters, order: "color", want: FieldError{"color", -1, "not a field to order by; these are: id, name, generation, created_by, updated_by, created_time, updated_time"}},
		"Order by a label":          {schema: Clusters, order: "labels.a", want: FieldError{"labels.a", -1, "not a field to order by; these are: id, name, generation, created_by, updated_by, created_time, updated_time"}},
		"Order by the owner":        {schema: NodePools, order: "owner_id", want: FieldError{"owner_id", -1, "not a field to order by; these are: id, name, generation, created_by, updated_by, created_time, updated_time"}},
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
			_, err := New(tt.schema).List(q)
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
		{ID: "2a", Name: "one", Generation: 1, CreatedBy: "ann", CreatedTime: epoch, Labels: map[string]string{"env": "dev", "example.com/tier": "1"}},
		{ID: "2b", Name: "two", Generation: 2, CreatedTime: epoch.Add(time.Second), Labels: map[string]string{"env": "prod"}},
		{ID: "2c", Name: "three", Generation: 12, CreatedBy: "it's", CreatedTime: epoch.Add(time.Second / 2), Labels: map[string]string{"env": ""}},
		{ID: "2d", Name: "four", Generation: 3, CreatedTime: epoch, Conditions: []v1.ResourceCondition{{Type: "Zone.Ready", Status: "False"}}},
	} {
		row.Key = types.NamespacedName{Name: row.Name}
		x.Upsert(row)
	}
	tests := map[string]string{
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
		"status.conditions.Zone.Ready != 'True'":              "2d",
		"labels.env = 'dev' and name = 'one'":                 "2a",
		"labels.env = 'dev' and name = 'two'":                 "",
		"labels.env = 'dev' or name = 'two' or name = 'four'": "2a 2b 2d",
	}
	for search, want := range tests {
		page, err := x.List(Query{Filter: parse(t, search), OrderBy: []Order{{Field: "id"}}, Limit: 10})
		if err != nil {
			t.Errorf("%s: %v", search, err)
			continue
		}
		if got := ids(page); got != want || page.Total != len(page.Rows) {
			t.Errorf("%s: got %q of %d, want %q", search, got, page.Total, want)
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
			for _, search := range []string{"", "labels.a = 'x' or not generation = 0"} { // with all rows, both ways
				q := Query{OrderBy: tt.order, Offset: tt.offset, Limit: tt.limit}
				if search != "" {
					q.Filter = parse(t, search)
				}
				page, err := x.List(q)
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
