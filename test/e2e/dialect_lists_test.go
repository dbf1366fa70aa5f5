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
	"net/url"
	"os"
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
	// HyperFleet logs a client that does not page once.
	for range 2 {
		f.send(t, http.MethodGet, api+"/clusters", "", "User-Agent", "never-pages/1.0")
	}
	log, err := os.ReadFile(f.logFile())
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
	// Also objects that were created within one second are in the order of their creation
	// at the API server.
	eventually(t, "each has a sequence", func() bool {
		return len(strings.Fields(f.kubectl(t, "", "get", "hfc", "-l", "list=orders", "-o", "jsonpath={.items[*].status.sequence}"))) == len(up)
	})
	out := f.kubectl(t, "", "get", "hfc", "-l", "list=orders", "--sort-by=.status.sequence", "-o", "name")
	if got := strings.Fields(strings.ReplaceAll(out, "cluster.hyperfleet.io/", "")); !slices.Equal(got, up) {
		t.Errorf("kubectl by sequence: %v, want %v", got, up)
	}
}

// updatedTime returns the updated_time of a resource once REST shows its label.
func (f *fleet) updatedTime(t *testing.T, href, label string) (at time.Time) {
	t.Helper()
	eventually(t, "REST shows the label "+label, func() bool {
		shown := f.want(t, http.StatusOK, http.MethodGet, href, "")
		var err error
		if at, err = time.Parse(time.RFC3339, fmt.Sprint(shown["updated_time"])); err != nil {
			t.Fatal(err)
		}
		value, _ := shown["labels"].(object)["step"].(string)
		return value == label
	})
	return at
}

// wantMoves changes a label of a cluster in ways that must change updated_time, and checks
// it.
func (f *fleet) wantMoves(t *testing.T, name, href string, change func(label string)) {
	t.Helper()
	last := f.updatedTime(t, href, "")
	recorded := ""
	for _, label := range []string{"one", "two", ""} {
		// A reconciler that has not seen a label cannot tell that it was removed again.
		previous := recorded
		eventually(t, "the reconciler records the change", func() bool {
			recorded = f.jsonpath(t, "hfc/"+name, "{.status.updatedTime}")
			return recorded != previous
		})
		for second := time.Now().Unix(); time.Now().Unix() == second; { // managedFields have whole seconds
			time.Sleep(10 * time.Millisecond)
		}
		change(label)
		eventually(t, "updated_time moves with the label "+label, func() bool { return f.updatedTime(t, href, label).After(last) })
		last = f.updatedTime(t, href, label)
	}
}

func updatedTimeOverREST(t *testing.T, f *fleet) {
	href := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"updated-rest","spec":{}}`)["href"].(string)
	defer f.force(t, href)
	f.wantMoves(t, "updated-rest", href, func(label string) {
		labels := `{}`
		if label != "" {
			labels = `{"step":"` + label + `"}`
		}
		f.want(t, http.StatusOK, http.MethodPatch, href, `{"labels":`+labels+`}`)
	})
	before := f.updatedTime(t, href, "")
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	if after := f.updatedTime(t, href, ""); !after.Equal(before) {
		t.Errorf("a report moves updated_time from %s to %s", before, after)
	}
}

func updatedTimeByKubectl(t *testing.T, f *fleet) {
	href := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"updated-kubectl","spec":{}}`)["href"].(string)
	defer f.force(t, href)
	f.wantMoves(t, "updated-kubectl", href, func(label string) {
		// Each change also removes its entry in managedFields.
		value := "null"
		if label != "" {
			value = `"` + label + `"`
		}
		f.kubectl(t, "", "patch", "hfc", "updated-kubectl", "--type=merge", "-p", `{"metadata":{"managedFields":[{}],"labels":{"step":`+value+`}}}`)
	})
	before := f.updatedTime(t, href, "")
	f.kubectl(t, "", "patch", "hfc", "updated-kubectl", "--type=merge", "-p", `{"metadata":{"managedFields":[{}],"annotations":{"seen":"x"}}}`)
	if after := f.updatedTime(t, href, ""); after.Before(before) {
		t.Errorf("updated_time goes back from %s to %s", before, after)
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
