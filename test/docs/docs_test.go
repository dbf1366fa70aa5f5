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
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	page := strings.ReplaceAll(`# Page

<!-- run: name=x -->
<!-- file: a.yaml -->
'''yaml
a: 1
'''

'''sh
cat a.yaml
echo $name
'''

It prints:

'''
a: 1
x
'''

- in a list

  '''sh
  echo {}
  '''

  '''json
  {}
  '''

'''json
{"only": "to look at"}
'''

'''console
$ echo 1
1
$ true
'''

<!-- not run: it needs a cloud -->
'''sh
cloud create
'''

<!-- a comment of two
lines -->

'''sh
true
'''
`, "'''", "```")
	want := []Step{
		{Line: 3, Commands: "name=x"},
		{Line: 5, File: "a.yaml", Content: "a: 1\n"},
		{Line: 9, Commands: "cat a.yaml\necho $name", Output: &Output{Text: "a: 1\nx"}},
		{Line: 23, Commands: "echo {}", Output: &Output{Text: "{}", JSON: true}},
		{Line: 36, Commands: "echo 1", Output: &Output{Text: "1\n"}},
		{Line: 38, Commands: "true", Output: &Output{}},
		{Line: 49, Commands: "true"},
	}
	got, err := Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestParseEndsEarly(t *testing.T) {
	steps, err := Parse("```sh\ntrue\n```\n<!-- no block is run: they need a cloud -->\n```\noutput\n```\n```\noutput\n```\n")
	if err != nil || len(steps) != 1 {
		t.Errorf("steps %+v, %v, want one", steps, err)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ page, want string }{
		"output of nothing":      {"text\n```\noutput\n```\n", "line 2: the block is neither run nor explained"},
		"two outputs":            {"```sh\ntrue\n```\n```\na\n```\n```\nb\n```\n", "line 7: the block is neither run nor explained"},
		"output of a file":       {"<!-- file: x -->\n```yaml\n```\n```\na\n```\n", "line 4: the block is neither run nor explained"},
		"no reason":              {"<!-- not run: -->\n```sh\ntrue\n```\n", `line 1: "not run" says nothing`},
		"other output":           {"<!-- output: much -->\n```\na\n```\n", `line 1: "output" says nothing`},
		"no block":               {"<!-- not run: a cloud -->\ntext\n", `line 2: there is no block after "not run"`},
		"no end":                 {"```sh\ntrue\n", "line 1: the block has no end"},
		"console without prompt": {"```console\ntrue\n```\n", "line 2: the block begins without a command"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(test.page); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		shown   Output
		printed string
		same    bool
	}{
		"equal":             {Output{Text: "a\nb"}, "a\nb\n", true},
		"another line":      {Output{Text: "a\nb"}, "a\nc", false},
		"one line more":     {Output{Text: "a"}, "a\nb", false},
		"one line less":     {Output{Text: "a\nb"}, "a", false},
		"columns":           {Output{Text: "NAME   AGE\nx      30s"}, "NAME         AGE\nx   2m5s", true},
		"times":             {Output{Text: "at 2026-01-02T03:04:05Z, Thu, 26 Nov 2026 09:37:12 GMT"}, "at 2026-11-26T01:02:03.004Z, Fri, 27 Nov 2026 10:00:00 GMT", true},
		"ids":               {Output{Text: `"2e5eyzb8y1oqje25z5xryvncjh" 671b05bc0b820236ecc121943f388704`}, `"26d1yhgpya69ha0hxup24y3oqj" decdefd112c5276c400e79ffee3a45fc`, true},
		"another number":    {Output{Text: "generation 1"}, "generation 2", false},
		"elision":           {Output{Text: "a\n…\nd"}, "a\nb\nc\nd", true},
		"elision of none":   {Output{Text: "a\n# …\nd"}, "a\nd", true},
		"elision at end":    {Output{Text: "a\n…"}, "a\nb", true},
		"elision, then not": {Output{Text: "a\n…\nd"}, "a\nb\nc", false},
		"some lines":        {Output{Text: "a\nc", Some: true}, "x\na\nb\nc", true},
		"some lines, mixed": {Output{Text: "c\na", Some: true}, "x\na\nb\nc", false},
		"JSON":              {Output{Text: "{\n  \"a\": [1],\n  \"id\": \"2e5eyzb8y1oqje25z5xryvncjh\"\n}", JSON: true}, `{"id":"26d1yhgpya69ha0hxup24y3oqj","a":[1]}`, true},
		"other JSON":        {Output{Text: `{"a": [1]}`, JSON: true}, `{"a":[1,2]}`, false},
		"no JSON":           {Output{Text: `{"a": [1]}`, JSON: true}, `curl: failed`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := test.shown.Compare(test.printed); (diff == "") != test.same {
				t.Errorf("same is %t, want %t: %s", !test.same, test.same, diff)
			}
		})
	}
}

func TestShell(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	shell, err := NewShell(t.Context(), folder, []string{"PATH=" + os.Getenv("PATH"), "GREETING=hello"})
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	for _, step := range []struct {
		commands, output string
		status           int
	}{
		{"cat file; echo", "content\n", 0},
		{"echo $GREETING; echo fault >&2", "hello\nfault\n", 0},
		{"printf 'no end of line'", "no end of line", 0},
		{"x=1; mkdir sub; cd sub", "", 0},
		{"echo $x $(basename $PWD); false", "1 sub\n", 1},
		{"cat; echo read nothing", "read nothing\n", 0},
		{"for i in 1 2; do\n  echo $i\ndone", "1\n2\n", 0},
		{"greet() { echo \"hi $1\"; }", "", 0},
		{"greet you", "hi you\n", 0},
		{"cat <<EOF\nhere $x\nEOF", "here 1\n", 0},
	} {
		output, status, err := shell.Run(t.Context(), step.commands)
		if err != nil || output != step.output || status != step.status {
			t.Errorf("%q printed %q, status %d, %v; want %q, status %d", step.commands, output, status, err, step.output, step.status)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := shell.Run(ctx, "sleep 600"); err == nil {
		t.Error("commands that do not end run on")
	}
}
