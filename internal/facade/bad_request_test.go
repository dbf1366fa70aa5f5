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
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// apiPaths are all paths of the API with the methods they serve.
var apiPaths = map[string]string{
	"/api/hyperfleet":                                "GET, HEAD",
	api:                                              "GET, HEAD",
	api + "/openapi":                                 "GET, HEAD",
	api + "/openapi.html":                            "GET, HEAD",
	api + "/clusters":                                "GET, HEAD, POST",
	api + "/clusters/{cluster}":                      "DELETE, GET, HEAD, PATCH",
	api + "/clusters/{cluster}/statuses":             "GET, HEAD, POST, PUT",
	api + "/clusters/{cluster}/force-delete":         "POST",
	api + "/clusters/{cluster}/nodepools":            "GET, HEAD, POST",
	api + "/clusters/{cluster}/nodepools/{nodepool}": "DELETE, GET, HEAD, PATCH",
	api + "/clusters/{cluster}/nodepools/{nodepool}/force-delete": "POST",
	api + "/clusters/{cluster}/nodepools/{nodepool}/statuses":     "GET, HEAD, POST, PUT",
	api + "/nodepools":                         "GET, HEAD",
	api + "/nodepools/{nodepool}":              "DELETE, GET, HEAD, PATCH",
	api + "/nodepools/{nodepool}/statuses":     "GET, HEAD, POST, PUT",
	api + "/nodepools/{nodepool}/force-delete": "POST",
}

func TestWrongMethods(t *testing.T) {
	cases := map[string]badInput{}
	for path, allow := range apiPaths {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LIST", "get"} {
			if strings.Contains(allow, method) {
				continue
			}
			body := `{"spec":{},"name":"must-not-exist"}`
			if method == "TRACE" {
				body = ""
			}
			cases[method+" "+path] = badInput{method: method, path: path, body: body, want: "405 VAL-006", wantAllow: allow}
		}
	}
	newFixture(t).refuse(t, cases)
}

func TestWrongPaths(t *testing.T) {
	cases := map[string]badInput{}
	for _, path := range []string{
		"/", "/api", "/api/", "/api/hyperfleet/", "/api/hyperfleet/v1/", "/api/hyperfleet/v2/clusters", "/clusters",
		"/API/hyperfleet/v1/clusters", api + "/Clusters", api + "/cluster", api + "/nodePools", api + "/statuses",
		api + "/clusters/", api + "//clusters", "/" + api + "/clusters", api + "/clusters//statuses", api + "/clusters//nodepools/{nodepool}",
		api + "/clusters/.", api + "/clusters/..", api + "/clusters/%2f", api + "/clusters/%2f/statuses", api + "/nodepools/%2f", api + "/./clusters", api + "/clusters/../clusters", api + "/clusters/{cluster}/../{cluster}",
		api + "/clusters/{cluster}/", api + "/clusters/{cluster}/status",
		api + "/clusters/{cluster}/statuses/", api + "/clusters/{cluster}/statuses/validator", api + "/clusters/{cluster}/nodepools/",
		api + "/clusters/{cluster}/nodepools/{nodepool}/", api + "/clusters/{cluster}/nodepools/{nodepool}/nodepools",
		api + "/nodepools/{nodepool}/", api + "/nodepools/{nodepool}/status", api + "/openapi/", api + "/openapi.json", "/healthz", "/metrics",
		"/debug/pprof/", "/apis/hyperfleet.io/v1/clusters", "/favicon.ico",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			cases[method+" "+path] = badInput{method: method, path: path, want: "404 NTF-000"}
		}
	}
	for _, name := range []string{"nothing", "nothing/", "swagger-ui.css/", "swagger-ui/swagger-ui.css", "%2e%2e", "openapi"} {
		path := api + "/openapi.html/" + name
		cases["GET "+path] = badInput{method: "GET", path: path, want: "404 NTF-000"}
		cases["HEAD "+path] = badInput{method: "HEAD", path: path, want: "404"}
	}
	newFixture(t).refuse(t, cases)
}

