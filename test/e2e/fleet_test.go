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
	"strings"
	"testing"
	"time"
)

func report(adapter, available string, generation int, observed string) string {
	return fmt.Sprintf(`{"adapter":%q,"observed_generation":%d,"observed_time":%q,
		"conditions":[{"type":"Available","status":%q,"reason":"Tested","message":"by test"},{"type":"Applied","status":"True"},{"type":"Health","status":"True"}],
		"data":{"job_name":"%s-job","attempt":1}}`, adapter, generation, observed, available, adapter)
}

// began is the start of the tests, with a reading of the monotonic clock.
var began = time.Now()

// now returns the time for a report. Each report is newer than the reports before it, even
// if the machine's clock is set back meanwhile.
func now() string { return began.Add(time.Since(began)).UTC().Format(time.RFC3339Nano) }

// TestBothDoors makes the contract's example requests over HTTP and checks each step with
// kubectl, and the reverse.
func TestBothDoors(t *testing.T) { inBothShapes(t, testBothDoors) }

func testBothDoors(t *testing.T, f *fleet) {
	f.start(t)
	cluster := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters",
		`{"kind":"Cluster","name":"my-cluster","spec":{"release":"4.20"},"labels":{"environment":"production"}}`)
	href := cluster["href"].(string)
	if cluster["created_by"] != "dev@hyperfleet.local" {
		t.Errorf("created_by is %v", cluster["created_by"])
	}

	t.Run("kubectl sees what REST made", func(t *testing.T) {
		f.kubectl(t, "", "wait", "--for=jsonpath={.status.observedGeneration}=1", patience(t), "clusters.hyperfleet/my-cluster")
		wide := f.kubectl(t, "", "get", "clusters.hyperfleet", "-o", "wide")
		for _, want := range []string{"READY", "AVAILABLE", "REASON", "MESSAGE", "ID", "AGE", "AwaitingAdapters", cluster["id"].(string)} {
			if !strings.Contains(wide, want) {
				t.Errorf("kubectl get -o wide does not show %q:\n%s", want, wide)
			}
		}
	})

	t.Run("the last report makes it Ready at both doors", func(t *testing.T) {
		for _, adapter := range []string{"validator", "dns", "pullsecret", "hypershift"} {
			f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, "True", 1, "2025-01-01T10:00:00Z"))
		}
		if got := restCondition(f.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready"); got != "True" {
			t.Errorf("Ready over REST is %v", got)
		}
		f.kubectl(t, "", "wait", "--for=condition=Ready", patience(t), "hfc/my-cluster")
		if out := f.kubectl(t, "", "get", "clusters.hyperfleet", "--field-selector", "status.ready=True", "-o", "name"); strings.TrimSpace(out) != "cluster.hyperfleet.io/my-cluster" {
			t.Errorf("kubectl finds %q with status.ready=True", out)
		}
		if out := f.kubectl(t, "", "get", "hfas", "--field-selector", "spec.resourceRef.name=my-cluster,spec.adapter=dns", "-o", "name"); strings.TrimSpace(out) != "adapterstatus.hyperfleet.io/my-cluster.dns" {
			t.Errorf("kubectl finds %q by adapter", out)
		}
	})

	t.Run("an adapter may write its object", func(t *testing.T) {
		f.kubectl(t, `{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"my-cluster.dns"},"spec":{
			"resourceRef":{"kind":"Cluster","name":"my-cluster","uid":"`+f.jsonpath(t, "hfc/my-cluster", "{.metadata.uid}")+`"},"adapter":"dns",
			"observedGeneration":1,"observedTime":"2025-01-01T11:00:00Z","conditions":[{"type":"Available","status":"False","reason":"ZoneMissing"}]}}`,
			"apply", "--server-side", "--force-conflicts", "-f", "-")
		f.kubectl(t, "", "wait", "--for=condition=Available=False", patience(t), "hfc/my-cluster")
		message := f.jsonpath(t, "hfc/my-cluster", `{.status.conditions[?(@.type=="Ready")].message}`)
		if !strings.Contains(message, "dns: Available=False (ZoneMissing)") {
			t.Errorf("message of Ready: %s", message)
		}
	})

	t.Run("an old report changes nothing at either door", func(t *testing.T) {
		f.want(t, http.StatusNoContent, http.MethodPost, href+"/statuses", report("dns", "True", 1, "2025-01-01T10:30:00Z"))
		out, err := f.tryKubectl(t, "", "patch", "hfas", "my-cluster.dns", "--type=merge", "-p", `{"spec":{"observedTime":"2025-01-01T10:30:00Z"}}`)
		if err == nil || !strings.Contains(out, "stale report") {
			t.Errorf("a replay by kubectl: %v\n%s", err, out)
		}
	})

	t.Run("GitOps", func(t *testing.T) {
		manifest := `{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"gitops","labels":{"environment":"dev"},
			"annotations":{"hyperfleet.io/created-by":"mallory","hyperfleet.io/updated-by":"mallory"}},"spec":{"region":"eu"}}`
		f.kubectl(t, manifest, "apply", "--server-side", "-f", "-")
		version := f.jsonpath(t, "hfc/gitops", "{.metadata.generation}")
		search := api + "/clusters?search=" + url.QueryEscape("labels.environment='dev'")
		var found object
		eventually(t, "REST shows the applied cluster", func() bool {
			found = f.want(t, http.StatusOK, http.MethodGet, search, "")
			return found["total"] == float64(1)
		})
		item := found["items"].([]any)[0].(object)
		if by := item["created_by"]; by == "mallory" || by == "" {
			t.Errorf("created_by is %v", by)
		}
		f.kubectl(t, manifest, "apply", "--server-side", "-f", "-")
		if again := f.jsonpath(t, "hfc/gitops", "{.metadata.generation}"); again != version {
			t.Errorf("the same manifest again: generation %s, was %s", again, version)
		}
	})

	t.Run("a misnamed object is refused", func(t *testing.T) {
		for manifest, want := range map[string]string{
			`{"apiVersion":"hyperfleet.io/v1","kind":"Cluster","metadata":{"name":"has.dot"}}`:                                         "metadata.name",
			`{"apiVersion":"hyperfleet.io/v1","kind":"NodePool","metadata":{"name":"other.pool"},"spec":{"clusterName":"my-cluster"}}`: "spec.clusterName, a dot",
			`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"my-cluster.dns2"},"spec":{"resourceRef":{"kind":"Cluster","name":"my-cluster"},"adapter":"dns","observedGeneration":1,"observedTime":"2025-01-01T10:00:00Z","conditions":[]}}`: "spec.adapter",
		} {
			if out, err := f.tryKubectl(t, manifest, "create", "-f", "-"); err == nil || !strings.Contains(out, want) {
				t.Errorf("%s: %v\n%s", manifest, err, out)
			}
		}
	})

	t.Run("nodepools", func(t *testing.T) {
		nodePool := f.want(t, http.StatusCreated, http.MethodPost, href+"/nodepools", `{"kind":"NodePool","name":"worker-pool","spec":{"replicas":3},"labels":{"role":"worker"}}`)
		if out := f.kubectl(t, "", "get", "hfnp", "-l", "hyperfleet.io/cluster=my-cluster", "-o", "name"); strings.TrimSpace(out) != "nodepool.hyperfleet.io/my-cluster.worker-pool" {
			t.Errorf("kubectl finds %q by the cluster's label", out)
		}
		for _, adapter := range []string{"validator", "hypershift"} {
			f.want(t, http.StatusCreated, http.MethodPost, href+"/nodepools/"+nodePool["id"].(string)+"/statuses", report(adapter, "True", 1, "2025-01-01T10:00:00Z"))
		}
		if got := restCondition(f.want(t, http.StatusOK, http.MethodGet, nodePool["href"].(string), ""), "Ready"); got != "True" {
			t.Errorf("Ready of the nodepool is %v", got)
		}
	})

	t.Run("deletion takes all with it", func(t *testing.T) {
		f.kubectl(t, "", "delete", "hfc", "my-cluster", "--wait=false")
		f.kubectl(t, "", "wait", "hfc", "my-cluster", "--for=jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=WaitingForNodePools", patience(t))
		if out := f.kubectl(t, "", "get", "hfc", "my-cluster", "-o", "wide"); !strings.Contains(out, "DELETING") || !strings.Contains(out, "NodePools: worker-pool; dns: at generation") {
			t.Errorf("kubectl does not show what the deletion waits for:\n%s", out)
		}
		f.kubectl(t, "", "annotate", "hfc", "my-cluster", "hyperfleet.io/force-delete=no adapter runs")
		f.kubectl(t, "", "wait", "hfc", "my-cluster", "--for=delete", patience(t))
		if out := f.kubectl(t, "", "get", "hfnp,hfas", "-o", "name"); strings.TrimSpace(out) != "" {
			t.Errorf("still there: %s", out)
		}
		eventually(t, "REST does not show the deleted cluster", func() bool {
			status, _ := f.call(t, http.MethodGet, href, "")
			return status == http.StatusNotFound
		})
	})

	t.Run("samples and documentation", func(t *testing.T) {
		f.kubectl(t, "", "apply", "-k", "config/samples")
		f.kubectl(t, "", "delete", "-k", "config/samples", "--wait=false")
		f.kubectl(t, "", "annotate", "hfc", "eu-prod-1", "hyperfleet.io/force-delete=no adapter runs")
		f.kubectl(t, "", "wait", "hfc", "eu-prod-1", "--for=delete", patience(t))
		f.kubectl(t, "", "kustomize", "config/default")
		for _, field := range []string{"clusters.spec", "nodepools.spec.clusterName", "adapterstatuses.spec.conditions.status", "clusters.status.conditions"} {
			if out := f.kubectl(t, "", "explain", "--api-version=hyperfleet.io/v1", field); !strings.Contains(out, "DESCRIPTION") || strings.Contains(out, "<empty>") {
				t.Errorf("kubectl explain %s:\n%s", field, out)
			}
		}
	})
}

// jsonpath returns a field of an object.
func (f *fleet) jsonpath(t *testing.T, name, path string) string {
	t.Helper()
	return strings.TrimSpace(f.kubectl(t, "", "get", name, "-o", "jsonpath="+path))
}

// waitLimit bounds a wait. Only a test that fails waits for so long. One wait leaves most of
// the time until the deadline of go test to the waits of other tests that fail for the same
// reason: after the deadline, no test would stop its processes.
func waitLimit(t *testing.T) time.Duration {
	limit := 5 * time.Minute
	if deadline, ok := t.Deadline(); ok {
		limit = min(limit, max(time.Until(deadline)/4, 10*time.Second))
	}
	return limit.Round(time.Second)
}

// patience returns the flag with which kubectl waits for waitLimit.
func patience(t *testing.T) string { return "--timeout=" + waitLimit(t).String() }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := waitLimit(t)
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not true after %s: %s", limit, what)
		}
	}
}
