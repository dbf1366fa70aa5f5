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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	repository = "../.."
	version    = "v1.2.3"
)

// changelog contains the section of the version between two other sections.
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

// copyFiles copies files of the repository into a folder.
func copyFiles(t *testing.T, dir string, files ...string) {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), string(content))
	}
}

// commitAll makes a folder a repository with one commit.
func commitAll(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "init", "--quiet")
	git(t, dir, "add", "--all")
	git(t, dir, "commit", "--quiet", "-m", "Begin")
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

// git runs git without the configuration of the user who runs the test.
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
