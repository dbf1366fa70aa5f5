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

package docs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// varying are parts of output that differ between runs, in the order in which they are
// replaced.
var varying = []struct {
	pattern     *regexp.Regexp
	placeholder string
}{
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "UID"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "REQUEST"},
	{regexp.MustCompile(`\b2[0-9a-z]{25}\b`), "ID"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "DATE"},
	{regexp.MustCompile(`(Content-Length|resourceVersion): "?\d+"?`), "$1: N"},
	{regexp.MustCompile(`\b\d+(\.\d+e[+-]?\d+|\.\d{3,})\b`), "FRACTION"},
	{regexp.MustCompile(`\b(\d+(\.\d+)?(ms|µs|s|m|h|d))+\b`), "AGE"},
}

// normal returns output without parts that differ between runs, and without the width of
// columns.
func normal(output string) string {
	for _, v := range varying {
		output = v.pattern.ReplaceAllString(output, v.placeholder)
	}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(output), "\n") {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// isElision reports whether a line of shown output stands for any number of lines.
func isElision(line string) bool { return line == "…" || line == "# …" }

// Compare returns how output differs from the output that a page shows, "" if it does
// not.
func (o Output) Compare(output string) string {
	want, got := normal(o.Text), normal(output)
	if o.JSON {
		var wantValue, gotValue any
		if err := json.Unmarshal([]byte(want), &wantValue); err != nil {
			return fmt.Sprintf("the page shows no JSON: %v", err)
		}
		if err := json.Unmarshal([]byte(got), &gotValue); err != nil {
			return fmt.Sprintf("the output is no JSON: %v\n%s", err, output)
		}
		return cmp.Diff(wantValue, gotValue)
	}
	wantLines, gotLines := strings.Split(want, "\n"), strings.Split(got, "\n")
	if o.Some {
		return missing(wantLines, gotLines)
	}
	if matches(wantLines, gotLines) {
		return ""
	}
	return cmp.Diff(wantLines, gotLines)
}

// missing returns the first wanted line that does not follow the earlier wanted lines.
func missing(want, got []string) string {
	for _, line := range want {
		i := slices.Index(got, line)
		if i < 0 {
			return "- " + line
		}
		got = got[i+1:]
	}
	return ""
}

// matches reports whether lines match those that a page shows. A page may leave some out.
func matches(want, got []string) bool {
	switch {
	case len(want) == 0:
		return len(got) == 0
	case isElision(want[0]):
		for i := range len(got) + 1 {
			if matches(want[1:], got[i:]) {
				return true
			}
		}
		return false
	default:
		return len(got) > 0 && want[0] == got[0] && matches(want[1:], got[1:])
	}
}
