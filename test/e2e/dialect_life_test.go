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
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// finalized is a report of an adapter about the finalization of a resource.
func finalized(adapter, status string, generation int, observed string) string {
	return fmt.Sprintf(`{"adapter":%q,"observed_generation":%d,"observed_time":%q,"conditions":[{"type":"Available","status":"False"},
		{"type":"Applied","status":"False"},{"type":"Health","status":"True"},{"type":"Finalized","status":%q}]}`, adapter, generation, observed, status)
}

// statusObject is a report as an object, with conditions such as "Available=True".
func statusObject(resource, adapter string, generation int, observed string, conditions ...string) string {
	kind, list := "Cluster", make([]string, len(conditions))
	if strings.Contains(resource, ".") {
		kind = "NodePool"
	}
	for i, c := range conditions {
		conditionType, status, _ := strings.Cut(c, "=")
		list[i] = fmt.Sprintf(`{"type":%q,"status":%q}`, conditionType, status)
	}
	return fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"%[1]s.%[2]s"},"spec":{
		"resourceRef":{"kind":%[3]q,"name":%[1]q},"adapter":%[2]q,"observedGeneration":%[4]d,"observedTime":%[5]q,"conditions":[%[6]s]}}`,
		resource, adapter, kind, generation, observed, strings.Join(list, ","))
}

// apply applies a manifest like a GitOps tool.
func (f *fleet) apply(t *testing.T, manifest string) {
	t.Helper()
	f.kubectl(t, manifest, "apply", "--server-side", "--force-conflicts", "-f", "-")
}

// waits checks what a deletion over REST waits for.
func (f *fleet) waits(t *testing.T, href, reason, message string) {
	t.Helper()
	var ready object
	eventually(t, reason+" "+message, func() bool {
		ready = condition(t, f.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready")
		return ready["status"] == "False" && ready["reason"] == reason && ready["message"] == message
	})
}

func (f *fleet) gone(t *testing.T, href string) {
	t.Helper()
	eventually(t, href+" is gone", func() bool { return f.send(t, http.MethodGet, href, "").status == http.StatusNotFound })
}

// Two adapters report over REST, and one writes objects.
func finalizeOverREST(t *testing.T, f *fleet) {
	f.write(t, "adapters.yaml", strings.Replace(dialectAdapters, "[validator, dns]", "[validator, dns, writer]", 1))
	defer f.write(t, "adapters.yaml", dialectAdapters)
	href := f.cluster(t, "finalized-rest")
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	eventually(t, "the configuration with three adapters is in force", func() bool {
		return strings.Contains(fmt.Sprint(condition(t, f.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready")["message"]), "writer: not reported")
	})
	for _, adapter := range []string{"validator", "dns"} {
		f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, "True", 1, "2025-01-01T10:30:00Z"))
	}
	f.apply(t, statusObject("finalized-rest", "writer", 1, "2025-01-01T10:00:00Z", "Available=True"))
	f.kubectl(t, "", "wait", "hfc", "finalized-rest", "--for=condition=Ready", patience(t))

	f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	f.waits(t, href, "Finalizing", "dns: at generation 1; validator: at generation 1; writer: at generation 1")
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized("dns", "False", 2, "2025-01-01T11:00:00Z"))
	f.want(t, http.StatusCreated, http.MethodPut, href+"/statuses", finalized("validator", "True", 2, "2025-01-01T11:00:00Z"))
	f.waits(t, href, "Finalizing", "dns: Finalized=False; writer: at generation 1")
	f.apply(t, statusObject("finalized-rest", "writer", 2, "2025-01-01T11:00:00Z", "Available=False", "Finalized=True"))
	f.waits(t, href, "Finalizing", "dns: Finalized=False")
	last := f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized("dns", "True", 2, "2025-01-01T12:00:00Z"))
	if last["adapter"] != "dns" || last["observed_generation"] != 2.0 || len(last["conditions"].([]any)) != 4 {
		t.Errorf("the answer to the last report: %v", last)
	}
	f.gone(t, href)
	if out := f.kubectl(t, "", "get", "hfas", "-o", "name"); strings.Contains(out, "/finalized-rest.") {
		t.Errorf("reports that are left: %s", out)
	}
	f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodPost, href+"/statuses", finalized("dns", "True", 2, "2025-01-01T13:00:00Z"))
}

// All adapters write objects, and kubectl shows everything.
func finalizeByObjects(t *testing.T, f *fleet) {
	f.kubectl(t, `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"finalized-kubectl"},"spec":{}}
		{"apiVersion":"hyperfleet.io/v1","kind":"NodePool","metadata":{"name":"finalized-kubectl.workers"},"spec":{"clusterName":"finalized-kubectl"}}`, "create", "-f", "-")
	f.kubectl(t, "", "delete", "hfc", "finalized-kubectl", "--wait=false")
	waits := func(name, reason, message string) {
		t.Helper()
		eventually(t, name+" waits for "+message, func() bool {
			return f.jsonpath(t, name, `{.status.conditions[?(@.type=="Ready")].message}`) == message
		})
		if out := f.kubectl(t, "", "get", name, "-o", "wide"); !strings.Contains(out, reason) || !strings.Contains(out, message) {
			t.Errorf("kubectl get %s -o wide:\n%s", name, out)
		}
	}
	waits("hfc/finalized-kubectl", "WaitingForNodePools", "NodePools: workers; dns: not reported; validator: not reported")
	f.apply(t, statusObject("finalized-kubectl", "validator", 2, "2025-01-01T10:00:00Z", "Available=False", "Finalized=True"))
	f.apply(t, statusObject("finalized-kubectl", "dns", 2, "2025-01-01T10:00:00Z", "Available=False", "Finalized=True"))
	waits("hfc/finalized-kubectl", "WaitingForNodePools", "NodePools: workers")
	f.apply(t, statusObject("finalized-kubectl.workers", "validator", 2, "2025-01-01T10:00:00Z", "Available=False", "Finalized=False"))
	waits("hfnp/finalized-kubectl.workers", "Finalizing", "validator: Finalized=False")
	f.apply(t, statusObject("finalized-kubectl.workers", "validator", 2, "2025-01-01T11:00:00Z", "Available=False", "Finalized=True"))
	f.kubectl(t, "", "wait", "hfc", "finalized-kubectl", "--for=delete", patience(t))
	if out := f.kubectl(t, "", "get", "hfnp,hfas", "-o", "name"); strings.Contains(out, "/finalized-kubectl.") {
		t.Errorf("left: %s", out)
	}
}

func oneReportTooFew(t *testing.T, f *fleet) {
	href := f.cluster(t, "too-few")
	f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized("validator", "True", 2, "2025-01-01T10:00:00Z"))
	// A report of an adapter that is not required does not count, nor does one about an
	// older generation.
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized("other", "True", 2, "2025-01-01T10:00:00Z"))
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized("dns", "True", 1, "2025-01-01T10:00:00Z"))
	f.waits(t, href, "Finalizing", "dns: at generation 1")
	f.force(t, href)
}

func nodePoolsFirst(t *testing.T, f *fleet) {
	href := f.cluster(t, "pools-first")
	pool := f.nodePool(t, href, "workers")
	f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	for _, adapter := range []string{"validator", "dns"} {
		f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", finalized(adapter, "True", 2, "2025-01-01T10:00:00Z"))
	}
	f.waits(t, href, "WaitingForNodePools", "NodePools: workers")
	f.want(t, http.StatusOK, http.MethodGet, pool, "")
	f.want(t, http.StatusCreated, http.MethodPost, pool+"/statuses", finalized("validator", "True", 2, "2025-01-01T10:00:00Z"))
	f.gone(t, pool)
	f.gone(t, href)
}

func whileFinalizing(t *testing.T, f *fleet) {
	href := f.cluster(t, "going-rest")
	deleted := f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	if shown := f.want(t, http.StatusOK, http.MethodGet, href, ""); shown["deleted_time"] != deleted["deleted_time"] {
		t.Errorf("GET shows %v", shown)
	}
	if list := f.want(t, http.StatusOK, http.MethodGet, api+"/clusters?search=name%3D'going-rest'%20and%20deleted_time%20is%20not%20null", ""); list["total"] != 1.0 {
		t.Errorf("the list: %v", list)
	}
	f.wantCode(t, "409 HYPERFLEET-CNF-003", http.MethodPost, href+"/nodepools", `{"name":"late","spec":{}}`)
	f.wantCode(t, "409 HYPERFLEET-CNF-003", http.MethodPatch, href, `{"spec":{}}`)
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "False", 2, "2025-01-01T10:00:00Z"))
	// The name is taken until the first Cluster no longer exists.
	const successor = `{"name":"going-rest","spec":{}}`
	f.wantCode(t, "409 HYPERFLEET-CNF-001", http.MethodPost, api+"/clusters", successor)
	f.force(t, href)
	next := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", successor)
	if next["href"] == href || next["generation"] != 1.0 || next["deleted_time"] != nil {
		t.Errorf("the successor: %v", next)
	}
	if reports := f.want(t, http.StatusOK, http.MethodGet, next["href"].(string)+"/statuses", ""); reports["total"] != 0.0 {
		t.Errorf("reports on the successor: %v", reports)
	}
	f.force(t, next["href"].(string))
}

func arrivesWhileFinalizing(t *testing.T, f *fleet) {
	href := f.cluster(t, "going-kubectl")
	f.kubectl(t, "", "delete", "hfc", "going-kubectl", "--wait=false")
	f.refused(t, "already exists", `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"going-kubectl"},"spec":{}}`, "create", "-f", "-")
	f.kubectl(t, `{"apiVersion":"hyperfleet.io/v1","kind":"NodePool","metadata":{"name":"going-kubectl.late"},"spec":{"clusterName":"going-kubectl"}}`, "create", "-f", "-")
	f.kubectl(t, "", "wait", "hfnp", "going-kubectl.late", "--for=jsonpath={.metadata.generation}=2", patience(t))
	eventually(t, "an Event says why the nodepool goes", func() bool {
		return strings.Contains(f.kubectl(t, "", "events", "--for=nodepools.hyperfleet.io/going-kubectl.late"), "ParentDeleted")
	})
	f.force(t, href)
}

// atOnceOverREST and atOnceByKubectl delete resources that no adapter finalizes.
func atOnceOverREST(t *testing.T, f *fleet) {
	f.withoutAdapters(t, "at-once-rest", func() {
		href := f.cluster(t, "at-once-rest")
		deleted := f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
		if deleted["deleted_time"] == nil || deleted["generation"] != 2.0 {
			t.Errorf("DELETE: %v", deleted)
		}
		f.gone(t, href)
		f.wantCode(t, "404 HYPERFLEET-NTF-002", http.MethodDelete, href, "")
	})
}

func atOnceByKubectl(t *testing.T, f *fleet) {
	f.withoutAdapters(t, "at-once-kubectl", func() {
		for _, cascade := range []string{"background", "foreground"} { // a garbage collector runs in the server only
			f.cluster(t, "at-once-kubectl")
			f.kubectl(t, "", "delete", "hfc", "at-once-kubectl", "--cascade="+cascade, patience(t))
		}
	})
}

func stuck(t *testing.T, f *fleet) {
	href := f.cluster(t, "stuck")
	f.kubectl(t, "", "delete", "hfc", "stuck", "--wait=false")
	eventually(t, "an Event says what the deletion waits for", func() bool {
		out := f.kubectl(t, "", "events", "--for=clusters.hyperfleet.io/stuck")
		return strings.Contains(out, "DeletionStuck") && strings.Contains(out, "dns: not reported; validator: not reported")
	})
	eventually(t, "a metric says for how long a deletion has waited", func() bool {
		response, err := http.Get("http://" + f.scraped + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		const series = `hyperfleet_resources_deleting_seconds{kind="Cluster"} `
		_, after, ok := strings.Cut(string(text), series)
		value, _, _ := strings.Cut(after, "\n")
		seconds, err := strconv.ParseFloat(value, 64)
		return ok && err == nil && seconds >= 1
	})
	f.force(t, href)
}

// withoutAdapters calls do while Clusters have no required adapters.
func (f *fleet) withoutAdapters(t *testing.T, name string, do func()) {
	t.Helper()
	f.write(t, "adapters.yaml", "requiredAdapters:\n  Cluster: []\n  NodePool: [validator]\n")
	probe := f.cluster(t, name+"-probe")
	reason := func(want string) func() bool {
		return func() bool {
			return condition(t, f.want(t, http.StatusOK, http.MethodGet, probe, ""), "Ready")["reason"] == want
		}
	}
	eventually(t, "no adapter is required", reason("NoRequiredAdapters"))
	do()
	f.write(t, "adapters.yaml", dialectAdapters)
	eventually(t, "adapters are required again", reason("AwaitingAdapters"))
	f.force(t, probe)
}
