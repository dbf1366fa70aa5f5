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

package e2e

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hyperfleet-io/hyperfleet/test/docs"
)

// A page is a Markdown file whose commands are run.
type page struct {
	file         string
	data         string // the folder of the data directory on the page
	authenticate bool   // callers over REST need credentials
}

// documentation are the pages that are run. TestDocumentation of internal/fleet runs
// searchPage.
var documentation = []page{
	{file: "README.md", data: ".local"},
	{file: "docs/server.md", data: "fleet", authenticate: true},
	{file: "docs/kubectl.md"},
	{file: "docs/rest.md"},
	{file: "docs/clusters.md"},
	{file: "docs/nodepools.md"},
	{file: "docs/adapterstatuses.md"},
	{file: "docs/errors.md"},
	{file: "docs/faq.md"},
	{file: "docs/monitoring.md"},
	{file: "docs/security.md", data: ".local", authenticate: true},
	{file: "docs/operations.md"},
}

// searchPage contains the results of each search on clusters of given ages.
const searchPage = "docs/search.md"

// TestDocumentation runs the commands of each page, and compares their output with the
// page.
func TestDocumentation(t *testing.T) {
	listed := map[string]bool{filepath.Join(root(), searchPage): true}
	for _, p := range documentation {
		listed[filepath.Join(root(), p.file)] = true
		t.Run(p.file, func(t *testing.T) {
			t.Parallel() // a start mostly waits
			runPage(t, p)
		})
	}
	files, err := filepath.Glob(filepath.Join(root(), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(root(), "CONTRIBUTING.md"), filepath.Join(root(), "SECURITY.md")) {
		if listed[file] {
			continue
		}
		if steps, err := docs.Parse(readLog(t, file)); err != nil || len(steps) > 0 {
			t.Errorf("%s: %d steps are not run, %v", file, len(steps), err)
		}
	}
}

func runPage(t *testing.T, p page) {
	steps, err := docs.Parse(readFile(t, p.file))
	if err != nil {
		t.Fatalf("%s: %v", p.file, err)
	}
	f := newFleet(t, oneProcess)
	f.authenticate = p.authenticate
	f.start(t)
	folder := pageFolder(t, f, p)
	shell, err := docs.NewShell(t.Context(), folder, []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + folder, "KUBECONFIG=" + filepath.Join(f.dir, "kubeconfig"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	actual, shown := f.replacers(t)
	if output, status, err := shell.Run(t.Context(), docs.Helpers); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s", status, err, output)
	}
	for _, step := range steps {
		if step.File != "" {
			if err := os.WriteFile(filepath.Join(folder, step.File), []byte(step.Content), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !runStep(t, shell, p.file, step, actual, shown) {
			return // the following steps depend on it
		}
	}
}

// pageFolder makes a folder that looks like the root of the repository to the commands of
// a page.
func pageFolder(t *testing.T, f *fleet, p page) string {
	t.Helper()
	folder := t.TempDir()
	links := map[string]string{"bin": bin}
	if p.data != "" {
		links[p.data] = f.dir
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// replacers returns replacers from the addresses on pages to those of the fleet, and the
// reverse.
func (f *fleet) replacers(t *testing.T) (actual, shown *strings.Replacer) {
	t.Helper()
	var to, from []string
	for documented, address := range map[string]string{"localhost:8000": f.rest, "localhost:9090": f.scraped} {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, documented, "localhost:"+port)
		from = append(from, "localhost:"+port, documented)
	}
	return strings.NewReplacer(to...), strings.NewReplacer(from...)
}

// changing matches commands that must not be run twice.
var changing = regexp.MustCompile(`-X |-d |\b(apply|create|delete|annotate|patch|force-delete|restore|save)\b`)

// effectLimit is how long runStep waits for the effects of other processes. Only a step
// whose output differs from the page waits for so long.
const effectLimit = 2 * time.Minute

// runStep runs a step and compares its output. Effects of other processes, such as
// Events, may come a moment later, so runStep repeats commands that only read. It reports
// whether the output matches the page.
func runStep(t *testing.T, shell *docs.Shell, file string, step docs.Step, actual, shown *strings.Replacer) bool {
	t.Helper()
	commands := actual.Replace(step.Commands)
	for deadline := time.Now().Add(min(effectLimit, waitLimit(t))); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), waitLimit(t))
		output, status, err := shell.Run(ctx, commands)
		cancel()
		if err != nil {
			t.Errorf("%s:%d: %v", file, step.Line, err)
			return false
		}
		difference := ""
		if step.Output != nil {
			difference = step.Output.Compare(shown.Replace(output))
		} else if status != 0 {
			difference = output
		}
		if difference == "" {
			return true
		}
		if changing.MatchString(commands) || time.Now().After(deadline) {
			t.Errorf("%s:%d: %s\nstatus %d (-page +output):\n%s", file, step.Line, step.Commands, status, difference)
			return false
		}
	}
}
