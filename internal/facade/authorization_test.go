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
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// TestRights makes every request of the API as a caller of each role and as a caller
// without rights, on objects that exist and on objects that do not.
func TestRights(t *testing.T) {
	viewer, editor, adapter := newCaller(t, "hyperfleet-viewer"), newCaller(t, "hyperfleet-editor"), newCaller(t, "hyperfleet-adapter")
	elsewhere, nobody := newCaller(t), newCaller(t)
	namespace, err := suite.env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bind(t, namespace, "hyperfleet-editor", elsewhere.name)

	cluster, doomed := newCluster(t, ""), newCluster(t, "")
	nodePool := newNodePool(t, cluster.ID, "workers")
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	fresh := uniqueName(t)
	const missing = "20000000000000000000000000"
	inCluster := cluster.Href + "/nodepools/" + nodePool.ID
	absent := api + "/clusters/" + missing
	stale := reportBody("dns", 1, noon.Add(-time.Hour), "True")
	unknown := reportBody("dns", 1, noon.Add(time.Hour), "Unknown")
	future := reportBody("dns", 99, noon, "True")

	type attempt struct {
		request, what string
		caller
		want int
	}
	var forbidden, others []attempt
	type want struct{ viewer, editor, adapter int }
	readable, gone := want{200, 200, 200}, want{404, 404, 404}
	// A search excludes the objects of other tests, because checking all of them takes
	// seconds.
	one := "?search=name='" + cluster.Name + "'"
	for request, want := range map[string]want{
		"GET " + api + "/clusters" + one:                                         readable,
		"HEAD " + api + "/clusters" + one:                                        readable,
		"GET " + cluster.Href:                                                    readable,
		"HEAD " + cluster.Href:                                                   readable,
		"GET " + cluster.Href + "/statuses":                                      readable,
		"GET " + cluster.Href + "/nodepools":                                     readable,
		"GET " + inCluster:                                                       readable,
		"GET " + inCluster + "/statuses":                                         readable,
		"GET " + api + "/nodepools" + one:                                        readable,
		"GET " + nodePool.Href:                                                   readable,
		"GET " + absent:                                                          gone,
		"GET " + absent + "/statuses":                                            gone,
		"GET " + absent + "/nodepools":                                           gone,
		"GET " + cluster.Href + "/nodepools/" + missing:                          gone,
		"GET " + api + "/nodepools/" + missing:                                   gone,
		"GET " + api + "/clusters?search=color='red'":                            {400, 400, 400},
		"POST " + api + "/clusters {":                                            {403, 400, 403},
		"POST " + api + `/clusters {"spec":{},"name":"` + cluster.Name + `"}`:    {403, 409, 403},
		"POST " + api + `/clusters {"spec":{},"name":"` + fresh + `"}`:           {403, 201, 403},
		"POST " + cluster.Href + `/nodepools {"spec":{},"name":"workers"}`:       {403, 409, 403},
		"POST " + cluster.Href + `/nodepools {"spec":{},"name":"more"}`:          {403, 201, 403},
		"POST " + absent + `/nodepools {"spec":{},"name":"more"}`:                {403, 404, 403},
		"PATCH " + cluster.Href + ` {"labels":{"by":"editor"}}`:                  {403, 200, 403},
		"PATCH " + inCluster + ` {"labels":{"by":"editor"}}`:                     {403, 200, 403},
		"PATCH " + cluster.Href + " {":                                           {403, 400, 403},
		"PATCH " + absent + " {}":                                                {404, 404, 404},
		"DELETE " + doomed.Href:                                                  {403, 202, 403},
		"DELETE " + absent:                                                       gone,
		"POST " + cluster.Href + `/force-delete {"reason":"x"}`:                  {403, 403, 403},
		"POST " + inCluster + `/force-delete {`:                                  {403, 403, 403},
		"PUT " + cluster.Href + "/statuses " + stale:                             {403, 403, 204},
		"POST " + cluster.Href + "/statuses {":                                   {403, 403, 400},
		"POST " + cluster.Href + "/statuses " + stale:                            {403, 403, 204},
		"POST " + cluster.Href + "/statuses " + unknown:                          {403, 403, 204},
		"POST " + cluster.Href + "/statuses " + future:                           {403, 403, 204},
		"POST " + cluster.Href + "/statuses " + reportBody("a", 1, noon, "True"): {403, 403, 201},
		"POST " + absent + "/statuses " + stale:                                  {403, 403, 404},
		"POST " + inCluster + "/statuses " + reportBody("a", 1, noon, "True"):    {403, 403, 201},
		"POST " + inCluster + "/statuses " + future:                              {403, 403, 204},
	} {
		for _, one := range []attempt{
			{request, "nobody", nobody, http.StatusForbidden},
			{request, "the editor of another namespace", elsewhere, http.StatusForbidden},
			{request, "viewer", viewer, want.viewer},
			{request, "editor", editor, want.editor},
			{request, "adapter", adapter, want.adapter},
		} {
			if one.want == http.StatusForbidden {
				forbidden = append(forbidden, one)
			} else {
				others = append(others, one)
			}
		}
	}
	try := func(one attempt) {
		method, rest, _ := strings.Cut(one.request, " ")
		path, body, _ := strings.Cut(rest, " ")
		got := one.call(t, method, path, body)
		if got.status != one.want {
			t.Errorf("%s as %s: status %d, want %d: %s", one.request, one.what, got.status, one.want, got.body)
		}
		if got.status != http.StatusForbidden || method == http.MethodHead {
			return
		}
		if detail := got.problem(t).Detail; !strings.HasPrefix(detail, fmt.Sprintf("User %q cannot ", one.name)) {
			t.Errorf("%s as %s: detail %q", one.request, one.what, detail)
		}
	}
	before := generations(t, cluster.Name, fresh)
	for _, one := range forbidden {
		try(one)
	}
	if diff := cmp.Diff(before, generations(t, cluster.Name, fresh)); diff != "" {
		t.Errorf("forbidden requests changed something:\n%s", diff)
	}
	for _, one := range others {
		try(one)
	}
	for _, path := range []string{"/api/hyperfleet", api, api + "/openapi", api + "/openapi.html"} {
		nobody.get(t, path).want(t, http.StatusOK)
	}
	nobody.get(t, api+"/nothing").want(t, http.StatusNotFound)
	nobody.call(t, http.MethodPut, cluster.Href, "").want(t, http.StatusMethodNotAllowed)

	// At the other door, too.
	kubectl, err := suite.env.As(adapter.name)
	if err != nil {
		t.Fatal(err)
	}
	object := &v1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: cluster.Name, Namespace: "default"}}
	if err := kubectl.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"by":"adapter"}}`))); !apierrors.IsForbidden(err) {
		t.Errorf("an adapter changed a spec: %v", err)
	}
}

// TestAuthorship checks the recorded creator of objects that were created over REST.
func TestAuthorship(t *testing.T) {
	editor := newCaller(t, "hyperfleet-editor")
	var cluster rest.Cluster
	editor.post(t, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":%q}`, uniqueName(t))).want(t, http.StatusCreated).decode(t, &cluster)
	want := strings.TrimPrefix(editor.name, "system:serviceaccount:default:") + "@default.serviceaccount." + identityDomain
	if cluster.CreatedBy != want || cluster.UpdatedBy != want {
		t.Errorf("created_by %q, updated_by %q, want %q", cluster.CreatedBy, cluster.UpdatedBy, want)
	}
}

