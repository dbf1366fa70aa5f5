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
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func patchOverREST(t *testing.T, f *fleet) {
	href := f.cluster(t, "patched-rest")
	pool := f.nodePool(t, href, "workers")
	poolID := pool[strings.LastIndexByte(pool, '/')+1:]
	const merge, jsonPatch = "application/merge-patch+json", "application/json-patch+json"
	generations := map[string]float64{href: 1, pool: 1}
	tag := f.send(t, http.MethodGet, href, "").header.Get("Resource-Tag")
	for _, step := range []struct {
		path, shown, mediaType, body string
		raises                       float64
		spec, labels                 object
	}{
		{href, href, "application/json", `{"spec":{"c":{"d":1,"e":2}}}`, 1, object{"c": object{"d": 1.0, "e": 2.0}}, object{"env": "dev"}},
		{href, href, "application/json", `{"spec":{"c":{"e":2,"d":1}}}`, 0, object{"c": object{"d": 1.0, "e": 2.0}}, object{"env": "dev"}},
		{href, href, "application/json", `{"labels":{"tier":"gold"}}`, 0, object{"c": object{"d": 1.0, "e": 2.0}}, object{"tier": "gold"}},
		{href, href, merge, `{"spec":{"c":{"d":null,"f":[3]}},"labels":{"env":"prod"}}`, 1, object{"c": object{"e": 2.0, "f": []any{3.0}}}, object{"tier": "gold", "env": "prod"}},
		{href, href, jsonPatch, `[{"op":"test","path":"/spec/c/e","value":2},{"op":"replace","path":"/spec/c","value":7},{"op":"remove","path":"/labels/tier"}]`, 1, object{"c": 7.0}, object{"env": "prod"}},
		{pool, pool, "application/json", `{"spec":{"replicas":5},"labels":{"a":"b"}}`, 1, object{"replicas": 5.0}, object{"a": "b"}},
		{href + "/nodepools/" + poolID, pool, merge, `{"spec":{"size":"xl"}}`, 1, object{"replicas": 5.0, "size": "xl"}, object{"a": "b"}},
	} {
		current := f.send(t, http.MethodGet, step.path, "").header.Get("Resource-Tag")
		a := f.send(t, http.MethodPatch, step.path, step.body, "Content-Type", step.mediaType, "If-Match", current)
		generations[step.shown] += step.raises
		for what, resource := range map[string]object{"answer": a.body, "read": f.want(t, http.StatusOK, http.MethodGet, step.path, "")} {
			got := object{"generation": resource["generation"], "spec": resource["spec"], "labels": resource["labels"]}
			if diff := cmp.Diff(object{"generation": generations[step.shown], "spec": step.spec, "labels": step.labels}, got); diff != "" || a.status != http.StatusOK {
				t.Errorf("PATCH %s: status %d, %s (-want +got):\n%s", step.body, a.status, what, diff)
			}
		}
	}

	for _, mediaType := range []string{"application/json", merge, jsonPatch} {
		body := `{"spec":{}}`
		if mediaType == jsonPatch {
			body = `[{"op":"replace","path":"/spec","value":{}}]`
		}
		f.wantCode(t, "412 HYPERFLEET-CNF-004", http.MethodPatch, href, body, "Content-Type", mediaType, "If-Match", tag)
	}
	f.wantCode(t, "400 HYPERFLEET-VAL-002", http.MethodPatch, href, `{"name":"other"}`)
	f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodPatch, api+"/clusters/2abc", `{"spec":{}}`)
	// Reports change the ETag but not the Resource-Tag.
	before := f.send(t, http.MethodGet, href, "").header
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "True", int(generations[href]), "2025-01-01T10:00:00Z"))
	f.wantCode(t, "412 HYPERFLEET-CNF-004", http.MethodPatch, href, `{"labels":{}}`, "If-Match", before.Get("ETag"))
	a := f.send(t, http.MethodPatch, href, `{"spec":{"last":true}}`, "If-Match", before.Get("Resource-Tag"))
	if ready := condition(t, a.body, "Ready"); a.status != http.StatusOK || ready["status"] != "False" {
		t.Errorf("the answer to a changed spec: %d, Ready %v", a.status, ready)
	}
	f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	f.wantCode(t, "409 HYPERFLEET-CNF-003", http.MethodPatch, href, `{"spec":{}}`)
	f.force(t, href)
}

