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
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// page is the part of any list that does not depend on its items.
type page struct {
	Kind  string            `json:"kind"`
	Page  int               `json:"page"`
	Size  int               `json:"size"`
	Total int               `json:"total"`
	Items []json.RawMessage `json:"items"`
}

func getPage(t *testing.T, path string, parameters ...string) page {
	t.Helper()
	var p page
	get(t, query(path, parameters...)).want(t, http.StatusOK).decode(t, &p)
	if p.Size != len(p.Items) {
		t.Errorf("size %d of %d items", p.Size, len(p.Items))
	}
	return p
}

func namesOf(t *testing.T, p page) []string {
	t.Helper()
	result := []string{}
	for _, item := range p.Items {
		var named struct{ Name, Adapter string }
		if err := json.Unmarshal(item, &named); err != nil {
			t.Fatal(err)
		}
		result = append(result, named.Name+named.Adapter)
	}
	return result
}

// fleet creates clusters that share a label, and returns their names in the order of
// their creation and a search that finds only them.
func fleet(t *testing.T, labels ...string) (names []string, search string) {
	t.Helper()
	mark := uniqueName(t)
	for i, label := range labels {
		name := fmt.Sprintf("%s-%d", mark, i)
		if label != "" {
			label = "," + label
		}
		newCluster(t, fmt.Sprintf(`{"spec":{},"name":%q,"labels":{"fleet":%q%s}}`, name, mark, label))
		names = append(names, name)
	}
	return names, fmt.Sprintf("labels.fleet='%s'", mark)
}

func TestPaging(t *testing.T) {
	names, search := fleet(t, make([]string, 25)...)
	if p := getPage(t, api+"/clusters", "search", search); p.Kind != "ClusterList" || p.Page != 1 || p.Size != 20 || p.Total != 25 {
		t.Errorf("page without parameters: kind %s page %d size %d total %d", p.Kind, p.Page, p.Size, p.Total)
	}
	for _, parameter := range []string{"pageSize", "size"} {
		var got []string
		for number := 1; number <= 4; number++ {
			p := getPage(t, api+"/clusters", "search", search, parameter, "7", "page", strconv.Itoa(number), "orderBy", "name")
			if p.Page != number || p.Total != 25 {
				t.Errorf("page %d: page %d total %d", number, p.Page, p.Total)
			}
			got = append(got, namesOf(t, p)...)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(names)), got); diff != "" {
			t.Errorf("pages by %s (-want +got):\n%s", parameter, diff)
		}
	}
	if p := getPage(t, api+"/clusters", "search", search, "page", "2147483647", "pageSize", "1000"); p.Total != 25 || p.Size != 0 {
		t.Errorf("a page beyond the end: %+v", p)
	}
}

