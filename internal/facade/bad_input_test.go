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
	"fmt"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// A badInput is a request that must be refused. {cluster}, {nodepool} and so on
// in its path stand for the ids of the fixture.
type badInput struct {
	method string // POST if empty
	path   string
	header map[string]string
	body   string
	// want is the status, the code without its prefix, and the field and
	// constraint of each of the errors: "400 VAL-002 name:minLength".
	want string
	// wantAllow is the Allow header.
	wantAllow string
}

// A fixture contains the objects that bad requests are about.
type fixture struct {
	cluster, nodePool   string // with a report of the adapter validator on each
	cluster2, nodePool2 string // others
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	var f fixture
	f.cluster, f.cluster2 = newCluster(t, "").ID, newCluster(t, "").ID
	f.nodePool, f.nodePool2 = newNodePool(t, f.cluster, "pool-one").ID, newNodePool(t, f.cluster2, "pool-two").ID
	for _, path := range []string{"/clusters/{cluster}/statuses", "/clusters/{cluster}/nodepools/{nodepool}/statuses"} {
		post(t, api+f.fill(path), availableReport("validator", 1, "2025-01-01T10:00:00Z")).want(t, http.StatusCreated)
	}
	return f
}

// fill puts the ids into a path.
func (f fixture) fill(path string) string {
	return strings.NewReplacer("{cluster}", f.cluster, "{nodepool}", f.nodePool,
		"{cluster2}", f.cluster2, "{nodepool2}", f.nodePool2).Replace(path)
}

func availableReport(adapter string, generation int, observed string) string {
	return fmt.Sprintf(`{"adapter":%q,"observed_generation":%d,"observed_time":%q,"conditions":[{"type":"Available","status":"True"}]}`, adapter, generation, observed)
}

// refuse runs the cases, each as a subtest, and checks that they write nothing.
func (f fixture) refuse(t *testing.T, cases map[string]badInput) {
	t.Helper()
	check := writesNothing(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.method == "" {
				c.method = http.MethodPost
			}
			request, err := http.NewRequestWithContext(t.Context(), c.method, suite.base+f.fill(c.path), strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.body != "" {
				request.Header.Set("Content-Type", "application/json")
			}
			for key, value := range c.header {
				request.Header.Set(key, value)
			}
			a := do(t, request)
			if got := a.summary(t, c.method); got != c.want {
				t.Errorf("%s %s %s\n got %q\nwant %q\n%s", c.method, c.path, startOf(c.body), got, c.want, startOf(string(a.body)))
			}
			if got := a.header.Get("Allow"); got != c.wantAllow {
				t.Errorf("Allow is %q, want %q", got, c.wantAllow)
			}
		})
	}
	check()
}

// summary returns an answer in the form of badInput.want.
func (a answer) summary(t *testing.T, method string) string {
	t.Helper()
	if a.status < 400 || method == http.MethodHead {
		return fmt.Sprint(a.status)
	}
	problem := a.problem(t)
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", a.status, strings.TrimPrefix(problem.Code, "HYPERFLEET-"))
	for _, e := range problem.Errors {
		fmt.Fprintf(&b, " %s:%s", e.Field, e.Constraint)
		if e.Message == "" {
			t.Errorf("no message for %s", e.Field)
		}
	}
	return b.String()
}

// startOf returns the beginning of a string, for messages.
func startOf(text string) string {
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}

// stored returns the metadata of all stored objects. Decoding their other content, which
// is megabytes, takes seconds under the race detector.
func stored(t *testing.T) []metav1.PartialObjectMetadata {
	t.Helper()
	var all []metav1.PartialObjectMetadata
	for _, kind := range []string{v1.ClusterKind, v1.NodePoolKind, v1.AdapterStatusKind} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
		if err := suite.env.Client.List(t.Context(), list, client.InNamespace("default")); err != nil {
			t.Fatal(err)
		}
		for _, object := range list.Items {
			object.Kind = kind
			all = append(all, object)
		}
	}
	return all
}
