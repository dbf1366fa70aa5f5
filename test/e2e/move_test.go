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
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/test/controlplane"
)

// TestMoveToCluster moves a fleet from a server to a manager with the commands of the
// documentation.
func TestMoveToCluster(t *testing.T) {
	from, to := newFleet(t, oneProcess), newFleet(t, besideAPIServer)
	from.start(t)
	cluster := from.want(t, http.StatusCreated, http.MethodPost, api+"/clusters",
		`{"name":"moves","spec":{"region":"eu","big":9007199254740993,"list":[1,"a",null]},"labels":{"tier":"gold"}}`)
	href := cluster["href"].(string)
	from.want(t, http.StatusCreated, http.MethodPost, href+"/nodepools", `{"name":"workers","spec":{"replicas":2},"labels":{"role":"worker"}}`)
	for _, adapter := range []string{"validator", "dns", "pullsecret", "hypershift"} {
		from.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, "True", 1, "2025-01-01T10:00:00Z"))
	}
	from.kubectl(t, "", "annotate", "hfc", "moves", "example.com/owner=team-a")
	patched := from.want(t, http.StatusOK, http.MethodPatch, href, `{"spec":{"region":"us"}}`)
	leaving := from.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"leaves","spec":{}}`)
	from.want(t, http.StatusCreated, http.MethodPost, leaving["href"].(string)+"/statuses", report("dns", "True", 1, "2025-01-01T10:00:00Z"))
	from.want(t, http.StatusAccepted, http.MethodDelete, leaving["href"].(string), "")

	to.start(t)
	commands := moveCommands(t, filepath.Join(from.dir, "kubeconfig"), to.plane.KubeconfigFile(controlplane.Admin))
	const none = "No resources found"
	if out := commands.run(t, 0); !strings.HasPrefix(out, "leaves ") || strings.Count(out, none) != 1 {
		t.Errorf("being deleted:\n%s", out)
	}
	from.kubectl(t, "", "annotate", "hfc", "leaves", "hyperfleet.io/force-delete=it moves")
	from.gone(t, leaving["href"].(string))
	if out := commands.run(t, 0); strings.Count(out, none) != 2 {
		t.Errorf("still being deleted:\n%s", out)
	}
	commands.run(t, 1)
	commands.run(t, 2)

	// The reconciler adds a label to a NodePool.
	to.kubectl(t, "", "wait", "--for=jsonpath={.metadata.labels.hyperfleet\\.io/cluster}=moves", patience(t), "hfnp/moves.workers")
	for _, name := range []string{"hfc/moves", "hfnp/moves.workers"} {
		if diff := cmp.Diff(from.jsonpath(t, name, "{.spec}"), to.jsonpath(t, name, "{.spec}")); diff != "" {
			t.Errorf("spec of %s (-server +cluster):\n%s", name, diff)
		}
		if diff := cmp.Diff(from.jsonpath(t, name, "{.metadata.labels}"), to.jsonpath(t, name, "{.metadata.labels}")); diff != "" {
			t.Errorf("labels of %s (-server +cluster):\n%s", name, diff)
		}
	}
	if out := to.kubectl(t, "", "get", "hfc,hfnp,hfas", "-o", "name"); len(strings.Fields(out)) != 2 {
		t.Errorf("the cluster holds:\n%s", out)
	}
	if owner := to.jsonpath(t, "hfc/moves", `{.metadata.annotations.example\.com/owner}`); owner != "team-a" {
		t.Errorf("the annotation of another owner is %q", owner)
	}

	var moved object
	eventually(t, "REST shows the Cluster", func() bool {
		found := to.want(t, http.StatusOK, http.MethodGet, api+"/clusters?search="+url.QueryEscape("name='moves'"), "")
		if found["total"] != 1.0 {
			return false
		}
		moved = found["items"].([]any)[0].(object)
		return true
	})
	if moved["id"] == cluster["id"] || moved["generation"] != 1.0 || patched["generation"] != 2.0 || moved["created_by"] == cluster["created_by"] {
		t.Errorf("the Cluster has id %v, generation %v and creator %v", moved["id"], moved["generation"], moved["created_by"])
	}
	for _, adapter := range []string{"validator", "dns", "pullsecret", "hypershift"} {
		to.want(t, http.StatusCreated, http.MethodPost, moved["href"].(string)+"/statuses", report(adapter, "True", 1, "2025-01-01T10:00:00Z"))
	}
	to.kubectl(t, "", "wait", "--for=condition=Ready", patience(t), "hfc/moves")
}

// A guide contains commands of the documentation, which share a folder and an
// environment.
type guide struct {
	dir    string
	blocks []string
}

// moveCommands returns the commands of a move between the API servers of two kubeconfigs.
func moveCommands(t *testing.T, from, to string) guide {
	t.Helper()
	_, section, found := strings.Cut(readFile(t, "docs/upgrading.md"), "\n## Move to a cluster\n")
	g := guide{dir: t.TempDir()}
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		g.blocks = append(g.blocks, strings.NewReplacer("fleet/kubeconfig", from, "cluster/kubeconfig", to).Replace(block[1]))
	}
	if !found || len(g.blocks) != 3 {
		t.Fatalf("docs/upgrading.md has %d blocks of commands for a move, want 3", len(g.blocks))
	}
	return g
}

// run runs a block after the blocks before it, whose variables it needs, and returns the
// output of the last block.
func (g guide) run(t *testing.T, block int) string {
	t.Helper()
	var exports []string
	for _, earlier := range g.blocks[:block] {
		for line := range strings.Lines(earlier) {
			if strings.HasPrefix(strings.TrimSpace(line), "export ") {
				exports = append(exports, line)
			}
		}
	}
	command := exec.Command("bash", "-euc", strings.Join(exports, "")+g.blocks[block])
	command.Dir = g.dir
	command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+g.dir)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", g.blocks[block], err, out)
	}
	return string(out)
}
