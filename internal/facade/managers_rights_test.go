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
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestManagersRights compares the rights that the API server gives to the manager with the
// table in docs/security.md, in the served namespace, in the manager's own namespace and
// in another one.
func TestManagersRights(t *testing.T) {
	elsewhere, err := suite.env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	manager, err := suite.env.Manager()
	if err != nil {
		t.Fatal(err)
	}
	anybody, err := suite.env.ClientCertificate("system:serviceaccount:hyperfleet-system:other",
		"system:serviceaccounts", "system:serviceaccounts:hyperfleet-system")
	if err != nil {
		t.Fatal(err)
	}
	documented := managersRights(t)
	for namespace, where := range map[string]string{"default": "the served namespace", "hyperfleet-system": "`hyperfleet-system`", elsewhere: "another"} {
		want := slices.Sorted(slices.Values(slices.Concat(documented["everywhere"], documented[where])))
		common := rightsIn(t, anybody, namespace)
		got := slices.DeleteFunc(rightsIn(t, manager, namespace), func(one string) bool {
			return slices.Contains(common, one) && !slices.Contains(want, one)
		})
		if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
			t.Errorf("in %s (-documented +granted):\n%s", where, diff)
		}
	}
}

// managersRights returns the table of docs/security.md: the rights by the place where
// they apply, each in the form that rightsIn returns.
func managersRights(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "| Where | API group | Resources | Verbs | Purpose |\n|---|---|---|---|---|\n")
	if !ok {
		t.Fatal("docs/security.md has no table of the manager's rights")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	quoted := regexp.MustCompile("`([^`]*)`")
	all := func(cell string) (values []string) {
		for _, one := range quoted.FindAllStringSubmatch(cell, -1) {
			values = append(values, strings.Trim(one[1], `"`))
		}
		return values
	}
	rights := map[string][]string{}
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		where := strings.TrimSpace(cells[1])
		resources, names, _ := strings.Cut(cells[3], " named ")
		rule := authorizationv1.ResourceRule{APIGroups: all(cells[2]), Resources: all(resources), ResourceNames: all(names), Verbs: all(cells[4])}
		rights[where] = append(rights[where], spelled(rule)...)
	}
	return rights
}

// rightsIn returns the rights of a user in a namespace, as reported by the API server.
func rightsIn(t *testing.T, user *restclient.Config, namespace string) []string {
	t.Helper()
	c, err := client.New(user, client.Options{Scheme: suite.env.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	if err := c.Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	if review.Status.Incomplete {
		t.Fatalf("the API server does not know all rights: %s", review.Status.EvaluationError)
	}
	rights := map[string]bool{}
	for _, rule := range review.Status.ResourceRules {
		for _, one := range spelled(rule) {
			rights[one] = true
		}
	}
	for _, rule := range review.Status.NonResourceRules {
		for _, one := range spelled(authorizationv1.ResourceRule{Resources: rule.NonResourceURLs, Verbs: rule.Verbs}) {
			rights[one] = true
		}
	}
	return slices.Sorted(maps.Keys(rights))
}

// spelled returns the single rights of a rule. A rule without a group gives rights to
// URLs.
func spelled(rule authorizationv1.ResourceRule) []string {
	groups, names := rule.APIGroups, rule.ResourceNames
	if len(groups) == 0 {
		groups = []string{"URL"}
	}
	if len(names) == 0 {
		names = []string{"all"}
	}
	var rights []string
	for _, group := range groups {
		for _, resource := range rule.Resources {
			for _, name := range names {
				for _, verb := range rule.Verbs {
					rights = append(rights, strings.Join([]string{verb, resource, "of", group, "named", name}, " "))
				}
			}
		}
	}
	return rights
}

// TestManagerActsInBounds uses the manager's credentials for actions that they must not
// allow, as the manager and as other users.
func TestManagerActsInBounds(t *testing.T) {
	elsewhere, err := suite.env.NewNamespace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range []string{"", devUser, "system:serviceaccount:default:default", "system:node:one"} {
		config, err := suite.env.Manager()
		if err != nil {
			t.Fatal(err)
		}
		config.Impersonate.UserName = as
		c, err := client.New(config, client.Options{Scheme: suite.env.Scheme, Mapper: suite.manager.GetRESTMapper()})
		if err != nil {
			t.Fatal(err)
		}
		report := &v1.AdapterStatus{ObjectMeta: metav1.ObjectMeta{Name: "by-alice.dns", Namespace: "default"}}
		tries := map[string]func() error{
			"list secrets":                   func() error { return c.List(t.Context(), &corev1.SecretList{}, client.InNamespace("default")) },
			"list clusters elsewhere":        func() error { return c.List(t.Context(), &v1.ClusterList{}, client.InNamespace(elsewhere)) },
			"delete all clusters":            func() error { return c.DeleteAllOf(t.Context(), &v1.Cluster{}, client.InNamespace("default")) },
			"delete all nodepools elsewhere": func() error { return c.DeleteAllOf(t.Context(), &v1.NodePool{}, client.InNamespace(elsewhere)) },
			"give itself a role": func() error {
				return c.Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "more"}})
			},
		}
		if as != "" { // docs/security.md has the second example
			tries["delete a report as another"] = func() error { return c.Delete(t.Context(), report) }
			tries["read clusters as another"] = func() error { return c.List(t.Context(), &v1.ClusterList{}, client.InNamespace("default")) }
		}
		for what, try := range tries {
			if err := try(); !apierrors.IsForbidden(err) {
				t.Errorf("as %q: %s: %v, want it to be forbidden", as, what, err)
			}
		}
	}
}