func patchByKubectl(t *testing.T, f *fleet) {
	href := f.cluster(t, "patched-kubectl")
	defer f.force(t, href)
	patched := func(body string) (generation, spec string) {
		t.Helper()
		f.kubectl(t, "", "patch", "hfc", "patched-kubectl", "--type=merge", "-p", body)
		generation, spec, _ = strings.Cut(f.jsonpath(t, "hfc/patched-kubectl", "{.metadata.generation} {.spec}"), " ")
		shown := f.want(t, http.StatusOK, http.MethodGet, href, "")
		eventually(t, "REST shows the change", func() bool {
			shown = f.want(t, http.StatusOK, http.MethodGet, href, "")
			return strconv.Itoa(int(shown["generation"].(float64))) == generation
		})
		return generation, spec
	}
	if generation, spec := patched(`{"spec":{"a":null,"c":3}}`); generation != "2" || spec != `{"b":2,"c":3}` {
		t.Errorf("a merge patch: generation %s, spec %s", generation, spec)
	}
	if generation, _ := patched(`{"spec":{"c":3}}`); generation != "2" {
		t.Errorf("the same spec again: generation %s", generation)
	}
	if generation, _ := patched(`{"metadata":{"labels":{"env":"prod"}}}`); generation != "2" {
		t.Errorf("other labels: generation %s", generation)
	}
}

func deleteOverREST(t *testing.T, f *fleet) {
	href := f.cluster(t, "deleted-rest")
	pool := f.nodePool(t, href, "workers")
	answers := make(chan answer, 5)
	for range cap(answers) { // five concurrent requests count as one
		go func() { answers <- f.send(t, http.MethodDelete, href, "") }()
	}
	first := <-answers
	for range cap(answers) - 1 {
		if a := <-answers; a.status != http.StatusAccepted || a.body["deleted_time"] != first.body["deleted_time"] || a.body["generation"] != 2.0 {
			t.Errorf("one of five DELETEs: %d %v", a.status, a.body)
		}
	}
	again := f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	for what, resource := range map[string]object{"first": first.body, "again": again, "the nodepool": f.want(t, http.StatusOK, http.MethodGet, pool, "")} {
		if resource["deleted_time"] == nil || resource["deleted_by"] != "dev@hyperfleet.local" || resource["generation"] != 2.0 || restCondition(resource, "Ready") != "False" {
			t.Errorf("%s: %v", what, resource)
		}
	}
	if again["deleted_time"] != first.body["deleted_time"] {
		t.Errorf("deleted_time was %v, is %v", first.body["deleted_time"], again["deleted_time"])
	}
	f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodDelete, api+"/clusters/2abc", "")
	if by := f.jsonpath(t, "hfnp/deleted-rest.workers", `{.metadata.annotations.hyperfleet\.io/deleted-by}`); by != "dev@hyperfleet.local" {
		t.Errorf("kubectl shows that %q deleted the nodepool", by)
	}
	f.force(t, href)
}

func deleteByKubectl(t *testing.T, f *fleet) {
	href := f.cluster(t, "deleted-kubectl")
	pool := f.nodePool(t, href, "workers")
	for range 2 {
		f.kubectl(t, "", "delete", "hfc", "deleted-kubectl", "--wait=false")
	}
	f.kubectl(t, "", "wait", "hfnp", "deleted-kubectl.workers", "--for=jsonpath={.metadata.generation}=2", patience(t))
	for _, path := range []string{href, pool} {
		var shown object
		eventually(t, "REST shows the deletion", func() bool {
			shown = f.want(t, http.StatusOK, http.MethodGet, path, "")
			return shown["deleted_time"] != nil
		})
		if shown["deleted_by"] != nil || shown["generation"] != 2.0 || restCondition(shown, "Ready") != "False" {
			t.Errorf("%s after kubectl delete: %v", path, shown)
		}
	}
	f.refused(t, "orphan", "", "delete", "hfc", "deleted-kubectl", "--cascade=orphan", "--wait=false")
	f.force(t, href)
}

