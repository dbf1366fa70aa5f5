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

package problem

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyperfleet-io/hyperfleet/internal/rest"
)

func TestProblemsAreBounded(t *testing.T) {
	var faults []rest.FieldError
	for range 1000 {
		faults = append(faults, rest.FieldError{Field: strings.Repeat("ä", 1001), Constraint: "unknown", Message: strings.Repeat("ä", 1000) + " is not known"})
	}
	problem := InvalidBody.InFields(faults...)
	if len(problem.Fields) != maxFieldErrors || !strings.HasSuffix(problem.Detail, "(and 999 more, see errors)") {
		t.Errorf("%d errors, detail %q", len(problem.Fields), problem.Detail)
	}
	if e := problem.Fields[0]; len(e.Field) > maxFieldBytes+len("…") || strings.ToValidUTF8(e.Message, "?") != e.Message || !strings.HasSuffix(e.Message, " is not known") {
		t.Errorf("not cut as it should be: %+v", e)
	}
}

// docs/errors.md contains exactly the codes of this package.
func TestErrorsAreDocumented(t *testing.T) {
	codes := func(file string) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`HYPERFLEET-[A-Z]{3}-[0-9]{3}`).FindAllString(string(text), -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	if diff := cmp.Diff(codes("problem.go"), codes("../../docs/errors.md")); diff != "" {
		t.Errorf("codes (-problem.go +docs/errors.md):\n%s", diff)
	}
}
