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

func TestAcceptsGzip(t *testing.T) {
	tests := map[string]struct {
		header []string
		want   bool
	}{
		"no header":                   {nil, false},
		"empty":                       {[]string{""}, false},
		"gzip":                        {[]string{"gzip"}, true},
		"any case":                    {[]string{"GZip"}, true},
		"old name":                    {[]string{"x-gzip"}, true},
		"among others":                {[]string{"br, gzip;q=0.8 , deflate"}, true},
		"in the second header":        {[]string{"br", "gzip"}, true},
		"refused":                     {[]string{"gzip;q=0"}, false},
		"refused in full":             {[]string{"gzip; Q=0.000, *"}, false},
		"others only":                 {[]string{"br, deflate"}, false},
		"anything":                    {[]string{"*"}, true},
		"anything but gzip":           {[]string{"*;q=1, gzip;q=0"}, false},
		"nothing":                     {[]string{"*;q=0"}, false},
		"rather as it is":             {[]string{"identity, gzip;q=0.5"}, false},
		"as it is will do":            {[]string{"gzip, identity;q=0.5"}, true},
		"a quality that is no number": {[]string{"gzip;q=much"}, false},
		"a quality beyond 1":          {[]string{"gzip;q=7"}, false},
		"a quality of NaN":            {[]string{"gzip;q=NaN"}, false},
		"another parameter":           {[]string{"gzip;level=1"}, true},
		"a name that gzip begins":     {[]string{"gzip2"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := acceptsGzip(http.Header{"Accept-Encoding": test.header}); got != test.want {
				t.Errorf("acceptsGzip(%q) = %t", test.header, got)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	tests := map[string]struct {
		header []string
		want   bool
	}{
		"no header":              {nil, false},
		"empty":                  {[]string{""}, false},
		"the tag":                {[]string{`"abc"`}, true},
		"made weak":              {[]string{`W/"abc"`}, true},
		"another":                {[]string{`"abcd"`}, false},
		"part of another":        {[]string{`"x"abc"`}, false},
		"compressed":             {[]string{`"abc-gzip"`}, false},
		"without quotes":         {[]string{`abc`}, false},
		"among others":           {[]string{`"x", W/"y" ,"abc"`}, true},
		"a comma within another": {[]string{`"x,y","abc"`}, true},
		"empty elements":         {[]string{`, ,"abc"`}, true},
		"in the second header":   {[]string{`"x"`, `"abc"`}, true},
		"anything":               {[]string{` * `}, true},
		"unfinished":             {[]string{`"abc`}, false},
		"only a quote":           {[]string{`"`}, false},
		"weak in lower case":     {[]string{`w/"abc"`}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := matches(http.Header{"If-None-Match": test.header}, `"abc"`); got != test.want {
				t.Errorf("matches(%q) = %t", test.header, got)
			}
		})
	}
}

// FuzzEntityTags reads lists of entity tags. A tag in a list is found, whatever else the
// list contains, and a tag that is not in a list is not found.
func FuzzEntityTags(f *testing.F) {
	for _, seed := range []string{"", "*", `"x"`, `W/"x"`, `"x,y"`, `"x`, `w/"abc"`, ` "a", ,W/"b"`, `""`, `"\"`} {
		f.Add(seed)
	}
	const tag = `"abc"`
	f.Fuzz(func(t *testing.T, list string) {
		strong, weak := isListed([]string{list}, false, tag), isListed([]string{list}, true, tag)
		if strong && !weak {
			t.Errorf("%q names the tag in the strong comparison only", list)
		}
		if weak && !strings.Contains(list, tag) && strings.Trim(list, " \t") != "*" {
			t.Errorf("%q names the tag", list)
		}
		if !isListed([]string{tag + "," + list}, false, tag) || !isListed([]string{list, tag}, false, tag) {
			t.Errorf("the tag beside %q is not found", list)
		}
		if isListed([]string{"W/" + tag + ",x" + list}, false, tag) {
			t.Errorf("the weak tag beside %q is taken for the strong one", list)
		}
	})
}