func TestOrder(t *testing.T) {
	names, search := fleet(t, "", "", "")
	up, down := names, slices.Clone(names)
	slices.Reverse(down)
	tests := map[string]struct {
		parameters []string
		want       []string
	}{
		"by name is ascending":            {[]string{"orderBy", "name"}, up},
		"by name, order desc":             {[]string{"orderBy", "name", "order", "desc"}, down},
		"by name desc in orderBy":         {[]string{"orderBy", "name desc"}, down},
		"own direction goes first":        {[]string{"orderBy", "name asc", "order", "desc"}, up},
		"several":                         {[]string{"orderBy", "generation desc, name desc"}, down},
		"several, order for the rest":     {[]string{"orderBy", "created_by,name", "order", "desc"}, down},
		"ties are broken by what follows": {[]string{"orderBy", "updated_by asc,created_by desc,name asc"}, up},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := namesOf(t, getPage(t, api+"/clusters", append(test.parameters, "search", search)...))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
	for _, field := range []string{"id", "created_time", "updated_time", "generation", "created_by", "updated_by"} {
		ascending := namesOf(t, getPage(t, api+"/clusters", "search", search, "orderBy", field))
		descending := namesOf(t, getPage(t, api+"/clusters", "search", search, "orderBy", field, "order", "desc"))
		slices.Reverse(descending)
		if diff := cmp.Diff(ascending, descending); diff != "" {
			t.Errorf("orders by %s are not each other's reverse (-asc +desc):\n%s", field, diff)
		}
	}
	// Without orderBy the newest comes first, and order alone applies to created_time.
	newest := namesOf(t, getPage(t, api+"/clusters", "search", search))
	if diff := cmp.Diff(newest, namesOf(t, getPage(t, api+"/clusters", "search", search, "orderBy", "created_time desc"))); diff != "" {
		t.Errorf("default order (-default +created_time desc):\n%s", diff)
	}
	oldest := namesOf(t, getPage(t, api+"/clusters", "search", search, "order", "asc"))
	slices.Reverse(oldest)
	if diff := cmp.Diff(newest, oldest); diff != "" {
		t.Errorf("order=asc is not the reverse of the default (-default +reverse):\n%s", diff)
	}
}

func TestSearch(t *testing.T) {
	names, fleetSearch := fleet(t,
		`"environment":"dev","tier":"one"`,
		`"environment":"staging","team.example.com/name":"it-s"`,
		`"environment":"production","my-key":"a_b.c"`,
		``)
	dev, staging, production, bare := names[0], names[1], names[2], names[3]
	var devCluster rest.Cluster
	if err := json.Unmarshal(getPage(t, api+"/clusters", "search", "name='"+dev+"'").Items[0], &devCluster); err != nil {
		t.Fatal(err)
	}
	post(t, devCluster.Href+"/statuses", reportBody("validator", 1, noon, "True")).want(t, http.StatusCreated)
	post(t, devCluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	tests := map[string][]string{
		"labels.environment='dev'":                                   {dev},
		"labels.environment='dev' or labels.environment='staging'":   {dev, staging},
		"labels.environment in ('dev','production')":                 {dev, production},
		"labels.environment IN ['dev']":                              {dev},
		"labels.environment not in ('dev','production')":             {staging},
		"labels.environment != 'dev'":                                {staging, production},
		"not labels.environment = 'dev'":                             {staging, production},
		"not (labels.environment = 'dev' or labels.tier = 'one')":    {},
		"labels.environment = 'dev' or not labels.environment='dev'": {dev, staging, production},
		"labels.team.example.com/name = 'it-s'":                      {staging},
		"labels.my-key='a_b.c'":                                      {production},
		"status.conditions.Ready='True'":                             {dev},
		"status.conditions.Ready='False'":                            {staging, production, bare},
		"status.conditions.DnsSuccessful != 'False'":                 {dev},
		"status.conditions.Available='True' and labels.tier='one'":   {dev},
		"name = '" + bare + "'":                                      {bare},
		"id = '" + devCluster.ID + "'":                               {dev},
		"generation = 1":                                             names,
		"created_by = '" + devUser + "'":                             names,
		"updated_by != '" + devUser + "'":                            {},
		"created_time = '" + devCluster.CreatedTime.Format("2006-01-02T15:04:05Z") + "' and name='" + dev + "'": {dev},
		"name = 'it''s'": {},
		strings.Repeat("(", 100) + "name='" + bare + "'" + strings.Repeat(")", 100): {bare},
	}
	for search, want := range tests {
		t.Run(search, func(t *testing.T) {
			p := getPage(t, api+"/clusters", "orderBy", "name", "search", fleetSearch+" and ("+search+")")
			if diff := cmp.Diff(want, namesOf(t, p)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if p.Total != len(want) {
				t.Errorf("total %d, want %d", p.Total, len(want))
			}
		})
	}
}

func TestListOfStatuses(t *testing.T) {
	cluster := newCluster(t, "")
	other := newCluster(t, "")
	for _, adapter := range []string{"validator", "dns", "hypershift"} {
		post(t, cluster.Href+"/statuses", reportBody(adapter, 1, noon, "True")).want(t, http.StatusCreated)
	}
	post(t, other.Href+"/statuses", reportBody("dns", 1, noon, "False")).want(t, http.StatusCreated)
	tests := map[string]struct {
		parameters []string
		want       []string
	}{
		"by adapter":       {[]string{"orderBy", "adapter"}, []string{"dns", "hypershift", "validator"}},
		"second page":      {[]string{"orderBy", "adapter", "pageSize", "2", "page", "2"}, []string{"validator"}},
		"search":           {[]string{"search", "adapter='dns'"}, []string{"dns"}},
		"search in":        {[]string{"search", "adapter in ('dns','validator')", "orderBy", "adapter desc"}, []string{"validator", "dns"}},
		"search, no match": {[]string{"search", "adapter='none'"}, []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := namesOf(t, getPage(t, cluster.Href+"/statuses", test.parameters...))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("adapters (-want +got):\n%s", diff)
			}
		})
	}
	if p := getPage(t, other.Href+"/statuses"); p.Kind != "AdapterStatusList" || p.Total != 1 {
		t.Errorf("statuses of the other cluster: %+v", p)
	}
}
