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
	"slices"
	"strings"
	"testing"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// faults are the examples of problems that require a fault, many callers, or a server of
// another configuration. Other tests provoke them; the contract's own tests check their
// form.
var faults = []string{
	"refused", "unusable-user", "misdirected", "conflict", "too-many-requests", "too-slow", "internal",
	"unavailable", "timeout", "not-ready", "stale", "clock-skew",
}

// TestExampleProblems makes the requests that the examples of problems answer.
func TestExampleProblems(t *testing.T) {
	cluster, ending := newCluster(t, ""), newCluster(t, "")
	request(t, http.MethodDelete, ending.Href, "", "").want(t, http.StatusAccepted)
	stranger := newCaller(t)
	s := newStory(t, cluster.Name)
	s.names = strings.NewReplacer(stranger.name, "jo@example.com")

	const clusters = rest.ClustersPath
	create := func(body string) answer { return post(t, clusters, body) }
	tests := map[string]func() answer{
		"malformed-body":   func() answer { return create(`{"name": "my-cluster",`) },
		"invalid-body":     func() answer { return create(`{"name": "My_Cluster", "spec": {}, "owner": "me"}`) },
		"invalid-nodepool": func() answer { return post(t, cluster.Href+"/nodepools", `{"name": "workers-in-region-b"}`) },
		"invalid-report": func() answer {
			return post(t, cluster.Href+"/statuses", `{"adapter": "dns", "observed_generation": 1, "conditions": [{"type": "Available", "status": "Yes"}]}`)
		},
		"no-reason":         func() answer { return post(t, cluster.Href+"/force-delete", `{}`) },
		"immutable":         func() answer { return patch(t, cluster.Href, replaceMembers, `{"name": "other"}`) },
		"invalid-parameter": func() answer { return get(t, clusters+"?page=0") },
		"invalid-dry-run":   func() answer { return request(t, http.MethodDelete, cluster.Href+"?dryRun=true", "", "") },
		"invalid-search":    func() answer { return get(t, query(clusters, "search", "name = my-cluster")) },
		"unsupported-media-type": func() answer {
			return request(t, http.MethodPost, clusters, "text/plain", `{"name": "my-cluster", "spec": {}}`)
		},
		"method-not-allowed":  func() answer { return call(t, http.MethodPut, clusters, `{}`) },
		"unauthenticated":     func() answer { return caller{client: suite.secure.client(t)}.get(t, clusters) },
		"invalid-credentials": func() answer { return caller{client: suite.secure.client(t), token: "expired"}.get(t, clusters) },
		"forbidden":           func() answer { return stranger.post(t, clusters, `{"name": "my-cluster", "spec": {}}`) },
		"cross-origin": func() answer {
			return request(t, http.MethodPost, clusters, "application/json", `{}`, "Sec-Fetch-Site", "cross-site")
		},
		"no-such-path":        func() answer { return get(t, clusters+"/") },
		"no-such-cluster":     func() answer { return get(t, clusters+"/2abc123") },
		"no-such-nodepool":    func() answer { return get(t, rest.NodePoolsPath+"/2abc123") },
		"name-taken":          func() answer { return create(`{"name": "` + cluster.Name + `", "spec": {}}`) },
		"terminating":         func() answer { return patch(t, ending.Href, replaceMembers, `{"spec": {}}`) },
		"cluster-terminating": func() answer { return post(t, ending.Href+"/nodepools", `{"name": "workers", "spec": {}}`) },
		"precondition-failed": func() answer {
			return patch(t, cluster.Href, replaceMembers, `{"spec": {}}`, "If-Match", `"of-another-version"`)
		},
		"patch-failed": func() answer {
			return patch(t, cluster.Href, jsonPatch, `[{"op": "test", "path": "/generation", "value": 7}]`)
		},
		"not-terminating": func() answer { return post(t, cluster.Href+"/force-delete", `{"reason": "it is late"}`) },
		"too-large": func() answer {
			return create(`{"name": "my-cluster", "spec": {"text": "` + strings.Repeat("x", 1<<20) + `"}}`)
		},
		"uri-too-long": func() answer { return get(t, clusters+"?search="+strings.Repeat("x", 20<<10)) },
	}
	for example, made := range tests {
		t.Run(example, func(t *testing.T) { s.compare(t, example, made()) })
	}
	for name, value := range s.examples {
		if strings.Contains(string(value), `"urn:hyperfleet:problem:`) && tests[name] == nil && !slices.Contains(faults, name) {
			t.Errorf("no request is answered with the example %s", name)
		}
	}
}
