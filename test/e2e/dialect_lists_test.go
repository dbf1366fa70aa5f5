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

package e2e

import (
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// list returns a list of clusters, with query parameters as names and values.
func (f *fleet) list(t *testing.T, parameters ...string) object {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	return f.want(t, http.StatusOK, http.MethodGet, api+"/clusters?"+values.Encode(), "")
}

func names(list object) (found []string) {
	for _, item := range list["items"].([]any) {
		found = append(found, fmt.Sprint(item.(object)["name"]))
	}
	return found
}

func pages(t *testing.T, f *fleet) {
	const count, search = 23, "labels.list='pages'"
	for i := range count {
		f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", fmt.Sprintf(`{"name":"page-%02d","spec":{},"labels":{"list":"pages"}}`, i))
	}
	for name, test := range map[string]struct {
		parameters  []string
		page, items float64
	}{
		"the default":         {nil, 1, 20},
		"the rest":            {[]string{"page", "2"}, 2, 3},
		"a size":              {[]string{"size", "5", "page", "3"}, 3, 5},
		"the first contract":  {[]string{"pageSize", "7", "page", "4"}, 4, 2},
		"beyond the end":      {[]string{"size", "10", "page", "4"}, 4, 0},
		"the largest of each": {[]string{"size", "100"}, 1, count},
	} {
		list := f.list(t, append(test.parameters, "search", search)...)
		if items := list["items"].([]any); list["total"] != float64(count) || list["page"] != test.page || float64(len(items)) != test.items || list["size"] != test.items {
			t.Errorf("%s: page %v, size %v, total %v, %d items", name, list["page"], list["size"], list["total"], len(items))
		}
	}
	for _, bad := range []string{"page=0", "size=0", "size=x", "page=x"} {
		f.wantCode(t, "400 HYPERFLEET-VAL-003", http.MethodGet, api+"/clusters?"+bad, "")
	}
	// A client that does not page is logged once.
	for range 2 {
		f.send(t, http.MethodGet, api+"/clusters", "", "User-Agent", "never-pages/1.0")
	}
	log, err := os.ReadFile(filepath.Join(f.dir, "log", "manager.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "never-pages/1.0"); n != 1 {
		t.Errorf("the client that does not page is in %d lines of the log, want 1", n)
	}
}

func orders(t *testing.T, f *fleet) {
	up := []string{"order-b", "order-a", "order-d", "order-c"} // as they are created, most within one second
	for _, name := range up {
		f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"`+name+`","spec":{},"labels":{"list":"orders"}}`)
	}
	down := slices.Clone(up)
	slices.Reverse(down)
	byName := slices.Sorted(slices.Values(up))
	reversed := slices.Clone(byName)
	slices.Reverse(reversed)
	for query, want := range map[string][]string{
		"": down, "order=": down, "order=desc": down, "order=asc": up,
		"order=name": byName, "order=name desc": reversed, "order=kind asc,name desc": reversed,
		"orderBy=name": byName, "orderBy=name&order=desc": reversed, "orderBy=name desc": reversed,
		"order=created_by,updated_by,deleted_time,deleted_by,name": byName,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		values.Set("search", "labels.list='orders'")
		got := names(f.want(t, http.StatusOK, http.MethodGet, api+"/clusters?"+values.Encode(), ""))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	ids := func(order string) (found []string) {
		for _, item := range f.list(t, "search", "labels.list='orders'", "order", order)["items"].([]any) {
			found = append(found, item.(object)["id"].(string))
		}
		return found
	}
	if byID, byHref := ids("id"), ids("href"); !slices.IsSorted(byID) || !slices.Equal(byID, byHref) {
		t.Errorf("by id %v, by href %v", byID, byHref)
	}
	for _, bad := range []string{"sideways", "name sideways", "nothing desc", "name,,id"} {
		f.wantCode(t, "400 HYPERFLEET-VAL-003", http.MethodGet, api+"/clusters?order="+url.QueryEscape(bad), "")
	}
	// Objects of one second are in the order of their creation at the API server, too.
	eventually(t, "each has a sequence", func() bool {
		return strings.Count(f.kubectl(t, "", "get", "hfc", "-l", "list=orders", "-o", "jsonpath={range .items[*]}{.status.sequence}{'\\n'}{end}"), "\n") >= len(up)
	})
	out := f.kubectl(t, "", "get", "hfc", "-l", "list=orders", "--sort-by=.status.sequence", "-o", "name")
	if got := strings.Fields(strings.ReplaceAll(out, "cluster.hyperfleet.io/", "")); !slices.Equal(got, up) {
		t.Errorf("kubectl by sequence: %v, want %v", got, up)
	}
}

func fields(t *testing.T, f *fleet) {
	href := f.cluster(t, "fields")
	defer f.force(t, href)
	for parameter, want := range map[string][]string{
		"name": {"id", "name"}, "id": {"id"}, "name,generation": {"generation", "id", "name"}, "spec, labels": {"id", "labels", "spec"},
	} {
		var got []string
		for member := range f.list(t, "search", "name='fields'", "fields", parameter)["items"].([]any)[0].(object) {
			got = append(got, member)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("fields=%s returns %v", parameter, got)
		}
	}
	f.wantCode(t, "400 HYPERFLEET-VAL-003", http.MethodGet, api+"/clusters?fields=color", "")
}

func ownersAndKinds(t *testing.T, f *fleet) {
	href := f.cluster(t, "owner")
	defer f.force(t, href)
	pool := f.want(t, http.StatusCreated, http.MethodPost, href+"/nodepools", `{"name":"workers","spec":{}}`)
	want := object{"kind": "Cluster", "id": href[strings.LastIndexByte(href, '/')+1:], "href": href}
	for what, resource := range map[string]object{
		"created": pool,
		"read":    f.want(t, http.StatusOK, http.MethodGet, pool["href"].(string), ""),
		"listed":  f.want(t, http.StatusOK, http.MethodGet, href+"/nodepools", "")["items"].([]any)[0].(object),
	} {
		if diff := cmp.Diff(want, resource["owner_references"]); diff != "" || resource["kind"] != "NodePool" {
			t.Errorf("%s: kind %v, owner (-want +got):\n%s", what, resource["kind"], diff)
		}
	}
	if item := f.list(t, "search", "name='owner'")["items"].([]any)[0].(object); item["kind"] != "Cluster" {
		t.Errorf("a list item: %v", item)
	}
}

// createAs creates a cluster by kubectl as a user, and returns it as REST shows it.
func (f *fleet) createAs(t *testing.T, user, name string) object {
	t.Helper()
	f.kubectl(t, `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"`+name+`"},"spec":{}}`, "create", "-f", "-", "--as="+user, "--as-group=system:masters")
	var found object
	eventually(t, "REST shows "+name, func() bool {
		found = f.list(t, "search", "name='"+name+"'")
		return found["total"] == 1.0
	})
	return found["items"].([]any)[0].(object)
}

func addresses(t *testing.T, f *fleet) {
	for user, want := range map[string]string{
		"jo@example.com":                  "jo@example.com",
		"alice":                           "alice@users.hyperfleet.local",
		"system:serviceaccount:ci:deploy": "deploy@ci.serviceaccount.users.hyperfleet.local",
		"system:admin":                    "system=3Aadmin@users.hyperfleet.local",
	} {
		name := "by-" + strings.NewReplacer("@", "-", ".", "-", ":", "-").Replace(user)
		shown := f.createAs(t, user, name)
		for _, member := range []string{"created_by", "updated_by"} {
			if address, err := mail.ParseAddress(fmt.Sprint(shown[member])); err != nil || address.Address != want {
				t.Errorf("%s of what %s created: %v, want %s", member, user, shown[member], want)
			}
		}
		for _, by := range []string{user, want} {
			if found := f.list(t, "search", "created_by='"+by+"' and name='"+name+"'"); found["total"] != 1.0 {
				t.Errorf("a search for created_by='%s': %v", by, found)
			}
		}
	}
}

func kubernetesUsers(t *testing.T, f *fleet) {
	f.createAs(t, "system:serviceaccount:ci:deploy", "by-whom")
	for _, annotation := range []string{"created-by", "updated-by"} {
		if user := f.jsonpath(t, "hfc/by-whom", `{.metadata.annotations.hyperfleet\.io/`+annotation+`}`); user != "system:serviceaccount:ci:deploy" {
			t.Errorf("kubectl shows %s %q", annotation, user)
		}
	}
}

func olderReports(t *testing.T, f *fleet) {
	href := f.cluster(t, "older-tools")
	defer f.force(t, href)
	before := time.Now().Truncate(time.Second)
	recorded := f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", `{"adapter":"dns","observed_generation":1,
		"conditions":[{"type":"Available","status":"True","observed_time":"2001-01-01T00:00:00Z","last_transition_time":"2001-01-01T00:00:00Z"}]}`)
	at, err := time.Parse(time.RFC3339, fmt.Sprint(recorded["last_report_time"]))
	if err != nil || at.Before(before) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("last_report_time is %v (%v), want now", recorded["last_report_time"], err)
	}
	if strings.Contains(fmt.Sprint(recorded), "2001") {
		t.Errorf("the times of a client are kept: %v", recorded)
	}
	f.wantCode(t, "400 HYPERFLEET-VAL-002", http.MethodPost, api+"/clusters", `{"name":"no-spec"}`)
	f.refused(t, "spec: Required value", `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"no-spec"}}`, "create", "-f", "-")
}

func codesOfPaths(t *testing.T, f *fleet) {
	href := f.cluster(t, "codes")
	defer f.force(t, href)
	for _, path := range []string{api + "/nothing", api + "/clusters/", href + "/status", href + "/nodepools/2abc/none", "/"} {
		f.wantCode(t, "404 HYPERFLEET-NTF-000", http.MethodGet, path, "")
	}
	f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodGet, api+"/clusters/2abc", "")
	f.wantCode(t, "404 HYPERFLEET-NTF-003", http.MethodGet, href+"/nodepools/2abc", "")
	f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodPost, api+"/clusters/2abc/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	f.wantCode(t, "405 HYPERFLEET-VAL-006", http.MethodPut, href, "{}")
}