// TestResourceNames calls as a caller who may read certain objects, by their names.
func TestResourceNames(t *testing.T) {
	seen, hidden := newCluster(t, ""), newCluster(t, "")
	pool, hiddenPool := newNodePool(t, seen.ID, "workers"), newNodePool(t, seen.ID, "hidden")
	c := newCaller(t)
	role := uniqueName(t)
	if err := suite.env.Client.Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: role},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"hyperfleet.io"}, Resources: []string{"clusters"}, ResourceNames: []string{seen.Name}, Verbs: []string{"get"}},
			{APIGroups: []string{"hyperfleet.io"}, Resources: []string{"nodepools"}, ResourceNames: []string{seen.Name + ".workers"}, Verbs: []string{"get"}},
			{APIGroups: []string{"hyperfleet.io"}, Resources: []string{"adapterstatuses"}, ResourceNames: []string{seen.Name + ".dns"}, Verbs: []string{"patch"}},
			{APIGroups: []string{"hyperfleet.io"}, Resources: []string{"adapterstatuses"}, Verbs: []string{"create"}},
		},
	}); err != nil {
		t.Fatal(err)
	}
	bind(t, "default", role, c.name)
	waitForRight(t, c.name, "get", "clusters", seen.Name)

	c.get(t, seen.Href).want(t, http.StatusOK)
	c.get(t, pool.Href).want(t, http.StatusOK)
	c.get(t, seen.Href+"/nodepools/"+pool.ID).want(t, http.StatusOK)
	c.get(t, api+"/clusters").want(t, http.StatusForbidden)
	c.get(t, seen.Href+"/nodepools").want(t, http.StatusForbidden)
	c.get(t, hiddenPool.Href).want(t, http.StatusForbidden)
	c.post(t, seen.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	c.post(t, seen.Href+"/statuses", reportBody("dns", 1, noon.Add(time.Hour), "True")).want(t, http.StatusCreated)
	c.post(t, seen.Href+"/statuses", reportBody("validator", 1, noon, "True")).want(t, http.StatusForbidden)
	c.post(t, hidden.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusForbidden)

	// Hidden objects and objects that do not exist must look the same.
	for _, path := range []string{"/clusters/%s", "/nodepools/%s", "/clusters/%s/nodepools/20000000000000000000000000"} {
		there, gone := hidden.ID, "20000000000000000000000000"
		if strings.HasPrefix(path, "/nodepools") {
			there = hiddenPool.ID
		}
		want := c.get(t, api+fmt.Sprintf(path, there)).want(t, http.StatusForbidden).problem(t)
		for _, id := range []string{gone, "2", "no-id", there[:len(there)-1]} {
			got := c.get(t, api+fmt.Sprintf(path, id)).want(t, http.StatusForbidden).problem(t)
			got.Instance, got.Timestamp, got.RequestID = want.Instance, want.Timestamp, want.RequestID
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: hidden and %s differ (-hidden +%s):\n%s", path, id, id, diff)
			}
		}
	}
}

