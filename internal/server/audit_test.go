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

package server_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/hyperfleet-io/hyperfleet/internal/server"
)

// auditPolicy records what the manager does, with the bodies of its requests.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Request, users: ["system:serviceaccount:hyperfleet-system:hyperfleet-manager"]}
- {level: None}
`

// audited returns options of a server that writes an audit log, and the log's path.
func audited(t *testing.T) (o *server.Options, path string) {
	t.Helper()
	dir := t.TempDir()
	policy, path := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	o = server.NewOptions()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.BindFlags(flags)
	if err := flags.Parse([]string{"--audit-policy-file=" + policy, "--audit-log-path=" + path}); err != nil {
		t.Fatal(err)
	}
	return o, path
}

// auditEvents returns the events of the log by ID, without values that differ between
// runs and values that only network requests have: the client's address and the
// credential.
func auditEvents(t *testing.T, path string) map[string]string {
	t.Helper()
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range bytes.Lines(log) {
		var event auditv1.Event
		if err := json.Unmarshal(line, &event); err != nil {
			continue // the API server is still writing it
		}
		id := string(event.AuditID)
		event.AuditID, event.SourceIPs = "", nil
		event.RequestReceivedTimestamp, event.StageTimestamp = metav1.MicroTime{}, metav1.MicroTime{}
		event.User.UID, event.User.Extra = "", nil
		slices.Sort(event.User.Groups)
		if event.ResponseStatus != nil { // compared as part of the answers
			event.ResponseStatus.Message, event.ResponseStatus.Details = "", nil
		}
		maps.DeleteFunc(event.Annotations, func(key, _ string) bool { return strings.HasPrefix(key, "apiserver.latency.k8s.io/") })
		text, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		found[id] = anonymize(text)
	}
	return found
}

// addAudit adds to each exchange its event in the audit log. The API server writes some
// of them after the answer.
func addAudit(t *testing.T, path string, exchanges []exchange) {
	t.Helper()
	waitUntil(t, func() bool {
		events := auditEvents(t, path)
		for i := range exchanges {
			e := &exchanges[i]
			// On the network, the API server finds a faulty timeout before it
			// authenticates the caller.
			if strings.Contains(e.Operation, "timeout=x") {
				continue
			}
			if e.Audit = events[e.AuditID]; e.Audit == "" {
				return false
			}
		}
		return true
	})
	for i := range exchanges {
		exchanges[i].AuditID = ""
	}
}
