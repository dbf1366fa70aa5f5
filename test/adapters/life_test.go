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

package adapters

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hyperfleet-io/hyperfleet/test/process"
)

// TestScratchModule builds the example of docs/writing-an-adapter.md in a module outside
// of the repository, and takes it through the life of a Cluster. In the middle, the test
// kills it.
func TestScratchModule(t *testing.T) {
	folder := t.TempDir()
	scratchModule(t, folder)
	program := filepath.Join(folder, "files")
	if err := build(t.Context(), folder, program); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := suite.env.Kubeconfig(adapterUser)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kubeconfig"), kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	// A shell starts the program in its folder for files.
	run := func() *process.Process {
		return startProcess(t, folder, "/bin/sh", "-c", `cd "$0" && exec ./files "$@"`, folder,
			"-kubeconfig=kubeconfig", "-namespace="+namespace, "-selector=door=scratch", "-max-age-not-ready=1h")
	}
	adapterLife(t, map[string]string{"door": "scratch"}, folder, run)
}

// TestPython does the same with the Python example, over REST.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	script, err := filepath.Abs("../../examples/adapter-python/adapter.py")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	adapterLife(t, map[string]string{"door": "python"}, folder, func() *process.Process {
		return startProcess(t, folder, python, script, suite.rest, folder, "labels.door = 'python'")
	})
}

// adapterLife takes an adapter that keeps files through the life of a Cluster: it reports
// once on each generation, and finalizes after it was killed.
func adapterLife(t *testing.T, labels map[string]string, folder string, run func() *process.Process) {
	t.Helper()
	reports := countReports(t)
	cluster := newCluster(t, labels)
	file := filepath.Join(folder, cluster.Name+".json")
	adapter := run()
	waitReady(t, cluster)
	wantFile(t, file, `{"region":"us-east"}`)

	// If a status woke the adapter, there would be another report before this change.
	changeSpec(t, cluster, `{"region":"eu-west"}`)
	waitReady(t, cluster)
	wantFile(t, file, `{"region":"eu-west"}`)
	reports.want(t, cluster, 2)

	if err := adapter.Kill(); err != nil {
		t.Fatal(err)
	}
	remove(t, cluster)
	run()
	waitGone(t, cluster)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the adapter has finalized, and its file is still there: %v", err)
	}
	reports.want(t, cluster, 3)
}

func wantFile(t *testing.T, file, want string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if got := string(bytes.ReplaceAll(content, []byte(" "), nil)); err != nil || got != want {
		t.Errorf("%s has %s, %v, want %s", filepath.Base(file), got, err, want)
	}
}

// startProcess starts a program, which ends with the test.
func startProcess(t *testing.T, folder, path string, args ...string) *process.Process {
	t.Helper()
	p, err := process.Start(process.Spec{Name: "adapter", Dir: folder, Path: path, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(folder, "adapter.log"))
			t.Logf("log of the adapter:\n%s", log)
		}
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// scratchModule makes a module of the example. It has the requirements of the client
// module, so that the build has no versions to look up.
func scratchModule(t *testing.T, folder string) {
	t.Helper()
	page := read(t, "../../docs/writing-an-adapter.md")
	example := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(page)
	if example == nil {
		t.Fatal("docs/writing-an-adapter.md has no example in Go")
	}
	if lines := bytes.Count(example[1], []byte("\n")); lines > 40 {
		t.Errorf("the example has %d lines, want at most 40", lines)
	}
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`(?s)require \(.*`).Find(read(t, "../../client/go.mod"))
	module := "module example.com/files\n\ngo 1.26.0\n\nreplace (\n" +
		"\tgithub.com/hyperfleet-io/hyperfleet/api => " + filepath.Join(repository, "api") + "\n" +
		"\tgithub.com/hyperfleet-io/hyperfleet/client => " + filepath.Join(repository, "client") + "\n)\n\n" +
		"require github.com/hyperfleet-io/hyperfleet/client v0.0.0\n\n" + string(required)
	for name, content := range map[string][]byte{
		"main.go": example[1], "go.mod": []byte(module), "go.sum": read(t, "../../client/go.sum"),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
