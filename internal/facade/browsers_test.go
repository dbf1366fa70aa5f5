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
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

// answer returns the response of a Server to a request of a caller, and the code of its
// problem, "" for none.
func (s *Server) answer(t *testing.T, r *http.Request) (response *httptest.ResponseRecorder, code string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	var problem rest.Problem
	if w.Header().Get("Content-Type") == "application/problem+json" && r.Method != http.MethodHead {
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
			t.Fatal(err)
		}
	}
	return w, problem.Code
}

// TestPagesOfOtherSites sends the headers that browsers send for pages of this site and
// of other sites.
func TestPagesOfOtherSites(t *testing.T) {
	s := newOffline(t, Options{})
	for name, c := range map[string]struct {
		header map[string]string
		want   bool // served
	}{
		"no browser":                       {nil, true},
		"page of this server":              {map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://example.com"}, true},
		"address bar":                      {map[string]string{"Sec-Fetch-Site": "none"}, true},
		"other site":                       {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"other port or name of this site":  {map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"other site, older browser":        {map[string]string{"Origin": "https://evil.example"}, false},
		"sandboxed page, older browser":    {map[string]string{"Origin": "null"}, false},
		"page of this server, older still": {map[string]string{"Origin": "http://example.com"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
				// The server does not support most of these methods, but must refuse the request
				// before it looks at the method.
				r := httptest.NewRequest(method, rest.ClustersPath, strings.NewReader(`{"name":"X"}`))
				r.Header.Set("Content-Type", "application/json")
				for key, value := range c.header {
					r.Header.Set(key, value)
				}
				response, code := s.answer(t, r)
				refused := response.Code == http.StatusForbidden && code == "HYPERFLEET-AUZ-003"
				if want := !c.want && !isRead(method); refused != want {
					t.Errorf("%s: status %d, code %q; want it refused: %t", method, response.Code, code, want)
				}
			}
		})
	}
}

// TestHostOfUnauthenticatedServer makes requests of a page whose host name an attacker's
// DNS resolves to a loopback address. For the browser, the page has the same origin.
func TestHostOfUnauthenticatedServer(t *testing.T) {
	s, open := newOffline(t, Options{LoopbackHostsOnly: true}), newOffline(t, Options{})
	for host, want := range map[string]int{
		"localhost:8000": http.StatusOK, "127.0.0.1:8000": http.StatusOK, "[::1]:8000": http.StatusOK,
		"rebound.example:8000": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{rest.RootPath, rest.ClustersPath, rest.OpenAPIPagePath} {
			r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
			r.Host = host
			if response, code := s.answer(t, r); response.Code != want || (code == "HYPERFLEET-AUZ-004") != (want != http.StatusOK) {
				t.Errorf("Host %q, GET %s: status %d, code %q; want %d", host, path, response.Code, code, want)
			}
			if response, _ := open.answer(t, r); response.Code != http.StatusOK {
				t.Errorf("Host %q, GET %s of a server that asks for credentials: status %d, want 200", host, path, response.Code)
			}
		}
	}
}

// TestSecurityHeaders checks answers of every kind.
func TestSecurityHeaders(t *testing.T) {
	cluster := largeCluster(1, "")
	s := newOffline(t, Options{Authenticator: NamedUsers}, cluster)
	s.options.LoopbackHostsOnly = true
	for name, c := range map[string]struct {
		method, path string
		header       map[string]string
		want         int
	}{
		"description":   {"GET", rest.RootPath, nil, http.StatusOK},
		"document":      {"GET", rest.OpenAPIPath, nil, http.StatusOK},
		"list":          {"GET", rest.ClustersPath, nil, http.StatusOK},
		"head":          {"HEAD", rest.ClusterHref(cluster.ID), nil, http.StatusOK},
		"not modified":  {"GET", rest.ClusterHref(cluster.ID), map[string]string{"If-None-Match": "*"}, http.StatusNotModified},
		"no such path":  {"GET", "/x", nil, http.StatusNotFound},
		"method":        {"DELETE", rest.ClustersPath, nil, http.StatusMethodNotAllowed},
		"anonymous":     {"GET", rest.ClustersPath, map[string]string{"Authorization": ""}, http.StatusUnauthorized},
		"anonymous, //": {"GET", "//", map[string]string{"Authorization": ""}, http.StatusUnauthorized},
		"cross-origin":  {"POST", rest.ClustersPath, map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"media type":    {"POST", rest.ClustersPath, nil, http.StatusUnsupportedMediaType},
		"long URI":      {"GET", "/" + strings.Repeat("x", maxURIBytes), nil, http.StatusRequestURITooLong},
		"page":          {"GET", rest.OpenAPIPagePath, nil, http.StatusOK},
		"other host":    {"GET", rest.RootPath, map[string]string{"Host": "example.com"}, http.StatusMisdirectedRequest},
	} {
		for _, encrypted := range []bool{false, true} {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader("{}"))
			r.Host, r.TLS = "localhost", nil
			r.Header.Set("Authorization", "Bearer alice")
			if encrypted {
				r.TLS = &tls.ConnectionState{}
			}
			for key, value := range c.header {
				switch {
				case key == "Host":
					r.Host = value
				case value == "":
					r.Header.Del(key)
				default:
					r.Header.Set(key, value)
				}
			}
			response, _ := s.answer(t, r)
			if response.Code != c.want {
				t.Errorf("%s: status %d, want %d", name, response.Code, c.want)
			}
			want := map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": "",
				"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
			}
			if encrypted {
				want["Strict-Transport-Security"] = "max-age=31536000"
			}
			if name == "page" {
				delete(want, "Content-Security-Policy") // see TestPolicyOfPage
			}
			for key, value := range want {
				if got := response.Header().Get(key); got != value {
					t.Errorf("%s, encrypted %t: %s is %q, want %q", name, encrypted, key, got, value)
				}
			}
		}
	}
}

// TestPolicyOfPage compares what the OpenAPI page loads and runs with its policy.
func TestPolicyOfPage(t *testing.T) {
	s := newOffline(t, Options{})
	get := func(path string) (string, http.Header) {
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusOK {
			t.Errorf("GET %s: status %d", path, w.Code)
		}
		return w.Body.String(), w.Header()
	}
	page, header := get(rest.OpenAPIPagePath)
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'; ", "; frame-ancestors 'none'", "; base-uri 'none'", "; form-action 'none'", "; connect-src 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %s lacks %s", policy, part)
		}
	}
	scripts := regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	inline := 0
	for _, script := range scripts {
		if script[1] != "" {
			continue // loaded from a file, see below
		}
		inline++
		digest := sha256.Sum256([]byte(script[2]))
		if hash := "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"; !strings.Contains(policy, hash) {
			t.Errorf("the policy %s does not allow the inline script %s", policy, script[2])
		}
	}
	if inline == 0 || strings.Contains(strings.Split(policy, "script-src")[1], "unsafe") {
		t.Errorf("%d inline scripts, policy %s", inline, policy)
	}
	loaded := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(loaded) < 3 {
		t.Errorf("the page loads %d files: %s", len(loaded), page)
	}
	for _, file := range loaded {
		if strings.Contains(file[1], "//") || !strings.HasPrefix(file[1], "/") {
			t.Errorf("the page loads %s from elsewhere", file[1])
			continue
		}
		get(file[1])
	}
}
