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

	"github.com/google/uuid"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A facade without the right to look up objects before a write cannot serve. This happens
// while the API server has not loaded the roles yet. The answer must not blame the
// caller, who has all rights.
func TestOwnRightsMissing(t *testing.T) {
	user := uniqueName(t)
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: user, Namespace: "default"},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{v1.GroupVersion.Group},
			Resources: []string{"clusters", "nodepools", "adapterstatuses"},
			Verbs:     []string{"list", "watch"}, // and not get
		}},
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}
	if err := suite.env.Client.Create(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	if err := suite.env.Client.Create(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(suite.env.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	server, _ := newReplicaOf(t, config)
	base := "http://" + server.Address().String()

	cluster := newCluster(t, "")
	eventually(t, "the replica knows the cluster", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+cluster.Href, nil)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, request).status == http.StatusOK
	})

	// For this generation, the facade reads the cluster from the API server.
	wantOwnRightsMissing(t, http.MethodPost, base+cluster.Href+"/statuses", reportBody("validator", 2, noon, "True"))

	// It cannot answer either that there is no such object.
	role.Rules[0].Verbs = []string{"watch"}
	if err := suite.env.Client.Update(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	reader, err := suite.env.As(user)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the right is gone", func() bool {
		return apierrors.IsForbidden(reader.List(t.Context(), &v1.ClusterList{}, client.InNamespace("default"), client.Limit(1)))
	})
	wantOwnRightsMissing(t, http.MethodGet, base+api+"/clusters/"+v1.ID(types.UID(uuid.NewString())), "")
}

func wantOwnRightsMissing(t *testing.T, method, url, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	problem := readProblem(t, response)
	if problem.Code != "HYPERFLEET-SVC-001" || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("answered %s, %s, with Retry-After %q, want 503 with one: %s", response.Status, problem.Code, response.Header.Get("Retry-After"), problem.Detail)
	}
}
