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
	"strings"
	"syscall"
	"testing"
)

// TestSecondSignal sends two signals to a manager with a long drain delay. The
// second one ends it at once.
func TestSecondSignal(t *testing.T) {
	f := newFleet(t, besideAPIServer)
	f.startControlPlane(t)
	replica := f.startReplica(t, "--drain-delay", "1h")
	if err := replica.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the replica is not ready any more", func() bool {
		response, err := http.Get("http://" + replica.probes + "/readyz")
		if err != nil {
			t.Fatalf("it does not serve while it drains: %v", err)
		}
		_ = response.Body.Close()
		return response.StatusCode != http.StatusOK
	})
	replica.want(t, http.StatusOK, http.MethodGet, api+"/clusters", "")

	replica.stop(t, syscall.SIGTERM)
	if err := replica.process.Exited(); !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("it ended with %v, want exit status 1", err)
	}
}
