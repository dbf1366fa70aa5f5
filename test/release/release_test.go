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

package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	repository = "../.."
	version    = "v1.2.3"
)

// changelog has the section of the version between two others.
const changelog = `# Changelog

## [Unreleased]

- not released

## [1.2.3] - 2026-11-26

### Added

- a release

[1.2.3]: https://example.com/1.2.3

## [1.2.2] - 2026-11-25

- an earlier release
`

// goProgram stands for the Go toolchain: it knows the version of Kubernetes, records
// builds, and writes the file that -o names.
const goProgram = `#!/bin/sh
if [ "$1" = list ]; then echo v1.37.2; exit; fi
echo "CGO_ENABLED=$CGO_ENABLED GOOS=$GOOS GOARCH=$GOARCH $*" >>"$GO_CALLS"
while [ "$1" != -o ]; do shift; done
echo "$GOOS/$GOARCH" >"$2"
`

// TestRelease builds a release of a repository that holds what the script reads:
// itself, a changelog and the manifests.
func TestRelease(t *testing.T) {
	dir := newRepository(t)
	tag(t, dir, version)
	calls := filepath.Join(t.TempDir(), "calls")
	t.Setenv("GO_CALLS", calls)
	t.Setenv("PATH", fakeGo(t)+":"+os.Getenv("PATH"))
	if output, err := release(t, dir, version); err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}

	want := []string{
		"RELEASE_NOTES.md",
		"SHA256SUMS",
		"hyperfleet-1.2.3.tgz",
		"hyperfleet_v1.2.3_linux_amd64",
		"hyperfleet_v1.2.3_linux_arm64",
		"install.yaml",
		"kubectl-hyperfleet_v1.2.3_darwin_amd64",
		"kubectl-hyperfleet_v1.2.3_darwin_arm64",
		"kubectl-hyperfleet_v1.2.3_linux_amd64",
		"kubectl-hyperfleet_v1.2.3_linux_arm64",
	}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("artifacts (-want +got):\n%s", diff)
	}
	if got, want := artifact(t, dir, "RELEASE_NOTES.md"), "### Added\n\n- a release\n"; got != want {
		t.Errorf("release notes are %q, want %q", got, want)
	}
	if install := artifact(t, dir, "install.yaml"); !strings.Contains(install, "image: hyperfleet:v1.2.3\n") ||
		!strings.Contains(install, "kind: CustomResourceDefinition") || strings.Contains(install, ":latest") {
		t.Errorf("install.yaml is not config/default with the image of %s", version)
	}
	wantSums(t, dir)

	content, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	for call := range strings.Lines(string(content)) {
		for _, part := range []string{"CGO_ENABLED=0 ", " -trimpath ", "-s -w ", "/internal/version.version=" + version + " ", ".gitVersion=v1.37.2 ", ".gitMajor=1 ", ".gitMinor=37 "} {
			if !strings.Contains(call, part) {
				t.Errorf("a build lacks %q: %s", part, call)
			}
		}
	}
	if status := git(t, dir, "status", "--porcelain"); status != "" {
		t.Errorf("a release changes the working tree: %s", status)
	}
}

