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
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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

// createAs creates a cluster with kubectl as a user, and returns it as REST shows it.
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

// withSchema calls do while the CustomResourceDefinition has a provider's schema for the
// spec of Clusters.
func (f *fleet) withSchema(t *testing.T, do func()) {
	t.Helper()
	const path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties"
	probe := []string{"create", "--dry-run=server", "-f", "-"}
	const wrong = `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"probe"},"spec":{"region":"moon"}}`
	inForce := func() bool { _, err := f.tryKubectl(t, wrong, probe...); return err != nil }
	patchSchema := func(operation string) {
		f.kubectl(t, "", "patch", "crd", "clusters.hyperfleet.io", "--type=json", "-p", "["+operation+"]")
	}
	patchSchema(`{"op":"add","path":"` + path + `","value":{"region":{"type":"string","enum":["eu","us"]}}}`)
	defer func() {
		patchSchema(`{"op":"remove","path":"` + path + `"}`)
		eventually(t, "the schema is gone", func() bool { return !inForce() })
	}()
	eventually(t, "the schema is in force", inForce)
	do()
}

func providerSchema(t *testing.T, f *fleet) {
	href := f.cluster(t, "schema")
	defer f.force(t, href)
	f.withSchema(t, func() {
		for method, path := range map[string]string{http.MethodPost: api + "/clusters", http.MethodPatch: href} {
			body := `{"spec":{"region":"moon"}}`
			if method == http.MethodPost {
				body = `{"name":"schema-new","spec":{"region":"moon"}}`
			}
			a := f.send(t, method, path, body)
			if a.status != http.StatusBadRequest || a.body["code"] != "HYPERFLEET-VAL-007" || !strings.Contains(fmt.Sprint(a.body["errors"]), "spec.region") {
				t.Errorf("%s of what the provider's schema refuses: %d %v", method, a.status, a.body)
			}
		}
		f.want(t, http.StatusOK, http.MethodPatch, href, `{"spec":{"region":"eu"}}`)
	})
}

func providerSchemaByKubectl(t *testing.T, f *fleet) {
	href := f.cluster(t, "schema-kubectl")
	defer f.force(t, href)
	f.withSchema(t, func() {
		f.refused(t, "spec.region", "", "patch", "hfc", "schema-kubectl", "--type=merge", "-p", `{"spec":{"region":"moon"}}`)
	})
}
