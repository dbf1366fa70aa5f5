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
	"syscall"
	"testing"
)

// TestReplicas runs a second manager in addition to the leader. It serves reads and
// writes, and takes over when the leader ends.
func TestReplicas(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	f.start(t, "--leader-elect")
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

	// The leader is frozen, not ended: it does not release its lease, which expires.
	if err := f.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.process.Signal(syscall.SIGCONT) })
	eventually(t, "the other replica aggregates", func() bool {
		second.want(t, http.StatusCreated, http.MethodPost, href+"/statuses", report("dns", "False", 1, "2025-01-01T11:00:00Z"))
		return restCondition(second.want(t, http.StatusOK, http.MethodGet, href, ""), "Ready") == "False"
	})
}

// startReplica starts another manager on the control plane of f. Its facade and its
// probes have their own addresses.
func (f *fleet) startReplica(t *testing.T, flags ...string) *fleet {
	t.Helper()
	replica := newFleet(t, besideAPIServer)
	replica.plane, replica.kubernetes = f.plane, f.kubernetes
	replica.start(t, append([]string{"--leader-elect"}, flags...)...)
	return replica
}
