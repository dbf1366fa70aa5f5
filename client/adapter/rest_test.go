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

package adapter

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	hyperfleetv1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

// TestAnnounceOverREST: an announcement over REST is for a new generation only, and keeps
// the known data.
func TestAnnounceOverREST(t *testing.T) {
	for name, test := range map[string]struct {
		kind, recorded string
		wantData       string // "" if nothing is reported
	}{
		"no report":                   {hyperfleetv1.ClusterKind, `[]`, "null"},
		"of an older generation":      {hyperfleetv1.ClusterKind, `[{"observed_generation":1,"data":{"records":3}}]`, `{"records":3}`},
		"of this generation":          {hyperfleetv1.ClusterKind, `[{"observed_generation":2,"data":{"records":3}}]`, ""},
		"on a NodePool":               {hyperfleetv1.NodePoolKind, `[{"observed_generation":1,"data":{}}]`, `{}`},
		"on a NodePool, not any more": {hyperfleetv1.NodePoolKind, `[{"observed_generation":2,"data":{}}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			data := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if flat := strings.Contains(r.URL.Path, "/nodepools/"); flat != (test.kind == hyperfleetv1.NodePoolKind) {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				if r.Method == http.MethodGet {
					if search := r.FormValue("search"); search != "adapter='dns'" {
						t.Errorf("search is %q", search)
					}
					_, _ = w.Write([]byte(`{"items":` + test.recorded + `}`))
					return
				}
				var report struct{ Data json.RawMessage }
				if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
					t.Error(err)
				}
				if data = string(report.Data); data == "" {
					data = "null"
				}
				w.WriteHeader(http.StatusCreated)
			}))
			defer server.Close()
			door, err := newRESTDoor(&REST{Server: server.URL}, "dns", test.kind, Options{Clock: clock.RealClock{}})
			if err != nil {
				t.Fatal(err)
			}
			parent := newParent(test.kind)
			parent.SetGeneration(2)
			parent.SetUID("0f5e7c1a-3b5d-4f6e-8a9b-0c1d2e3f4a5b")
			if err := door.announce(t.Context(), parent, conditions(false, Report{Status: metav1.ConditionUnknown}, nil)); err != nil {
				t.Fatal(err)
			}
			if data != test.wantData {
				t.Errorf("the announcement has the data %q, want %q", data, test.wantData)
			}
		})
	}
}
