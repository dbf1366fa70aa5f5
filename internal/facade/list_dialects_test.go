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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// The newer dialect orders by one parameter.
func TestOrderOfNewerDialect(t *testing.T) {
	names, search := fleet(t, "", "", "")
	up, down := names, slices.Clone(names)
	slices.Reverse(down)
	byID := namesOf(t, getPage(t, api+"/clusters", "search", search, "orderBy", "id"))
	tests := map[string]struct {
		parameters []string
		want       []string
	}{
		"field":                {[]string{"order", "name"}, up},
		"field asc":            {[]string{"order", "name asc"}, up},
		"field desc":           {[]string{"order", "name desc"}, down},
		"kind is of all":       {[]string{"order", "kind asc,name desc"}, down},
		"kind only":            {[]string{"order", "kind"}, byID},
		"href":                 {[]string{"order", "href"}, byID},
		"href by orderBy":      {[]string{"orderBy", "href asc"}, byID},
		"all of them":          {[]string{"order", "kind,deleted_time,deleted_by,created_by,generation,updated_by,name desc,id,created_time,updated_time,href"}, down},
		"empty":                {[]string{"order", "", "orderBy", "name"}, up},
		"direction of orderBy": {[]string{"order", "desc", "orderBy", "kind,name"}, down},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, namesOf(t, getPage(t, api+"/clusters", append(tt.parameters, "search", search)...))); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

// Resources that are being deleted come last in ascending order.
func TestOrderByDeletion(t *testing.T) {
	names, search := fleet(t, "", "", "")
	hold(t, &v1.Cluster{}, names[0], true)
	defer hold(t, &v1.Cluster{}, names[0], false)
	var found struct{ Items []struct{ Href string } }
	get(t, query(api+"/clusters", "search", "name='"+names[0]+"'")).decode(t, &found)
	remove(t, found.Items[0].Href).want(t, http.StatusAccepted)
	for _, field := range []string{"deleted_time", "deleted_by"} {
		if got := namesOf(t, getPage(t, api+"/clusters", "search", search, "order", field+" asc")); got[2] != names[0] {
			t.Errorf("by %s asc: %v, want %s last", field, got, names[0])
		}
		if got := namesOf(t, getPage(t, api+"/clusters", "search", search, "order", field+" desc")); got[0] != names[0] {
			t.Errorf("by %s desc: %v, want %s first", field, got, names[0])
		}
	}
}

func TestFields(t *testing.T) {
	cluster := newCluster(t, fmt.Sprintf(`{"name":%q,"spec":{"id":"x","name":"}]\"","a":[{"b":"{"}]},"labels":{"generation":"1"}}`, uniqueName(t)))
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	search := "name='" + cluster.Name + "'"
	for fields, want := range map[string]string{
		"id":               `{"id":"` + cluster.ID + `"}`,
		"name":             `{"id":"` + cluster.ID + `","name":"` + cluster.Name + `"}`,
		"labels, id ,name": `{"id":"` + cluster.ID + `","name":"` + cluster.Name + `","labels":{"generation":"1"}}`,
		"spec,generation":  `{"id":"` + cluster.ID + `","generation":1,"spec":{"id":"x","name":"}]\"","a":[{"b":"{"}]}}`,
		"deleted_time":     `{"id":"` + cluster.ID + `"}`,
	} {
		a := get(t, query(api+"/clusters", "search", search, "fields", fields)).want(t, http.StatusOK)
		var list page
		a.decode(t, &list)
		if len(list.Items) != 1 {
			t.Fatalf("fields=%s: %s", fields, a.body)
		}
		equalJSON(t, list.Items[0], want)
		if again := get(t, query(api+"/clusters", "search", search, "fields", fields)); again.header.Get("ETag") != a.header.Get("ETag") {
			t.Errorf("fields=%s: the ETag of the same list differs", fields)
		}
	}
	reports := getPage(t, cluster.Href+"/statuses", "fields", "observed_generation")
	equalJSON(t, reports.Items[0], `{"adapter":"dns","observed_generation":1}`)
	var all struct{ Items []map[string]json.RawMessage }
	get(t, query(api+"/clusters", "search", search, "fields", "status")).decode(t, &all)
	if len(all.Items[0]) != 2 || all.Items[0]["status"] == nil {
		t.Errorf("fields=status: %v", all.Items[0])
	}
}

// Pages by tokens neither skip nor repeat, whatever is created and deleted in between.
func TestPageTokens(t *testing.T) {
	names, search := fleet(t, make([]string, 9)...)
	for _, order := range []string{"", "asc"} {
		var got []string
		token := ""
		for {
			var list struct {
				page
				NextPageToken string `json:"nextPageToken"`
			}
			get(t, query(api+"/clusters", "search", search, "pageSize", "2", "pageToken", token, "order", order)).want(t, http.StatusOK).decode(t, &list)
			got = append(got, namesOf(t, list.page)...)
			if token = list.NextPageToken; token == "" {
				break
			}
			if len(list.Items) != 2 || list.Page != 1 {
				t.Errorf("%d items, page %d", len(list.Items), list.Page)
			}
			// The last row of the page is deleted, so the rows after it move.
			var last struct{ Href string }
			if err := json.Unmarshal(list.Items[1], &last); err != nil {
				t.Fatal(err)
			}
			if order == "" && strings.HasSuffix(got[len(got)-1], "5") {
				remove(t, last.Href).want(t, http.StatusAccepted)
				post(t, last.Href+"/force-delete", `{"reason":"the pages must not shift"}`).want(t, http.StatusNoContent)
			}
		}
		want := slices.Clone(names)
		if order == "" {
			slices.Reverse(want)
		} else {
			want = slices.DeleteFunc(want, func(name string) bool { return strings.HasSuffix(name, "-5") })
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("order=%s: pages by tokens (-want +got):\n%s", order, diff)
		}
	}
	if a := get(t, query(api+"/clusters", "search", search)); strings.Contains(string(a.body), "nextPageToken") {
		t.Error("a list has a nextPageToken that was not asked for")
	}
}

// Users are e-mail addresses over REST, and searches find them by either name.
func TestIdentitiesOverREST(t *testing.T) {
	editor := newCaller(t, "hyperfleet-editor")
	var cluster struct {
		ID        string
		CreatedBy string `json:"created_by"`
		UpdatedBy string `json:"updated_by"`
	}
	name := uniqueName(t)
	editor.post(t, api+"/clusters", fmt.Sprintf(`{"name":%q,"spec":{}}`, name)).want(t, http.StatusCreated).decode(t, &cluster)
	account := strings.TrimPrefix(editor.name, "system:serviceaccount:default:")
	want := account + "@default.serviceaccount." + identityDomain
	if cluster.CreatedBy != want || cluster.UpdatedBy != want {
		t.Errorf("created by %s, updated by %s, want %s", cluster.CreatedBy, cluster.UpdatedBy, want)
	}
	eventually(t, "cluster is found", func() bool { return getPage(t, api+"/clusters", "search", "name='"+name+"'").Total == 1 })
	for _, user := range []string{want, editor.name} {
		for search, total := range map[string]int{"created_by='%s'": 1, "updated_by in ('x','%s')": 1, "not created_by='%s'": 0, "created_by!='%s'": 0} {
			if got := getPage(t, api+"/clusters", "search", "name='"+name+"' and "+fmt.Sprintf(search, user)).Total; got != total {
				t.Errorf("search %s of %s found %d, want %d", search, user, got, total)
			}
		}
	}
}