// TestCreateOnlyReporter reports as a caller who may not replace a recorded report. The
// caller must not learn from a 204 that there is a report.
func TestCreateOnlyReporter(t *testing.T) {
	cluster := newCluster(t, "")
	post(t, cluster.Href+"/statuses", reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	c := newCaller(t, "hyperfleet-viewer")
	role := uniqueName(t)
	if err := suite.env.Client.Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: role},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"hyperfleet.io"}, Resources: []string{"adapterstatuses"}, Verbs: []string{"create"}}},
	}); err != nil {
		t.Fatal(err)
	}
	bind(t, "default", role, c.name)
	waitForRight(t, c.name, "create", "adapterstatuses", "")
	for _, adapter := range []string{"dns", "other"} {
		for _, status := range []string{"True", "Unknown"} {
			c.post(t, cluster.Href+"/statuses", reportBody(adapter, 1, noon.Add(-time.Hour), status)).want(t, http.StatusForbidden)
		}
	}
}

// TestPrivileged writes as a member of system:masters. The API server allows no
// restricted impersonation of such a user.
func TestPrivileged(t *testing.T) {
	config, err := suite.env.ClientCertificate(uniqueName(t), "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(config.CertData, config.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	c := caller{client: suite.secure.client(t, certificate)}
	eventually(t, "the facade knows the authority", func() bool {
		return c.get(t, api+"/clusters").status == http.StatusOK
	})
	got := c.post(t, api+"/clusters", fmt.Sprintf(`{"spec":{},"name":%q}`, uniqueName(t))).want(t, http.StatusForbidden)
	if detail := got.problem(t).Detail; !strings.HasPrefix(detail, "The facade may not write as this caller: ") {
		t.Errorf("detail %q", detail)
	}
}

// generations returns the generations of all objects whose names have one of the
// prefixes.
func generations(t *testing.T, prefixes ...string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for _, object := range stored(t) {
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(object.Name, prefix) }) {
			found[object.Kind+" "+object.Name] = object.Generation
		}
	}
	return found
}