func TestWrongIDs(t *testing.T) {
	const unknown = "20000000000000000000000000"
	cases := map[string]badInput{}
	add := func(method, path, body, want string) {
		cases[method+" "+path] = badInput{method: method, path: api + path, body: body, want: want}
	}
	for _, id := range []string{
		unknown, "{nodepool}", "2", "0", "null", "undefined", "t101", "{cluster}x", "{cluster}%00", "%00", "%20", "{cluster}%20", "a%2fb", "%2e%2e", "..%2fclusters",
		"%ff", "%E2%80%A8", "ÄÖÜ", "2ZZZZZZZZZZZZZZZZZZZZZZZZZ", "22222222-2222-4222-8222-222222222222", "'%20or%201=1", "*", "{cluster},{cluster2}",
		strings.Repeat("2", 5000),
	} {
		for _, below := range []string{"", "/statuses", "/nodepools", "/nodepools/{nodepool}", "/nodepools/{nodepool}/statuses"} {
			add("GET", "/clusters/"+id+below, "", "404 NTF-002")
		}
		add("POST", "/clusters/"+id+"/statuses", availableReport("validator", 1, "2025-01-02T10:00:00Z"), "404 NTF-002")
		add("POST", "/clusters/"+id+"/nodepools", `{"spec":{},"name":"must-not"}`, "404 NTF-002")
		add("POST", "/clusters/"+id+"/nodepools/{nodepool}/statuses", availableReport("validator", 1, "2025-01-02T10:00:00Z"), "404 NTF-002")
	}
	// A nodepool of another cluster gets the same answer as an unknown one.
	for _, id := range []string{unknown, "{nodepool2}", "{cluster}", "2", "pool-one", "{nodepool}x", "%00", "%2e%2e", "%ff", strings.Repeat("2", 5000)} {
		for _, below := range []string{"", "/statuses"} {
			add("GET", "/clusters/{cluster}/nodepools/"+id+below, "", "404 NTF-003")
		}
		add("POST", "/clusters/{cluster}/nodepools/"+id+"/statuses", availableReport("validator", 1, "2025-01-02T10:00:00Z"), "404 NTF-003")
		if id != "{nodepool2}" {
			add("GET", "/nodepools/"+id, "", "404 NTF-003")
		}
	}
	f := newFixture(t)
	cases["GET upper-case id"] = badInput{method: "GET", path: api + "/clusters/" + strings.ToUpper(f.cluster), want: "404 NTF-002"}
	cases["GET short id"] = badInput{method: "GET", path: api + "/clusters/" + f.cluster[:25], want: "404 NTF-002"}
	f.refuse(t, cases)
}

// HEAD answers as GET does, without a body.
func TestHead(t *testing.T) {
	f := newFixture(t)
	for path, methods := range apiPaths {
		if !strings.Contains(methods, http.MethodGet) {
			continue
		}
		t.Run(path, func(t *testing.T) {
			// By default, the client asks for gzip only in a GET.
			ask := func(method string) answer { return raw(t, method, f.fill(path), "Accept-Encoding", "identity") }
			var got, want answer
			eventually(t, "two GETs are answered alike, and so the HEAD between them", func() bool {
				want = ask(http.MethodGet).want(t, http.StatusOK)
				got = ask(http.MethodHead)
				return ask(http.MethodGet).header.Get("ETag") == want.header.Get("ETag")
			})
			if got.status != want.status || len(got.body) != 0 {
				t.Errorf("HEAD answers %d with %d bytes, GET %d", got.status, len(got.body), want.status)
			}
			for _, header := range []string{"Content-Length", "Content-Type"} {
				if got.header.Get(header) != want.header.Get(header) {
					t.Errorf("%s is %q by HEAD and %q by GET", header, got.header.Get(header), want.header.Get(header))
				}
			}
		})
	}
	for path, status := range map[string]int{
		api + "/nothing":                  http.StatusNotFound,
		api + "/clusters/2":               http.StatusNotFound,
		api + "/nodepools/2":              http.StatusNotFound,
		api + "/clusters?page=0":          http.StatusBadRequest,
		api + "/nodepools?search=x":       http.StatusBadRequest,
		api + "/clusters/2/statuses":      http.StatusNotFound,
		api + "/clusters/2/nodepools?a=b": http.StatusNotFound,
	} {
		if got := call(t, http.MethodHead, path, ""); got.status != status || len(got.body) != 0 {
			t.Errorf("HEAD %s answers %d with %d bytes, want %d and none", path, got.status, len(got.body), status)
		}
	}
}

// Input that is not an HTTP request does not reach the code for the facade's own errors.
func TestBrokenHTTP(t *testing.T) {
	f := newFixture(t)
	check := writesNothing(t)
	for name, text := range map[string]string{
		"bad escape in path":  "GET " + api + "/clusters/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"space in path":       "GET " + api + "/clusters/a b HTTP/1.1\r\nHost: x\r\n\r\n",
		"no host":             "GET " + api + "/clusters HTTP/1.1\r\n\r\n",
		"two content lengths": "POST " + api + "/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"bad chunk":           "POST " + api + "/clusters HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"NUL in header":       "GET " + api + "/clusters HTTP/1.1\r\nHost: x\r\nX-A: \x00\r\n\r\n",
		"huge header":         "GET " + api + "/clusters HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 200<<10) + "\r\n\r\n",
		"huge path":           "GET " + api + "/clusters/" + strings.Repeat("a", 200<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT":             "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"OPTIONS *":           "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"absolute path":       "GET http://elsewhere" + api + "/clusters/2 HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", suite.server.Address().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = connection.Close() }()
			_, _ = fmt.Fprint(connection, text) // the server may close before it has read all
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Skip("the connection was reset before the answer was read:", err)
			}
			_ = response.Body.Close()
			if name == "OPTIONS *" && response.StatusCode == http.StatusOK {
				return // net/http answers it itself
			}
			if response.StatusCode < 400 || response.StatusCode >= 500 {
				t.Errorf("answered %s", response.Status)
			}
		})
	}
	check()
	get(t, api+"/clusters/"+f.cluster).want(t, http.StatusOK)
}
