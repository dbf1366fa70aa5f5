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
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUndeploy installs all of config/default, creates objects, and uninstalls with the
// documented command.
func TestUndeploy(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	f.start(t)
	manifests := render(t, "config/default")
	f.kubectl(t, manifests, "apply", "--server-side", "--force-conflicts", "-f", "-")
	var objects strings.Builder
	for i := range 20 {
		fmt.Fprintf(&objects, `---
apiVersion: hyperfleet.io/v1
kind: Cluster
metadata: {name: c-%[1]d}
spec: {}
---
apiVersion: hyperfleet.io/v1
kind: NodePool
metadata: {name: c-%[1]d.workers}
spec: {clusterName: c-%[1]d}
---
apiVersion: hyperfleet.io/v1
kind: AdapterStatus
metadata: {name: c-%[1]d.dns}
spec:
  resourceRef: {kind: Cluster, name: c-%[1]d}
  adapter: dns
  observedGeneration: 1
  observedTime: "2026-01-15T10:00:00Z"
  conditions: [{type: Available, status: "True"}]
`, i)
	}
	objects.WriteString(`---
apiVersion: hyperfleet.io/v1
kind: NodePool
metadata: {name: orphan.workers}
spec: {clusterName: orphan}
---
apiVersion: hyperfleet.io/v1
kind: Cluster
metadata: {name: stray, namespace: kube-public}
spec: {}
`)
	f.kubectl(t, objects.String(), "apply", "--server-side", "-f", "-")
	f.kubectl(t, "", "wait", "--for=condition=Ready=False", patience(t), "hfc", "--all")

	ctx, cancel := context.WithTimeout(t.Context(), waitLimit(t))
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(root(), "hack", "undeploy.sh"))
	command.Dir = root()
	command.Env = append(os.Environ(), "KUBECTL="+filepath.Join(assets(), "kubectl"), "KUBECONFIG="+filepath.Join(f.dir, "kubeconfig"), "TIMEOUT=1m", "FORCE=no adapter runs")
	command.WaitDelay = time.Second // kubectl may outlive the script
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("undeploy: %v\n%s", err, out)
	}
	if left := f.kubectl(t, "", "get", "crd", "-o", "name"); left != "" {
		t.Errorf("CustomResourceDefinitions are left:\n%s", left)
	}
	// No namespace controller runs here, so the namespace stays in this phase.
	if phase := f.kubectl(t, "", "get", "namespace", "hyperfleet-system", "-o", "jsonpath={.status.phase}"); phase != "Terminating" {
		t.Errorf("the namespace is %s", phase)
	}
	kept := f.kubectl(t, manifests, "get", "--ignore-not-found", "-o", "name", "-f", "-")
	if strings.TrimSpace(kept) != "namespace/hyperfleet-system" {
		t.Errorf("of the manifests are left:\n%s", kept)
	}
}
