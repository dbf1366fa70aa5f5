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
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAuthentication runs a fleet that authenticates callers, with the most verbose log
// that is allowed, and checks that the log contains no credentials.
func TestAuthentication(t *testing.T) { inBothShapes(t, testAuthentication) }

func testAuthentication(t *testing.T, f *fleet) {
	f.authenticate = true
	f.start(t, "--zap-log-level=7")
	f.wantCode(t, "401 HYPERFLEET-AUT-001", http.MethodGet, api+"/clusters", "")
	for _, credentials := range []string{"Bearer not-a-token", "Bearer", "Basic amU6bmU="} {
		f.wantCode(t, "401 HYPERFLEET-AUT-002", http.MethodGet, api+"/clusters", "", "Authorization", credentials)
	}

	f.kubectl(t, "", "create", "serviceaccount", "owner")
	f.token = strings.TrimSpace(f.kubectl(t, "", "create", "token", "owner"))
	f.want(t, http.StatusForbidden, http.MethodGet, api+"/clusters", "")
	f.kubectl(t, "", "create", "rolebinding", "owner", "--clusterrole=hyperfleet-editor", "--serviceaccount=default:owner")
	eventually(t, "the role counts", func() bool {
		status, _ := f.call(t, http.MethodGet, api+"/clusters", "")
		return status == http.StatusOK
	})
	const secret = "a-secret-of-the-spec"
	cluster := f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"owned","spec":{"secret":"`+secret+`"}}`)
	if by := cluster["created_by"]; by != "owner@default.serviceaccount.users.hyperfleet.local" {
		t.Errorf("created_by is %v", by)
	}
	f.want(t, http.StatusForbidden, http.MethodPost, cluster["href"].(string)+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))

	metrics := "http://" + f.scraped + "/metrics"
	if got := f.status(t, metrics); got != http.StatusForbidden {
		t.Errorf("metrics for a user without the right: status %d, want 403", got)
	}
	f.kubectl(t, "", "create", "clusterrolebinding", "owner-sees-metrics", "--clusterrole=hyperfleet-metrics-reader", "--serviceaccount=default:owner")
	scraper := *f
	eventually(t, "the metrics are shown", func() bool {
		// A denial is cached for a while, by user.
		scraper.token = strings.TrimSpace(f.kubectl(t, "", "create", "token", "owner"))
		return scraper.status(t, metrics) == http.StatusOK
	})
	scraper.token = ""
	if got := scraper.status(t, metrics); got != http.StatusUnauthorized {
		t.Errorf("metrics without a token: status %d, want 401", got)
	}
	scraper.token = "not-a-token"
	if got := scraper.status(t, metrics); got != http.StatusUnauthorized {
		t.Errorf("metrics with a bad token: status %d, want 401", got)
	}

	log, err := os.ReadFile(f.logFile())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "HYPERFLEET-AUT-001") {
		t.Fatal("the log lacks the request without credentials, so it is not verbose enough for this test")
	}
	for what, text := range map[string]string{"token": f.token, "spec": secret} {
		if strings.Contains(string(log), text) {
			t.Errorf("the log holds the %s", what)
		}
	}
}

func (f *fleet) status(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if f.token != "" {
		request.Header.Set("Authorization", "Bearer "+f.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestUnsafeFlags checks that the manager refuses unsafe flags.
func TestUnsafeFlags(t *testing.T) {
	for name, test := range map[string]struct {
		flags []string
		want  string
	}{
		"plain HTTP on the network":        {nil, "the REST API at :8000 needs a certificate"},
		"no authentication on the network": {[]string{"--insecure-disable-authentication", "--user=x", "--insecure-plain-http"}, "--insecure-unauthenticated-network"},
		"no authentication as nobody":      {[]string{"--insecure-disable-authentication", "--facade-bind-address=127.0.0.1:0"}, "--user"},
		"authentication as a fixed user":   {[]string{"--user=x", "--facade-bind-address=127.0.0.1:0"}, "--insecure-disable-authentication"},
		"tokens in the log":                {[]string{"--zap-log-level=8", "--facade-bind-address=127.0.0.1:0"}, "--zap-log-level"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command(filepath.Join(bin, "hyperfleet"), append([]string{"manager", "--adapters-config=x"}, test.flags...)...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("ended with %v, want an error that mentions %q:\n%s", err, test.want, out)
			}
		})
	}
}