func forceOverREST(t *testing.T, f *fleet) {
	href := f.cluster(t, "forced-rest")
	pool := f.nodePool(t, href, "workers")
	other := f.nodePool(t, href, "others")
	f.want(t, http.StatusCreated, http.MethodPost, pool+"/statuses", report("validator", "True", 1, "2025-01-01T10:00:00Z"))
	const reason = `{"reason":"the cloud account is closed"}`
	f.wantCode(t, "409 HYPERFLEET-CNF-006", http.MethodPost, href+"/force-delete", reason)
	f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodPost, api+"/clusters/2abc/force-delete", reason)
	f.want(t, http.StatusAccepted, http.MethodDelete, other, "")
	f.want(t, http.StatusNoContent, http.MethodPost, href+"/nodepools/"+other[strings.LastIndexByte(other, '/')+1:]+"/force-delete", reason)
	f.want(t, http.StatusNotFound, http.MethodGet, other, "")
	f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"` + strings.Repeat("x", 1025) + `"}`} {
		f.wantCode(t, "400 HYPERFLEET-VAL-002", http.MethodPost, href+"/force-delete", body)
	}
	uid := f.jsonpath(t, "hfc/forced-rest", "{.metadata.uid}")
	f.want(t, http.StatusNoContent, http.MethodPost, href+"/force-delete", reason)
	f.want(t, http.StatusNotFound, http.MethodGet, href, "")
	f.wantForced(t, "forced-rest", uid, "dev@hyperfleet.local: the cloud account is closed")
}

func forceByKubectl(t *testing.T, f *fleet) {
	f.kubectl(t, "", "create", "rolebinding", "forced-editor", "--clusterrole=hyperfleet-editor", "--user=ed")
	for name, force := range map[string][]string{
		"forced-kubectl": {"annotate", "hfc", "forced-kubectl", "hyperfleet.io/force-delete=no adapter runs"},
		"forced-plugin":  {"hyperfleet", "force-delete", "cluster", "forced-plugin", "--reason", "no adapter runs"},
	} {
		f.nodePool(t, f.cluster(t, name), "workers")
		f.refused(t, "only on an object that is being deleted", "", force...)
		uid := f.jsonpath(t, "hfc/"+name, "{.metadata.uid}")
		f.kubectl(t, "", "delete", "hfc", name, "--wait=false")
		f.refused(t, `User "ed" cannot force-delete resource "clusters"`, "", append(force, "--as=ed")...)
		f.kubectl(t, "", force...)
		f.kubectl(t, "", "wait", "hfc", name, "--for=delete", patience(t))
		f.wantForced(t, name, uid, ": no adapter runs")
	}
}

// wantForced checks that nothing is left of a cluster, and that an Event and the log name
// who forced its deletion, and why.
func (f *fleet) wantForced(t *testing.T, name, uid, note string) {
	t.Helper()
	if out := f.kubectl(t, "", "get", "hfnp,hfas", "-o", "name"); strings.Contains(out, "/"+name+".") {
		t.Errorf("left of %s: %s", name, out)
	}
	eventually(t, "an Event says who forced the deletion of "+name, func() bool {
		out := f.kubectl(t, "", "get", "events.events.k8s.io", "-o", `jsonpath={range .items[?(@.regarding.uid=="`+uid+`")]}{.reason} {.note}{"\n"}{end}`)
		return strings.Contains(out, "ForceDeleted ") && strings.Contains(out, note)
	})
	log, err := os.ReadFile(f.logFile())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, `"info"`) && strings.Contains(line, "Deleted by force") && strings.Contains(line, name) {
			return
		}
	}
	t.Errorf("no line of the log says that %s was deleted by force", name)
}

func putStatuses(t *testing.T, f *fleet) {
	href := f.cluster(t, "put-rest")
	defer f.force(t, href)
	pool := f.nodePool(t, href, "workers")
	for _, path := range []string{href, pool, href + "/nodepools/" + pool[strings.LastIndexByte(pool, '/')+1:]} {
		recorded := f.want(t, http.StatusCreated, http.MethodPut, path+"/statuses", report("validator", "True", 1, "2025-01-01T10:00:00Z"))
		if recorded["adapter"] != "validator" || restCondition(f.want(t, http.StatusOK, http.MethodGet, path, ""), "ValidatorSuccessful") != "True" {
			t.Errorf("PUT of a report on %s: %v", path, recorded)
		}
		f.want(t, http.StatusNoContent, http.MethodPut, path+"/statuses", report("validator", "False", 1, "2025-01-01T09:00:00Z"))
		f.want(t, http.StatusNoContent, http.MethodPut, path+"/statuses", report("validator", "True", 9, "2025-01-01T11:00:00Z"))
	}
}

func applyStatuses(t *testing.T, f *fleet) {
	href := f.cluster(t, "put-kubectl")
	defer f.force(t, href)
	f.want(t, http.StatusCreated, http.MethodPut, href+"/statuses", report("validator", "True", 1, "2025-01-01T10:00:00Z"))
	f.apply(t, statusObject("put-kubectl", "validator", 1, "2025-01-01T11:00:00Z", "Available=False"))
	f.kubectl(t, "", "wait", "hfc", "put-kubectl", "--for=condition=ValidatorSuccessful=False", patience(t))
	f.refused(t, "stale report", statusObject("put-kubectl", "validator", 1, "2025-01-01T09:00:00Z", "Available=True"), "apply", "--server-side", "--force-conflicts", "-f", "-")
}
