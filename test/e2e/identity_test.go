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
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAdapterIdentityAtBothDoors reports with the accounts of two adapters, each under
// its own name and under the other's, by REST and kubectl.
func TestAdapterIdentityAtBothDoors(t *testing.T) { inBothShapes(t, testAdapterIdentityAtBothDoors) }

func testAdapterIdentityAtBothDoors(t *testing.T, f *fleet) {
	f.authenticate = true
	f.start(t, "--adapter-identity")
	if f.shape == besideAPIServer { // the server installs the policy itself
		f.kubectl(t, "", "apply", "--server-side", "-f", filepath.Join(root(), "config", "adapter-identity", "policy.yaml"))
	}
	tokens := map[string]string{}
	for _, adapter := range []string{"dns", "validator"} {
		f.kubectl(t, "", "create", "serviceaccount", adapter)
		f.kubectl(t, "", "create", "rolebinding", adapter, "--clusterrole=hyperfleet-adapter", "--serviceaccount=default:"+adapter)
		f.kubectl(t, fmt.Sprintf(`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"report-as-%[1]s"},
			"rules":[{"apiGroups":["hyperfleet.io"],"resources":["adapters"],"resourceNames":[%[1]q],"verbs":["report"]}]}`, adapter), "create", "-f", "-")
		f.kubectl(t, "", "create", "rolebinding", "report-as-"+adapter, "--role=report-as-"+adapter, "--serviceaccount=default:"+adapter)
		tokens[adapter] = strings.TrimSpace(f.kubectl(t, "", "create", "token", adapter))
	}
	f.token = strings.TrimSpace(f.kubectl(t, "", "create", "token", "dev"))
	href := f.cluster(t, "known")
	rest := func(as, adapter, available string, generation int, observed string) (status int) {
		t.Helper()
		f.token = tokens[as]
		status, _ = f.call(t, http.MethodPost, href+"/statuses", report(adapter, available, generation, observed))
		return status
	}
	kubectl := func(as, adapter, observed string, args ...string) (string, error) {
		return f.tryKubectl(t, fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"known.%[1]s"},"spec":{
			"resourceRef":{"kind":"Cluster","name":"known"},"adapter":%[1]q,"observedGeneration":1,"observedTime":%[2]q,
			"conditions":[{"type":"Available","status":"True","reason":"Tested","message":""}]}}`, adapter, observed),
			append([]string{"apply", "--server-side", "--force-conflicts", "-f", "-", "--as=system:serviceaccount:default:" + as}, args...)...)
	}
	refused := func(adapter string) string { return fmt.Sprintf("as adapter %q", adapter) }

	eventually(t, "the roles count", func() bool { return rest("dns", "dns", "True", 1, "2025-01-01T10:00:00Z") == http.StatusCreated })
	eventually(t, "the policy is in force", func() bool {
		out, err := kubectl("dns", "validator", "2025-01-01T10:00:00Z", "--dry-run=server")
		return err != nil && strings.Contains(out, refused("validator"))
	})
	// Only the policy needs the role report-as-validator.
	eventually(t, "the roles of the other adapter count", func() bool {
		_, err := kubectl("validator", "validator", "2025-01-01T10:00:00Z", "--dry-run=server") // it has no report yet
		return err == nil
	})
	for what, got := range map[string]int{
		"a first one": rest("dns", "validator", "True", 1, "2025-01-01T10:00:00Z"),
		"a later one": rest("validator", "dns", "False", 1, "2025-01-01T11:00:00Z"),
		"stale":       rest("validator", "dns", "True", 1, "2025-01-01T09:00:00Z"),
		"ahead":       rest("validator", "dns", "True", 7, "2025-01-01T11:00:00Z"),
		"unknown":     rest("validator", "dns", "Unknown", 1, "2025-01-01T11:00:00Z"),
	} {
		if got != http.StatusForbidden {
			t.Errorf("a report over REST under another name, %s: status %d, want 403", what, got)
		}
	}
	if out, err := kubectl("validator", "dns", "2025-01-01T11:00:00Z"); err == nil || !strings.Contains(out, refused("dns")) {
		t.Errorf("a report by kubectl under another name: %v\n%s", err, out)
	}
	for _, adapter := range []string{"dns", "validator"} {
		if out, err := kubectl(adapter, adapter, "2025-01-01T12:00:00Z"); err != nil {
			t.Errorf("a report by kubectl of %s itself: %v\n%s", adapter, err, out)
		}
		if got := rest(adapter, adapter, "True", 1, "2025-01-01T13:00:00Z"); got != http.StatusCreated {
			t.Errorf("a report over REST of %s itself: status %d", adapter, got)
		}
	}
	if f.shape == besideAPIServer {
		return
	}
	f.stop(t, syscall.SIGTERM)
	f.start(t)
	if got := rest("validator", "dns", "True", 1, "2025-01-01T14:00:00Z"); got != http.StatusCreated {
		t.Errorf("without the flag, a report over REST under another name: status %d", got)
	}
	if out, err := kubectl("validator", "dns", "2025-01-01T15:00:00Z"); err != nil {
		t.Errorf("without the flag, a report by kubectl under another name: %v\n%s", err, out)
	}
}
