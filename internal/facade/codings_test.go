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
	"net/http"
	"strings"
	"testing"
)

func TestContentCoding(t *testing.T) {
	for given, want := range map[string]string{
		"": "", "identity": "", "Identity": "", "IDENTITY": "", " identity\t": "", "identity, identity": "", ",identity,": "",
		"gzip": "gzip", "GZip": "gzip", "x-gzip": "gzip", "X-GZIP": "gzip", "identity, gzip": "gzip", "br": "br", "identity;q=1": "",
	} {
		if got := contentCoding(http.Header{"Content-Encoding": {given}}); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	if got := contentCoding(http.Header{"Content-Encoding": {"Identity", "Deflate"}}); got != "deflate" {
		t.Errorf("two headers: got %q, want deflate", got)
	}
}

// FuzzCodings checks that upper and lower case make no difference in the codings of a
// request or a response.
func FuzzCodings(f *testing.F) {
	for _, seed := range []string{"gzip;q=0.5, identity; Q=1", "x-gzip", "*;q=0.1,identity;q=0", ";,;", "gzip;q=nan", "a\tb , ,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		header := func(text string) http.Header {
			return http.Header{"Accept-Encoding": {text}, "Content-Encoding": {text}}
		}
		inLower := strings.ToLower(given)
		inUpper := strings.ToUpper(inLower)
		lower, upper := header(inLower), header(inUpper)
		if back := strings.ToLower(inUpper); back != inLower {
			t.Skip() // a letter whose upper and lower case do not map one to one
		}
		if got, want := acceptsGzip(upper), acceptsGzip(lower); got != want {
			t.Errorf("%q: accepts gzip: %t in upper case, %t in lower case", given, got, want)
		}
		if got, want := contentCoding(upper), contentCoding(lower); got != want {
			t.Errorf("%q: coding %q in upper case, %q in lower case", given, got, want)
		}
	})
}
