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
	"bufio"
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestImage builds the program as the Dockerfile does, from the files that
// .dockerignore admits, and runs it as the image does: as the only file there, by
// a user without rights.
func TestImage(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the image is of Linux")
	}
	source, out := t.TempDir(), t.TempDir()
	copyContext(t, source)
	dockerfile := read(t, filepath.Join(root(), "Dockerfile"))
	build := regexp.MustCompile(`(?m)^RUN (make build .*)$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the Dockerfile does not run make build")
	}
	// Without -trimpath the build reuses what the tests have compiled.
	line := strings.NewReplacer("BIN=/out", "BIN="+out, "GOFLAGS=-trimpath", "").Replace(build[1])
	command := exec.Command("bash", "-euc", line)
	command.Dir = source
	command.Env = append(os.Environ(), "VERSION=v1.2.3")
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build[1], err, text)
	}
	program := filepath.Join(out, "hyperfleet")
	checkStatic(t, program)

	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"manager", "--help"}, "--adapters-config string"},
		{[]string{"manager", "--kubeconfig=/none"}, "find the API server"},
		{[]string{"kubectl", "version", "--client"}, "Client Version: v1.37"},
		{[]string{"version"}, "v1.2.3"},
	} {
		command := exec.Command("/hyperfleet", test.args...)
		command.Env = []string{}
		command.Dir = "/"
		command.SysProcAttr = inside(out)
		text, _ := command.CombinedOutput() // one command fails
		if !strings.Contains(string(text), test.want) {
			t.Errorf("hyperfleet %q in an empty file system printed %q, want %q", test.args, text, test.want)
		}
	}
}

// inside makes a folder the root of a process's file system, and runs the process
// as the image's user. Where the tests do not run as root, that user is mapped to
// theirs.
func inside(dir string) *syscall.SysProcAttr {
	const user = 65532
	as := &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: user, Gid: user}}
	if os.Getuid() != 0 {
		as.Cloneflags = syscall.CLONE_NEWUSER
		as.UidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getuid(), Size: 1}}
		as.GidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getgid(), Size: 1}}
		as.Credential.NoSetGroups = true
	}
	return as
}

func checkStatic(t *testing.T, program string) {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a segment %s: it is not static", part.Type)
		}
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("v1.2.3")) {
		t.Error("the binary does not hold its version")
	}
}

// copyContext copies the files that .dockerignore admits. It excludes everything
// but the names with "!", and then the names below those.
func copyContext(t *testing.T, into string) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(read(t, filepath.Join(root(), ".dockerignore"))))
	var names []string
	for lines.Scan() {
		pattern, ok := strings.CutPrefix(lines.Text(), "!")
		if !ok {
			continue
		}
		found, err := filepath.Glob(filepath.Join(root(), pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf(".dockerignore admits %q, which matches no file: %v", pattern, err)
		}
		for _, path := range found {
			names = append(names, filepath.Base(path))
		}
	}
	for _, name := range names {
		from := filepath.Join(root(), name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() {
			if err := os.WriteFile(filepath.Join(into, name), []byte(read(t, from)), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.CopyFS(filepath.Join(into, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, out := range []string{"*_test.go", "testdata"} {
		removeAll(t, into, out)
	}
}

func removeAll(t *testing.T, dir, pattern string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ok, _ := filepath.Match(pattern, filepath.Base(path)); ok {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			if pattern == "testdata" {
				return filepath.SkipDir
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