func TestReleaseRefuses(t *testing.T) {
	cases := map[string]struct {
		version string
		before  func(t *testing.T, dir string)
		want    string
	}{
		"what is no version": {
			version: "v1.2",
			want:    "v1.2 is not a version such as v1.2.3",
		},
		"a version without a tag": {
			version: version,
			want:    "there is no tag v1.2.3",
		},
		"the tag of another commit": {
			version: version,
			before: func(t *testing.T, dir string) {
				tag(t, dir, version)
				git(t, dir, "commit", "--quiet", "--allow-empty", "-m", "Another")
			},
			want: "is checked out",
		},
		"a branch of that name": {
			version: version,
			before:  func(t *testing.T, dir string) { git(t, dir, "branch", version) },
			want:    "there is no tag v1.2.3",
		},
		"a change that is not committed": {
			version: version,
			before: func(t *testing.T, dir string) {
				tag(t, dir, version)
				write(t, filepath.Join(dir, "CHANGELOG.md"), changelog+"\n")
			},
			want: "changes that are not committed",
		},
		"a file that is not committed": {
			version: version,
			before: func(t *testing.T, dir string) {
				tag(t, dir, version)
				write(t, filepath.Join(dir, "new.go"), "package new\n")
			},
			want: "changes that are not committed",
		},
		"a module without a tag": {
			version: version,
			before:  func(t *testing.T, dir string) { git(t, dir, "tag", version); git(t, dir, "tag", "api/"+version) },
			want:    "there is no tag client/v1.2.3",
		},
		"a module that requires another version": {
			version: version,
			before: func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "client", "go.mod"), goMod("v1.2.2"))
				git(t, dir, "commit", "--quiet", "--all", "-m", "Require the version before")
				tag(t, dir, version)
			},
			want: "modules must require each other at v1.2.3: client/go.mod:github.com/hyperfleet-io/hyperfleet/api v1.2.2",
		},
		"a version that the changelog lacks": {
			version: "v1.2.4",
			before: func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "go.mod"), goMod("v1.2.4"))
				write(t, filepath.Join(dir, "client", "go.mod"), goMod("v1.2.4"))
				git(t, dir, "commit", "--quiet", "--all", "-m", "Require the version")
				tag(t, dir, "v1.2.4")
			},
			want: "CHANGELOG.md has no section ## [1.2.4]",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newRepository(t)
			if c.before != nil {
				c.before(t, dir)
			}
			output, err := release(t, dir, c.version)
			if err == nil || !strings.Contains(output, c.want) {
				t.Errorf("release.sh = %v, %q, want a refusal that mentions %q", err, output, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "dist")); !os.IsNotExist(err) {
				t.Errorf("dist/ exists after a refusal (%v)", err)
			}
		})
	}
}

func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"config", "charts"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(repository, folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"hack/release.sh", "hack/install-yaml.sh", "hack/chart.sh", ".gitignore", "Makefile"} {
		content, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), string(content))
	}
	write(t, filepath.Join(dir, "CHANGELOG.md"), changelog)
	write(t, filepath.Join(dir, "api", "go.mod"), "module example.com\n")
	write(t, filepath.Join(dir, "go.mod"), goMod(version))
	write(t, filepath.Join(dir, "client", "go.mod"), goMod(version))
	git(t, dir, "init", "--quiet")
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "-m", "Begin")
	return dir
}

// goMod returns the go.mod of a module that requires another one.
func goMod(version string) string {
	return "require (\n\tgithub.com/hyperfleet-io/hyperfleet/api " + version + "\n\texample.com/another v9.9.9\n)\n"
}

// tag tags the commit that is checked out for every module.
func tag(t *testing.T, dir, version string) {
	t.Helper()
	for _, module := range []string{"", "api/", "client/"} {
		git(t, dir, "tag", module+version)
	}
}

func release(t *testing.T, dir, version string) (string, error) {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(repository, "bin", "controlplane")
	}
	kubectl, err := filepath.Abs(filepath.Join(assets, "kubectl"))
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), filepath.Join(dir, "hack", "release.sh"), version, kubectl).CombinedOutput()
	return string(output), err
}

// fakeGo returns a folder that holds goProgram as the program go.
func fakeGo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go"), goProgram)
	return dir
}

// git runs without the configuration of whoever runs the test.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.com")
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v:\n%s", strings.Join(args, " "), err, output)
	}
	return string(bytes.TrimSpace(output))
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func artifact(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "dist", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// wantSums checks that SHA256SUMS lists each artifact but itself.
func wantSums(t *testing.T, dir string) {
	t.Helper()
	var want []string
	for _, name := range names(t, dir) {
		if name != "SHA256SUMS" {
			sum := sha256.Sum256([]byte(artifact(t, dir, name)))
			want = append(want, fmt.Sprintf("%s  %s", hex.EncodeToString(sum[:]), name))
		}
	}
	got := strings.Split(strings.TrimSpace(artifact(t, dir, "SHA256SUMS")), "\n")
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SHA256SUMS (-want +got):\n%s", diff)
	}
}
