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
	"strings"
	"testing"
)

// TestImplausibleReport sends a report from the future, as an adapter with a wrong clock
// would. The known result stays known, and the adapter's correct reports are accepted at
// both doors.
func TestImplausibleReport(t *testing.T) { inBothShapes(t, testImplausibleReport) }

func testImplausibleReport(t *testing.T, f *fleet) {
	f.start(t)
	href := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"kind":"Cluster","name":"my-cluster","spec":{}}`)["href"].(string)
	for _, adapter := range []string{"validator", "dns", "pullsecret", "hypershift"} {
		f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, "True", 1, now()))
	}
	byKubectl := func(available, observed string) {
		t.Helper()
		f.kubectl(t, fmt.Sprintf(`{"apiVersion":"hyperfleet.io/v1","kind":"AdapterStatus","metadata":{"name":"my-cluster.dns"},"spec":{
			"resourceRef":{"kind":"Cluster","name":"my-cluster"},"adapter":"dns","observedGeneration":1,"observedTime":%q,
			"conditions":[{"type":"Available","status":%q,"reason":"ByKubectl"}]}}`, observed, available), "apply", "--server-side", "-f", "-")
	}
	wantReady := func(want string) {
		t.Helper()
		eventually(t, "Ready is "+want, func() bool {
			return restCondition(f.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready") == want
		})
	}
	// A report keeps the uid that it was created with, and REST creates reports with a
	// uid.
	f.kubectl(t, "", "delete", "hfas", "my-cluster.dns")
	byKubectl("True", now())
	wantReady("True")

	byKubectl("False", "2999-12-31T00:00:00Z")
	eventually(t, "the report is deleted", func() bool {
		out, err := f.tryKubectl(t, "", "get", "hfas", "my-cluster.dns")
		return err != nil && strings.Contains(out, "not found")
	})
	eventually(t, "a Warning names it", func() bool {
		out := f.kubectl(t, "", "get", "events", "--field-selector", "reason=ImplausibleDeleted,type=Warning", "-o", "jsonpath={.items[*].message}{.items[*].note}")
		return strings.Contains(out, `"my-cluster.dns"`) && strings.Contains(out, "2999")
	})
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("validator", "True", 1, now())) // HyperFleet reads all reports again
	if got := restCondition(f.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready"); got != "True" {
		t.Errorf("Ready is %v without the report of dns, want what was known", got)
	}

	byKubectl("False", now())
	wantReady("False")
	byKubectl("False", "2999-12-31T00:00:00Z")
	f.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "True", 1, now()))
	wantReady("True")
}
