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

package facade

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// newAlone returns a facade that has one cluster and cannot reach an API server. It
// refuses a bad request before it needs the API server, and answers any other request
// with 503.
func newAlone(f *testing.F) (handler http.Handler, cluster string) {
	f.Helper()
	row, err := rest.Renderer{RequiredAdapters: func(string) []string { return nil }}.Cluster(&v1.Cluster{ObjectMeta: metav1.ObjectMeta{
		Name: "abc", Namespace: "default", UID: "6b78ea68-3c35-4ea2-9b5a-cb7c6458f1fb", ResourceVersion: "1", Generation: 1,
	}})
	if err != nil {
		f.Fatal(err)
	}
	s := newOffline(f, Options{WriteVisibility: time.Millisecond}, row)
	return s.handler(), rest.ClusterHref(row.ID)
}

// ask makes a request and checks that the answer has one of these statuses and, if it is
// an error, problem details.
func ask(t *testing.T, handler http.Handler, r *http.Request, statuses ...int) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	what := fmt.Sprintf("%s %q", r.Method, r.URL.RequestURI())
	allowed := false
	for _, status := range statuses {
		allowed = allowed || w.Code == status
	}
	if !allowed {
		t.Fatalf("%s: status %d, want one of %v: %s", what, w.Code, statuses, w.Body)
	}
	if w.Code < http.StatusBadRequest {
		return
	}
	var problem rest.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		t.Fatalf("%s: %v: %s", what, err, w.Body)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || int(problem.Status) != w.Code || problem.Detail == "" ||
		problem.Title == "" || !strings.HasPrefix(problem.Code, "HYPERFLEET-") || !strings.HasPrefix(problem.Type, "urn:hyperfleet:problem:") {
		t.Errorf("%s: not a problem: %v %s", what, w.Header(), w.Body)
	}
	if w.Body.Len() > 1<<20 {
		t.Errorf("%s: a problem of %d bytes", what, w.Body.Len())
	}
}

func FuzzCreateBody(f *testing.F) {
	handler, cluster := newAlone(f)
	for _, seed := range []string{
		`{"kind":"Cluster","name":"my-cluster","spec":{"a":[1e2,null,"é"]},"labels":{"environment":"production"}}`,
		`{"kind":"NodePool","name":"worker-pool","spec":{"clusterName":"x"},"labels":{"hyperfleet.io/cluster":"x"}}`,
		`{"name":"A"}`, `{"name":"abc","labels":{"a b":"ü"}}`, `{"name":"abc","spec":{"n":99999999999999999999}}`,
		`{"name":"abc","name":"abd"}`, `{"name":["abc"]}`, `[]`, `null`, ``, `{"spec":`, "{\"name\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{rest.ClustersPath, cluster + "/nodepools"} {
			r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			ask(t, handler, r, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
		}
	})
}

func FuzzReportBody(f *testing.F) {
	handler, cluster := newAlone(f)
	for _, seed := range []string{
		`{"adapter":"dns","observed_generation":1,"observed_time":"2025-01-01T10:00:00Z","conditions":[{"type":"Available","status":"True","reason":"R","message":"m"}],"data":{"a":1},"metadata":{}}`,
		`{"adapter":"dns","observed_generation":2147483648,"observed_time":"2025-01-01T10:00:00Z","conditions":[]}`,
		`{"adapter":"dns","observed_generation":1,"observed_time":"2999-01-01T10:00:00Z","conditions":[]}`,
		`{"adapter":"dns","observed_generation":1,"observed_time":"1969-01-01T10:00:00,5Z","conditions":null}`,
		`{"adapter":"","observed_generation":-1,"observed_time":"","conditions":[{"type":"A","status":"Yes"},{"type":"A"}]}`,
		`{"adapter":"dns","observed_generation":1.0,"observed_time":"2025-02-30T10:00:00Z","conditions":[{}],"data":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, cluster+"/statuses", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		// 204 is for a generation that the cluster does not have.
		ask(t, handler, r, http.StatusNoContent, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
	})
}

func FuzzQuery(f *testing.F) {
	handler, cluster := newAlone(f)
	for _, seed := range []string{
		"", "page=1&pageSize=10", "page=0&pageSize=-1", "page=99999999999999999999", "pageSize=1001&size=3", "page=1&page=2",
		"search=name%3D'abc'", "search=status.conditions.Ready='True'%20and%20labels.a=%27b%27", "search=((((", "search=%ff",
		"orderBy=name%20desc,id&order=asc", "orderBy=nothing", "order=sideways", "search=name~=%27(%27", "%zz", "a;b", "search=spec.a>1Ki",
		"pageToken=", "pageToken=eyJ0IjoiMjAyNi0wMS0wMVQwMDowMDowMFoiLCJpIjoiMnoifQ", "fields=id,%20spec", "order=kind%20asc,href", "search=created_by%3D'a'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{rest.ClustersPath, rest.NodePoolsPath, cluster + "/statuses"} {
			r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
			r.URL.RawQuery = query
			ask(t, handler, r, http.StatusOK, http.StatusBadRequest, http.StatusTooManyRequests)
		}
	})
}
