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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A dialectRow is one fact of the dialect that clients speak since June 2026, which
// docs/rest.md describes, with its test at each door.
type dialectRow struct {
	name          string
	rest, kubectl func(*testing.T, *fleet)

	// alone explains why one of the doors has no such test, or names the other test of
	// this package that includes it.
	alone string
}

// dialect contains each row of the dialect once. The rows of a section run in their
// order, on resources of their own.
var dialect = map[string][]dialectRow{
	"endpoints": {
		{name: "PATCH", rest: patchOverREST, kubectl: patchByKubectl},
		{name: "DELETE", rest: deleteOverREST, kubectl: deleteByKubectl},
		{name: "force-delete", rest: forceOverREST, kubectl: forceByKubectl},
		{name: "PUT statuses", rest: putStatuses, kubectl: applyStatuses},
	},
	"life": {
		{name: "active, finalizing, gone", rest: finalizeOverREST, kubectl: finalizeByObjects},
		{name: "one report too few", rest: oneReportTooFew, alone: "finalizeByObjects has it at the API server"},
		{name: "nodepools finish before their cluster", rest: nodePoolsFirst, alone: "finalizeByObjects has it at the API server"},
		{name: "what is possible while finalizing", rest: whileFinalizing, kubectl: arrivesWhileFinalizing},
		{name: "a Kind without required adapters", rest: atOnceOverREST, kubectl: atOnceByKubectl},
		{name: "a deletion that is stuck", kubectl: stuck, alone: "an Event and a metric"},
	},
	"conditions": {
		{name: "Ready and Reconciled", rest: reconciledOverREST, kubectl: reconciledByKubectl},
		{name: "Available and LastKnownReconciled", rest: lastKnownReconciled, alone: "the API server shows the same conditions, see reconciledByKubectl"},
		{name: "<Adapter>Successful", rest: adapterSuccessful, alone: "TestBothDoors"},
		{name: "observed_generation of Reconciled", rest: observedGeneration, kubectl: observedGenerationByKubectl},
		{name: "conditions mapped by CEL rules", rest: mappedOverREST, kubectl: mappedByKubectl},
		{name: "a bad rule stops the start", alone: "TestBadRule"},
		{name: "only the newer names", alone: "TestNewerNames"},
	},
	"lists": {
		{name: "page and size", rest: pages, alone: "kubectl has chunks of its own"},
		{name: "order", rest: orders, alone: "kubectl sorts by itself; TestPlugin orders a search"},
		{name: "updated_time", rest: updatedTimeOverREST, kubectl: updatedTimeByKubectl},
		{name: "fields", rest: fields, alone: "kubectl has -o jsonpath"},
	},
	"bodies": {
		{name: "owner_references.href and the kind of items", rest: ownersAndKinds, alone: "kubectl shows ownerReferences"},
		{name: "users are e-mail addresses", rest: addresses, kubectl: kubernetesUsers},
		{name: "reports of older tools", rest: olderReports, alone: "REST only: the API server has a schema"},
		{name: "the provider's schema", rest: providerSchema, kubectl: providerSchemaByKubectl},
		{name: "codes of paths", rest: codesOfPaths, alone: "REST only"},
		{name: "codes of credentials", alone: "TestAuthentication"},
	},
}

// dialectAdapters is the configuration of TestDialect. The second rule fails.
const dialectAdapters = `requiredAdapters:
  Cluster: [validator, dns]
  NodePool: [validator]
conditions:
  Cluster:
  - type: ZoneReady
    when: statuses.exists(s, s.adapter == "dns")
    output:
      status: 'dig(statuses.filter(s, s.adapter == "dns")[0].data, "zone.ready") == true ? "True" : "False"'
      reason: '"ReportedByDNS"'
      message: 'resource.name + " " + toJson(statuses.filter(s, s.adapter == "dns")[0].?data.?zone)'
  - type: NeverThere
    when: statuses.exists(s, s.adapter == "dns") && statuses[99].adapter == "x"
    output: {status: '"True"', reason: '"Never"', message: '"never"'}
`

func TestDialect(t *testing.T) {
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")) // for the plugin
	inBothShapes(t, testDialect)
	t.Run("each row has a test at both doors, or says why not", func(t *testing.T) {
		for section, rows := range dialect {
			for _, row := range rows {
				if (row.rest == nil || row.kubectl == nil) != (row.alone != "") {
					t.Errorf("%s: %s", section, row.name)
				}
			}
		}
	})
}

func testDialect(t *testing.T, f *fleet) {
	f.start(t, "--adapters-config="+f.write(t, "adapters.yaml", dialectAdapters), "--deletion-stuck-after=1s")
	for section, rows := range dialect {
		for _, row := range rows {
			for door, test := range map[string]func(*testing.T, *fleet){"REST": row.rest, "kubectl": row.kubectl} {
				if test != nil {
					t.Run(section+"/"+row.name+"/"+door, func(t *testing.T) { test(t, f) })
				}
			}
		}
	}
}

// write writes a file next to the fleet's data and returns its path.
func (f *fleet) write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   object
}

// send makes a request with headers, given as names and values.
func (f *fleet) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+f.rest+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a.body); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// wantCode makes a request and checks the status and the code of the problem.
func (f *fleet) wantCode(t *testing.T, want, method, path, body string, headers ...string) {
	t.Helper()
	a := f.send(t, method, path, body, headers...)
	if got := fmt.Sprintf("%d %v", a.status, a.body["code"]); got != want {
		t.Errorf("%s %s: %s, want %s: %v", method, path, got, want, a.body)
	}
}

// cluster creates a cluster over REST and returns its href.
func (f *fleet) cluster(t *testing.T, name string) string {
	t.Helper()
	return f.want(t, http.StatusCreated, http.MethodPost, api+"/clusters", `{"name":"`+name+`","spec":{"a":1,"b":2},"labels":{"env":"dev"}}`)["href"].(string)
}

// nodePool creates a nodepool over REST and returns its href.
func (f *fleet) nodePool(t *testing.T, cluster, name string) string {
	t.Helper()
	return f.want(t, http.StatusCreated, http.MethodPost, cluster+"/nodepools", `{"name":"`+name+`","spec":{"replicas":3}}`)["href"].(string)
}

// force deletes a resource by force, whatever its adapters report.
func (f *fleet) force(t *testing.T, href string) {
	t.Helper()
	f.want(t, http.StatusAccepted, http.MethodDelete, href, "")
	f.want(t, http.StatusNoContent, http.MethodPost, href+"/force-delete", `{"reason":"the test is over"}`)
}

// condition returns a condition as REST shows it.
func condition(t *testing.T, resource object, conditionType string) object {
	t.Helper()
	for _, c := range resource["status"].(object)["conditions"].([]any) {
		if c := c.(object); c["type"] == conditionType {
			return c
		}
	}
	t.Fatalf("no condition %s in %v", conditionType, resource["status"])
	return nil
}

// refused runs kubectl and checks that it fails with a message.
func (f *fleet) refused(t *testing.T, want, input string, args ...string) {
	t.Helper()
	if out, err := f.tryKubectl(t, input, args...); err == nil || !strings.Contains(out, want) {
		t.Errorf("kubectl %s: %v, want a failure with %q:\n%s", strings.Join(args, " "), err, want, out)
	}
}
