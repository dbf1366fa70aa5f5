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
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestRequestID makes requests with all kinds of ids. The answer returns an id that a log
// can contain, and replaces any other.
func TestRequestID(t *testing.T) {
	own := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for name, test := range map[string]struct {
		given []string
		kept  bool
	}{
		"none":               {nil, false},
		"a UUID":             {[]string{"0b1f8b1e-3b0a-4c60-9a3d-7a3a52b1d2c4"}, true},
		"all that is fit":    {[]string{"aZ09-_.:/+="}, true},
		"the longest":        {[]string{strings.Repeat("x", 64)}, true},
		"too long":           {[]string{strings.Repeat("x", 65)}, false},
		"empty":              {[]string{""}, false},
		"a space":            {[]string{"a b"}, false},
		"a quote":            {[]string{`a"b`}, false},
		"beyond ASCII":       {[]string{"ä"}, false},
		"two":                {[]string{"a", "b"}, false},
		"a terminal's codes": {[]string{"a\tb"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, suite.base+api+"/clusters/unknown", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header["X-Request-Id"] = test.given
			a := do(t, request).want(t, http.StatusNotFound)
			got := a.header.Get("X-Request-Id")
			if test.kept && got != test.given[0] || !test.kept && !own.MatchString(got) {
				t.Errorf("answered with the id %q", got)
			}
			if in := a.problem(t).RequestID; in != got {
				t.Errorf("the problem has the id %q, the header %q", in, got)
			}
		})
	}
}

func TestRequestIDOnEveryAnswer(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range []string{api, api + "/clusters", api + "/openapi", api + "/openapi.html", "/", "/nowhere", "//x"} {
		id := get(t, path).header.Get("X-Request-Id")
		if id == "" || seen[id] {
			t.Errorf("%s: answered with the id %q", path, id)
		}
		seen[id] = true
	}
}
