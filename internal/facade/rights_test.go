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
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A right is a verb on a resource of the group hyperfleet.io.
type right struct{ verb, resource string }

// documentedRights returns the table of docs/security.md: the rights that each request
// needs. In a path, {id} stands for any id.
func documentedRights(t *testing.T) map[string][]right {
	t.Helper()
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "| Request | Required rights |\n|---|---|\n")
	if !ok {
		t.Fatal("docs/security.md has no table of rights")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	request, spelled := regexp.MustCompile("`([A-Z]+ /[^`]*)`"), regexp.MustCompile("`([a-z-]+) ([a-z]+)`")
	rights := map[string][]right{}
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		required, _, _ := strings.Cut(cells[2], ". ") // the rest describes what a further right adds
		var all []right
		for _, one := range spelled.FindAllStringSubmatch(required, -1) {
			all = append(all, right{one[1], one[2]})
		}
		for _, one := range request.FindAllStringSubmatch(cells[1], -1) {
			rights[one[1]] = all
			method, path, _ := strings.Cut(one[1], " ")
			if strings.HasPrefix(path, "/nodepools/{id}") { // the last row but one
				rights[method+" /clusters/{id}"+path] = append(slices.Clone(all), right{"get", "clusters"})
			}
		}
	}
	return rights
}

// TestDocumentedRights makes each request with exactly the rights that the documentation
// names, with these rights restricted by names where that is possible, and with one right
// too few.
func TestDocumentedRights(t *testing.T) {
	rights := documentedRights(t)
	f := newRightsFixture(t)
	for request, required := range rights {
		if got := f.make(t, required, false, request); got < 200 || got > 299 {
			t.Errorf("%s with %v: status %d, want success", request, required, got)
		}
		if got := f.make(t, required, true, request); got < 200 || got > 299 {
			t.Errorf("%s with %v by names: status %d, want success", request, required, got)
		}
		for i := range required {
			without := slices.Delete(slices.Clone(required), i, i+1)
			if got := f.make(t, without, false, request); got != http.StatusForbidden {
				t.Errorf("%s with %v only: status %d, want 403", request, without, got)
			}
		}
	}

	document, err := openapi3.NewLoader().LoadFromData(get(t, api+"/openapi").body)
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`\{[a-z_]+\}`)
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			request := method + " " + id.ReplaceAllString(strings.TrimPrefix(path, api), "{id}")
			_, ok := rights[request]
			if !ok && (strings.Contains(request, "clusters") || strings.Contains(request, "nodepools")) {
				t.Errorf("docs/security.md does not say which rights %s needs", request)
			}
			delete(rights, request)
		}
	}
	for request := range rights {
		t.Errorf("docs/security.md names %s, which the OpenAPI document does not have", request)
	}
}

// A rightsFixture contains the objects that the requests of TestDocumentedRights name,
// and the callers that make the requests.
type rightsFixture struct {
	paths   map[string]string
	names   []string
	fresh   string
	callers map[string]caller
}

func newRightsFixture(t *testing.T) *rightsFixture {
	t.Helper()
	cluster, doomed := newCluster(t, ""), newCluster(t, "")
	pool, doomedPool := newNodePool(t, cluster.ID, "workers"), newNodePool(t, cluster.ID, "doomed")
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	remove(t, doomed.Href).want(t, http.StatusAccepted)
	remove(t, doomedPool.Href).want(t, http.StatusAccepted)
	in := cluster.Href + "/nodepools/"
	return &rightsFixture{
		paths: map[string]string{
			"/clusters/{id}":                             cluster.Href,
			"/nodepools/{id}":                            api + "/nodepools/" + pool.ID,
			"/clusters/{id}/nodepools/{id}":              in + pool.ID,
			"/clusters/{id}/force-delete":                doomed.Href + "/force-delete",
			"/nodepools/{id}/force-delete":               api + "/nodepools/" + doomedPool.ID + "/force-delete",
			"/clusters/{id}/nodepools/{id}/force-delete": in + doomedPool.ID + "/force-delete",
		},
		names:   []string{cluster.Name, doomed.Name, cluster.Name + ".workers", cluster.Name + ".doomed", cluster.Name + ".dns", cluster.Name + ".workers.dns"},
		fresh:   uniqueName(t),
		callers: map[string]caller{},
	}
}

