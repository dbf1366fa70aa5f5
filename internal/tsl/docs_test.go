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

package tsl

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocumentation parses the examples of docs/search.md, and compares the messages for
// wrong ones. Package fleet tests the results of the other examples.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/search.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`"search=(.*)"\n(?:# Message: (.*)\n)?`)
	examples := example.FindAllStringSubmatch(string(page), -1)
	if len(examples) == 0 {
		t.Fatal("docs/search.md has no examples")
	}
	for _, match := range examples {
		text, want := match[1], match[2]
		t.Run(text, func(t *testing.T) {
			e, err := Parse(text)
			if strings.HasPrefix(want, "search: ") { // else the index refuses the search
				if err == nil {
					t.Fatalf("Parse(%q) = %v, want the error %s", text, e, want)
				}
				if diff := cmp.Diff(want, err.Error()); diff != "" {
					t.Errorf("message (-documented +actual):\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
