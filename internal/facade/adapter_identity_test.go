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
	"net/http"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
)

// TestAdapterIdentity reports as an adapter with and without the right to do so. Without
// the right, no report gets the answer of an accepted report, and no report removes the
// recorded one, even if the facade would write nothing as the caller.
func TestAdapterIdentity(t *testing.T) {
	const userHeader = "X-Test-User"
	config, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	may, err := delegation().NewAuthorizer(config)
	if err != nil {
		t.Fatal(err)
	}
	h := &hooks{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		h.next = next
		return h
	})
	server, _ := newReplicaOf(t, config, func(o *replicaOptions) {
		o.AdapterIdentity, o.Authorizer = true, may
		o.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
			return &authenticator.Response{User: &user.DefaultInfo{Name: r.Header.Get(userHeader)}}, true, nil
		})
	})
	reporter := func(adapter string) (name string) {
		role := &rbacv1.ClusterRole{
			ObjectMeta: metav1.ObjectMeta{Name: uniqueName(t)},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"hyperfleet.io"}, Resources: []string{"adapters"}, ResourceNames: []string{adapter}, Verbs: []string{"report"}}},
		}
		if err := suite.env.Client.Create(t.Context(), role); err != nil {
			t.Fatal(err)
		}
		name = uniqueName(t) + "@example.com"
		bind(t, "default", "hyperfleet-adapter", name)
		bind(t, "default", role.Name, name)
		waitForRight(t, name, "patch", "adapterstatuses", "")
		waitForRight(t, name, "report", "adapters", adapter)
		return name
	}
	dns, aws := reporter("dns"), reporter("aws")
	report := func(as, path, body string) answer {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server.Address().String()+path+"/statuses", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(userHeader, as)
		return do(t, request)
	}

	cluster := newCluster(t, "")
	report(dns, cluster.Href, reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
	report(aws, cluster.Href, reportBody("aws", 1, noon, "True")).want(t, http.StatusCreated)
	for name, test := range map[string]struct {
		body  string
		right int // the answer to a caller with the right
	}{
		"stale":                {reportBody("dns", 1, noon.Add(-time.Hour), "False"), http.StatusNoContent},
		"ahead":                {reportBody("dns", 9, noon, "False"), http.StatusNoContent},
		"unknown":              {reportBody("dns", 1, noon.Add(time.Hour), "Unknown"), http.StatusNoContent},
		"new":                  {reportBody("dns", 1, noon.Add(time.Minute), "True"), http.StatusCreated},
		"without a known name": {reportBody("nobody", 1, noon, "True"), http.StatusForbidden},
	} {
		refused := report(aws, cluster.Href, test.body).want(t, http.StatusForbidden).problem(t)
		if want := `User "` + aws + `" cannot report resource "adapters"`; refused.Code != "HYPERFLEET-AUZ-001" || !strings.HasPrefix(refused.Detail, want) {
			t.Errorf("%s: %s %q, want one that begins with %s", name, refused.Code, refused.Detail, want)
		}
		report(dns, cluster.Href, test.body).want(t, test.right)
	}

	t.Run("an implausible report stays", func(t *testing.T) {
		cluster := newCluster(t, "")
		report(dns, cluster.Href, reportBody("dns", 1, noon, "True")).want(t, http.StatusCreated)
		plantOver(t, cluster, "dns")
		h.before.Store(new(func(method string) error {
			if method == http.MethodDelete {
				t.Error("the report of dns is deleted")
			}
			return nil
		}))
		report(aws, cluster.Href, reportBody("dns", 1, noon.Add(time.Hour), "True")).want(t, http.StatusForbidden)
		h.before.Store(nil)
		report(dns, cluster.Href, reportBody("dns", 1, noon.Add(time.Hour), "True")).want(t, http.StatusCreated)
	})
}
