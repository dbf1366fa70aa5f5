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
	"syscall"
	"testing"
)

// TestReplicas runs a second manager beside the leader. It serves reads and
// writes, and takes over when the leader ends.
func TestReplicas(t *testing.T) {
	f := newFleet(t)
	f.start(t, "--", "--leader-elect")
	second := f.startReplica(t)

	cluster := second.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"spec":{},"name":"shared"}`)
	href := cluster["href"].(string)
	for _, adapter := range []string{"validator", "dns", "pullsecret", "hypershift"} {
		second.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report(adapter, "True", 1, "2025-01-01T10:00:00Z"))
	}
	if got := restCondition(second.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready"); got != "True" {
		t.Errorf("Ready at the follower is %v, want the result of the leader", got)
	}
	eventually(t, "the leader shows what came by the other replica", func() bool {
		_, shown := f.call(t, http.MethodGet, href, "")
		return shown["status"] != nil && restCondition(shown, "Ready") == "True"
	})

	process, err := os.FindProcess(f.pids(t)["manager.pid"])
	if err != nil {
		t.Fatal(err)
	}
	// The leader is stopped, not ended: if it ended, its launcher would stop the
	// control plane, too. Its lease expires.
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Signal(syscall.SIGCONT) })
	eventually(t, "the other replica aggregates", func() bool {
		second.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "False", 1, "2025-01-01T11:00:00Z"))
		return restCondition(second.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready") == "False"
	})
}

// startReplica starts another manager on the control plane of f. Only the facade
// of the returned fleet is usable.
func (f *fleet) startReplica(t *testing.T, args ...string) *fleet {
	t.Helper()
	replica := newFleet(t)
	replica.process = exec.Command(filepath.Join(bin, "hyperfleet-manager"), append([]string{
		"--kubeconfig", filepath.Join(f.dir, "manager.kubeconfig"), "--leader-elect", "--adapters-config", "config/manager/adapters.yaml",
		"--facade-bind-address", "127.0.0.1:" + replica.ports[2], "--health-probe-bind-address", "127.0.0.1:" + replica.ports[3], "--metrics-bind-address", "0", "--drain-delay", "0",
		"--insecure-disable-authentication", "--user", "dev@hyperfleet.local",
	}, args...)...)
	replica.process.Dir = root()
	if err := replica.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = replica.process.Process.Signal(os.Interrupt)
		_ = replica.process.Wait()
	})
	eventually(t, "the replica is ready", func() bool {
		response, err := http.Get("http://127.0.0.1:" + replica.ports[3] + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return replica
}