// make makes a request with the rights, and returns its status. It stores nothing.
func (f *rightsFixture) make(t *testing.T, with []right, named bool, request string) (status int) {
	t.Helper()
	method, pattern, _ := strings.Cut(request, " ")
	path, ok := f.paths[pattern]
	if !ok {
		parent, last := pattern[:strings.LastIndex(pattern, "/")], pattern[strings.LastIndex(pattern, "/"):]
		path = f.paths[parent] + last
		if parent == "" {
			path = api + last
		}
	}
	body := ""
	switch {
	case method == http.MethodPatch:
		body = `{"labels":{}}`
	case strings.HasSuffix(pattern, "/force-delete"):
		body = `{"reason":"x"}`
	case method != http.MethodGet && strings.HasSuffix(pattern, "/statuses"):
		body = reportBody("dns", 1, noon.Add(1), "True")
	case method == http.MethodPost:
		body = fmt.Sprintf(`{"name":%q,"spec":{}}`, f.fresh[:min(len(f.fresh), 15)])
	}
	if method != http.MethodGet {
		path += "?dryRun=All"
	}
	c := f.caller(t, with, named)
	return c.call(t, method, path, body).status
}

// caller returns a caller that has the rights, and no others. If named, it has them only
// for the names of the fixture, if RBAC supports names for the verb.
func (f *rightsFixture) caller(t *testing.T, with []right, named bool) caller {
	t.Helper()
	key := fmt.Sprint(with, named)
	if c, ok := f.callers[key]; ok {
		return c
	}
	c, role := newCaller(t), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: uniqueName(t)}}
	for _, one := range with {
		rule := rbacv1.PolicyRule{APIGroups: []string{"hyperfleet.io"}, Resources: []string{one.resource}, Verbs: []string{one.verb}}
		if named && one.verb != "list" && one.verb != "create" {
			rule.ResourceNames = f.names
		}
		role.Rules = append(role.Rules, rule)
	}
	if err := suite.env.Client.Create(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	bind(t, "default", role.Name, c.name)
	for _, one := range with {
		waitForRight(t, c.name, one.verb, one.resource, f.names[0])
	}
	f.callers[key] = c
	return c
}

// TestForceDeleter calls as a user whose only right is to end deletions by force, and as
// a user without that right.
func TestForceDeleter(t *testing.T) {
	forcer, editor := newCaller(t), newCaller(t, "hyperfleet-editor")
	bind(t, "default", "hyperfleet-force-deleter", forcer.name)
	waitForRight(t, forcer.name, "force-delete", "nodepools", "")

	cluster := newCluster(t, "")
	pool := newNodePool(t, cluster.ID, "workers")
	paths := []string{pool.Href, cluster.Href}
	const why = `{"reason":"the cloud is gone"}`
	for _, path := range paths {
		forcer.get(t, path).want(t, http.StatusOK)
		forcer.call(t, http.MethodPatch, path, `{"labels":{"by":"forcer"}}`).want(t, http.StatusOK) // as the documentation says
		forcer.call(t, http.MethodDelete, path, "").want(t, http.StatusForbidden)
		forcer.post(t, path+"/force-delete", why).want(t, http.StatusConflict)
	}
	forcer.get(t, api+"/clusters").want(t, http.StatusForbidden)
	forcer.get(t, cluster.Href+"/statuses").want(t, http.StatusForbidden)
	forcer.post(t, api+"/clusters", `{"name":"forced","spec":{}}`).want(t, http.StatusForbidden)
	forcer.post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusForbidden)

	remove(t, cluster.Href).want(t, http.StatusAccepted)
	for _, path := range paths {
		for what, body := range map[string]string{"with a reason": why, "without": "{}", "not JSON": "{"} {
			if got := editor.post(t, path+"/force-delete", body); got.status != http.StatusForbidden {
				t.Errorf("the editor forces the end of %s %s: status %d", path, what, got.status)
			}
		}
		get(t, path).want(t, http.StatusOK) // it still exists
		forcer.post(t, path+"/force-delete", why).want(t, http.StatusNoContent)
		get(t, path).want(t, http.StatusNotFound)
	}
}

// TestDeleteOnly deletes as a user who may not change the deleted object.
func TestDeleteOnly(t *testing.T) {
	f := &rightsFixture{names: []string{""}, callers: map[string]caller{}}
	for _, test := range []struct {
		resource string
		signs    bool
	}{{"clusters", false}, {"clusters", true}, {"nodepools", false}, {"nodepools", true}} {
		with, cluster := []right{{"delete", test.resource}, {"get", test.resource}}, newCluster(t, "")
		path := cluster.Href
		if test.resource == "nodepools" {
			path = newNodePool(t, cluster.ID, "workers").Href
		}
		if test.signs {
			with = append(with, right{"patch", test.resource})
		}
		var deleted rest.Cluster
		c := f.caller(t, with, false)
		c.call(t, http.MethodDelete, path, "").want(t, http.StatusAccepted).decode(t, &deleted)
		if deleted.DeletedTime == nil || (deleted.DeletedBy != "") != test.signs {
			t.Errorf("with %v: deleted_time %v, deleted_by %q", with, deleted.DeletedTime, deleted.DeletedBy)
		}
	}
}
