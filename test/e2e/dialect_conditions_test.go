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
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reasons returns the aggregated conditions as "type=status reason".
func reasons(t *testing.T, resource object) (found []string) {
	t.Helper()
	for _, name := range []string{"Ready", "Reconciled", "Available", "LastKnownReconciled"} {
		c := condition(t, resource, name)
		found = append(found, fmt.Sprintf("%s=%s %s", name, c["status"], c["reason"]))
	}
	return found
}

func reconciledOverREST(t *testing.T, f *fleet) {
	created := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"reconciled-rest","spec":{}}`)
	href := created["href"].(string)
	check := func(when string, resource object, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, reasons(t, resource)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	reported := func(status, observed string) object {
		for _, adapter := range []string{"validator", "dns"} {
			f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, status, 1, observed))
		}
		return f.want(t, http.StatusOK, http.MethodGet, href, "")
	}
	check("created", created, "Ready=False AwaitingAdapters", "Reconciled=False ReconciledMissingAdapters",
		"Available=False AwaitingAdapters", "LastKnownReconciled=False AdaptersMissingReports")
	check("all True", reported("True", "2025-01-01T10:00:00Z"), "Ready=True ResourceReady", "Reconciled=True ReconciledAll",
		"Available=True ResourceAvailable", "LastKnownReconciled=True AllAdaptersReconciled")
	check("all False", reported("False", "2025-01-01T11:00:00Z"), "Ready=False AdaptersNotReady", "Reconciled=False ReconciledMissingAdapters",
		"Available=False AdaptersUnavailable", "LastKnownReconciled=False AdapterReportedNotAvailable")
	check("deleted", f.want(t, http.StatusAccepted, http.MethodDelete, href, ""), "Ready=False Finalizing", "Reconciled=False ReconciledMissingAdapters",
		"Available=False AdaptersUnavailable", "LastKnownReconciled=False AdapterReportedNotAvailable")
	f.force(t, href)

	owner := f.cluster(t, "reconciled-children")
	f.nodePool(t, owner, "workers")
	f.want(t, http.StatusAccepted, http.MethodDelete, owner, "") // the answer may come before or after the reconciler has seen the nodepool
	eventually(t, "it waits for its nodepools", func() bool {
		return condition(t, f.want(t, http.StatusOK, http.MethodGet, owner, ""), "Reconciled")["reason"] == "ReconciledWaitingForChildren"
	})
	f.force(t, owner)
}

func reconciledByKubectl(t *testing.T, f *fleet) {
	href := f.cluster(t, "reconciled-kubectl")
	defer f.force(t, href)
	for _, adapter := range []string{"validator", "dns"} {
		f.apply(t, statusObject("reconciled-kubectl", adapter, 1, "2025-01-01T10:00:00Z", "Available=True"))
	}
	for _, name := range []string{"Ready", "Reconciled", "Available", "LastKnownReconciled"} {
		f.kubectl(t, "", "wait", "hfc", "reconciled-kubectl", "--for=condition="+name, patience(t))
	}
}

func lastKnownReconciled(t *testing.T, f *fleet) {
	href := f.cluster(t, "last-known")
	defer f.force(t, href)
	for _, adapter := range []string{"validator", "dns"} {
		f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, "True", 1, "2025-01-01T10:00:00Z"))
	}
	f.want(t, http.StatusOK, http.MethodPatch, href, `{"spec":{"changed":true}}`)
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "False", 2, "2025-01-01T11:00:00Z"))
	want := []string{"Ready=False AdaptersNotReady", "Reconciled=False ReconciledMissingAdapters",
		"Available=True ResourceAvailable", "LastKnownReconciled=True AllAdaptersReconciled"} // both keep the last known result
	if diff := cmp.Diff(want, reasons(t, f.want(t, http.StatusOK, http.MethodGet, href, ""))); diff != "" {
		t.Errorf("at mixed generations (-want +got):\n%s", diff)
	}
	mixed := f.cluster(t, "never-known")
	defer f.force(t, mixed)
	f.want(t, http.StatusCreated, http.MethodPost, mixed+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	f.want(t, http.StatusOK, http.MethodPatch, mixed, `{"spec":{"changed":true}}`)
	f.want(t, http.StatusCreated, http.MethodPost, mixed+"/statuses", report("validator", "True", 2, "2025-01-01T10:00:00Z"))
	if c := condition(t, f.want(t, http.StatusOK, http.MethodGet, mixed, ""), "LastKnownReconciled"); c["status"] != "False" || c["reason"] != "AdaptersNotAtSameGeneration" {
		t.Errorf("never at one generation: %v", c)
	}
}

func adapterSuccessful(t *testing.T, f *fleet) {
	href := f.cluster(t, "successful")
	defer f.force(t, href)
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("gcp-provisioner", "True", 1, "2025-01-01T10:00:00Z"))
	if c := condition(t, f.want(t, http.StatusOK, http.MethodGet, href, ""), "GcpProvisionerSuccessful"); c["status"] != "True" || c["reason"] != "Tested" || c["observed_generation"] != 1.0 {
		t.Errorf("the condition of an adapter: %v", c)
	}
}

func observedGeneration(t *testing.T, f *fleet) {
	href := f.cluster(t, "observed-rest")
	defer f.force(t, href)
	check := func(when string, resource object, ready, reconciled float64) {
		t.Helper()
		if got := condition(t, resource, "Ready")["observed_generation"]; got != ready {
			t.Errorf("%s: Ready observes %v, want %v", when, got, ready)
		}
		if got := condition(t, resource, "Reconciled")["observed_generation"]; got != reconciled {
			t.Errorf("%s: Reconciled observes %v, want %v", when, got, reconciled)
		}
	}
	check("before a report", f.want(t, http.StatusOK, http.MethodGet, href, ""), 0, 1)
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	check("after a report", f.want(t, http.StatusOK, http.MethodGet, href, ""), 1, 1)
	check("after a change", f.want(t, http.StatusOK, http.MethodPatch, href, `{"spec":{"changed":true}}`), 1, 2)
}

func observedGenerationByKubectl(t *testing.T, f *fleet) {
	href := f.cluster(t, "observed-kubectl")
	defer f.force(t, href)
	f.want(t, http.StatusOK, http.MethodPatch, href, `{"spec":{"changed":true}}`)
	for _, name := range []string{"Ready", "Reconciled"} { // as kubectl wait expects
		f.kubectl(t, "", "wait", "hfc", "observed-kubectl", `--for=jsonpath={.status.conditions[?(@.type=="`+name+`")].observedGeneration}=2`, patience(t))
	}
}

func mappedOverREST(t *testing.T, f *fleet) {
	href := f.cluster(t, "mapped-rest")
	defer f.force(t, href)
	if conditions := fmt.Sprint(f.want(t, http.StatusOK, http.MethodGet, href, "")["status"]); strings.Contains(conditions, "ZoneReady") {
		t.Errorf("conditions although the rule is false: %v", conditions)
	}
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses",
		`{"adapter":"dns","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":"Available","status":"True"},{"type":"Secret","status":"True"}],
		"data":{"zone":{"ready":true,"name":"a.example"},"password":"hidden"}}`)
	shown := f.want(t, http.StatusOK, http.MethodGet, href, "")
	if c := condition(t, shown, "ZoneReady"); c["status"] != "True" || c["reason"] != "ReportedByDNS" || c["message"] != `mapped-rest {"name":"a.example","ready":true}` {
		t.Errorf("the mapped condition: %v", c)
	}
	// A rule that fails yields nothing, and an adapter's other conditions and data stay
	// in its report.
	for _, word := range []string{"NeverThere", "Secret", "hidden"} {
		if strings.Contains(fmt.Sprint(shown), word) {
			t.Errorf("%s reached the resource: %v", word, shown)
		}
	}
	if found := f.want(t, http.StatusOK, http.MethodGet, api+"/clusters?search=status.conditions.ZoneReady%3D'True'%20and%20name%3D'mapped-rest'", ""); found["total"] != 1.0 {
		t.Errorf("a search for the mapped condition: %v", found)
	}
}

func mappedByKubectl(t *testing.T, f *fleet) {
	href := f.cluster(t, "mapped-kubectl")
	defer f.force(t, href)
	f.apply(t, statusObject("mapped-kubectl", "dns", 1, "2025-01-01T10:00:00Z", "Available=True"))
	f.kubectl(t, "", "wait", "hfc", "mapped-kubectl", "--for=condition=ZoneReady=False", patience(t))
	eventually(t, "an Event says that a rule failed", func() bool {
		out := f.kubectl(t, "", "events", "--for=clusters.hyperfleet.io/mapped-kubectl")
		return strings.Contains(out, "MappingFailed") && strings.Contains(out, "NeverThere")
	})
}

// TestBadRule starts the manager with rules that it must refuse.
func TestBadRule(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	for name, test := range map[string]struct{ old, replacement, want string }{
		"does not compile":    {"resource.name +", "resource.name -", "adapters.yaml:11: conditions.Cluster[0].output.message"},
		"has a reserved type": {"ZoneReady", "Reconciled", "adapters.yaml:6: conditions.Cluster[0].type"},
	} {
		t.Run(name, func(t *testing.T) {
			file := f.write(t, "adapters.yaml", strings.Replace(dialectAdapters, test.old, test.replacement, 1))
			out, err := exec.Command(filepath.Join(bin, "hyperfleet"), "manager", "--adapters-config="+file, "--facade-bind-address=127.0.0.1:0").CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("ended with %v, want an error with %q:\n%s", err, test.want, out)
			}
		})
	}
}

// TestNewerNames runs a fleet that serves the newer names only.
func TestNewerNames(t *testing.T) { inBothShapes(t, testNewerNames) }

func testNewerNames(t *testing.T, f *fleet) {
	f.start(t, "--condition-names=newer")
	created := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"newer","spec":{}}`)
	for what, resource := range map[string]object{"the create": created, "a read": f.want(t, http.StatusOK, http.MethodGet, created["href"].(string), "")} {
		for name, reason := range map[string]string{"Reconciled": "ReconciledMissingAdapters", "LastKnownReconciled": "AdaptersMissingReports"} {
			if c := condition(t, resource, name); c["status"] != "False" || c["reason"] != reason {
				t.Errorf("%s: %v", what, c)
			}
		}
		if restCondition(resource, "Ready") != nil || restCondition(resource, "Available") != nil {
			t.Errorf("%s has the first names too: %v", what, resource["status"])
		}
	}
	f.kubectl(t, "", "wait", "hfc", "newer", "--for=condition=Reconciled=False", patience(t))
	out := f.kubectl(t, "", "get", "hfc", "newer", "-o", "wide")
	for _, want := range []string{"ReconciledMissingAdapters", "Waiting for adapters to report status"} {
		if !strings.Contains(out, want) {
			t.Errorf("kubectl does not print %q:\n%s", want, out)
		}
	}
}
