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
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// A story sends the requests of the contract's examples, and compares the answers with
// the examples.
type story struct {
	examples map[string]json.RawMessage // by their names
	names    *strings.Replacer          // replaces the values that differ here from the examples
}

// newStory returns a story whose cluster has that name.
func newStory(t *testing.T, cluster string) story {
	t.Helper()
	var doc struct {
		Components struct {
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
	get(t, api+"/openapi").want(t, http.StatusOK).decode(t, &doc)
	s := story{examples: map[string]json.RawMessage{}, names: strings.NewReplacer(`"`+cluster+`"`, `"my-cluster"`, "v0.0.0-test", "v0.1.0")}
	for name, example := range doc.Components.Examples {
		s.examples[name] = example.Value
	}
	return s
}

// volatile matches values that differ from one run to another.
var volatile = map[string]*regexp.Regexp{
	"<id>":         regexp.MustCompile(`\b2[0-9a-z]{25}\b`),
	"<time>":       regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`),
	"<request id>": regexp.MustCompile(`\b[0-9a-f]{32}\b`),
	"<token>":      regexp.MustCompile(`"nextPageToken":"[^"]+"`),
}

// normal decodes JSON and replaces the values that differ from one run to another.
func normal(t *testing.T, text string) (value any) {
	t.Helper()
	for placeholder, pattern := range volatile {
		text = pattern.ReplaceAllString(text, placeholder)
	}
	text = strings.ReplaceAll(text, "<token>", `"nextPageToken":"<token>"`)
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// compare compares an answer with an example.
func (s story) compare(t *testing.T, example string, a answer) {
	t.Helper()
	want, ok := s.examples[example]
	if !ok {
		t.Fatalf("there is no example %s", example)
	}
	if diff := cmp.Diff(normal(t, string(want)), normal(t, s.names.Replace(string(a.body)))); diff != "" {
		t.Errorf("%s (-example +answer):\n%s", example, diff)
	}
}

// TestExamples tells the story of the examples: of a cluster, of a nodepool, and of each
// problem that a single request can cause.
func TestExamples(t *testing.T) {
	name := uniqueName(t)
	s := newStory(t, name)
	s.compare(t, "API", get(t, rest.RootPath))
	s.compare(t, "Version", get(t, rest.VersionPath))

	other := newCluster(t, "")
	create := strings.Replace(string(s.examples["NewCluster"]), "my-cluster", name, 1)
	created := post(t, rest.ClustersPath, create).want(t, http.StatusCreated)
	s.compare(t, "ClusterCreated", created)
	var cluster rest.Cluster
	created.decode(t, &cluster)

	for _, report := range []string{"Working", "Failed", "Available"} {
		s.compare(t, "Reported"+report, post(t, cluster.Href+"/statuses", string(s.examples["Report"+report])).want(t, http.StatusCreated))
	}
	s.compare(t, "StatusPage", get(t, query(cluster.Href+"/statuses", "search", "adapter = 'validator'")))
	post(t, cluster.Href+"/statuses", string(s.examples["ReportWorking"])).want(t, http.StatusNoContent)
	post(t, cluster.Href+"/statuses", `{"adapter":"dns","observed_generation":1,"observed_time":"2025-01-01T10:02:00Z",
		"conditions":[{"type":"Available","status":"True","reason":"ZoneServed","message":"The zone is served"}]}`).want(t, http.StatusCreated)
	s.compare(t, "ClusterReady", get(t, cluster.Href))
	s.compare(t, "ClusterPage", get(t, query(rest.ClustersPath, "search", "name = '"+name+"'")))
	s.compare(t, "ClusterTokenPage", get(t, query(rest.ClustersPath, "search", "name in ('"+name+"', '"+other.Name+"')", "pageToken", "", "size", "1")))
	s.tellEnd(t, "Cluster", cluster.Href)
}

// TestExamplesOfNodePools tells the story of the nodepool.
func TestExamplesOfNodePools(t *testing.T) {
	s := newStory(t, "")
	cluster := newCluster(t, "")
	newNodePool(t, cluster.ID, "other")
	created := post(t, cluster.Href+"/nodepools", string(s.examples["NewNodePool"])).want(t, http.StatusCreated)
	s.compare(t, "NodePoolCreated", created)
	var pool rest.NodePool
	created.decode(t, &pool)
	s.compare(t, "ReportedAvailable", post(t, pool.Href+"/statuses", string(s.examples["ReportAvailable"])).want(t, http.StatusCreated))
	s.compare(t, "NodePoolReady", get(t, pool.Href))
	s.compare(t, "NodePoolPage", get(t, query(cluster.Href+"/nodepools", "search", "name = 'workers'")))
	s.compare(t, "NodePoolTokenPage", get(t, query(cluster.Href+"/nodepools", "pageToken", "", "size", "1")))
	s.tellEnd(t, "NodePool", pool.Href)
}

// tellEnd tells the part that Clusters and NodePools have in common: the change, and the
// deletion.
func (s story) tellEnd(t *testing.T, kind, href string) {
	t.Helper()
	for example, mediaType := range map[string]string{"MergePatch": mergePatch, "JSONPatch": jsonPatch, "Replacement": replaceMembers} {
		tried := patch(t, href+"?dryRun=All", mediaType, string(s.examples[kind+example]))
		s.compare(t, kind+"Changed", tried.want(t, http.StatusOK))
	}
	s.compare(t, kind+"Changed", patch(t, href, replaceMembers, string(s.examples[kind+"Replacement"])).want(t, http.StatusOK))
	s.compare(t, kind+"Deleting", request(t, http.MethodDelete, href, "", "").want(t, http.StatusAccepted))
	s.compare(t, "ReportedFinalized", post(t, href+"/statuses", string(s.examples["ReportFinalized"])).want(t, http.StatusCreated))
	post(t, href+"/force-delete", string(s.examples["ForceDeletion"])).want(t, http.StatusNoContent)
}
