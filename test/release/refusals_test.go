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
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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

// newRepository returns a repository with the files that the script reads before it
// builds anything.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copyFiles(t, dir, "hack/release.sh", ".gitignore", "Makefile")
	write(t, filepath.Join(dir, "CHANGELOG.md"), changelog)
	write(t, filepath.Join(dir, "api", "go.mod"), "module example.com\n")
	write(t, filepath.Join(dir, "go.mod"), goMod(version))
	write(t, filepath.Join(dir, "client", "go.mod"), goMod(version))
	commitAll(t, dir)
	return dir
}

// goMod returns the go.mod of a module that requires another one.
func goMod(version string) string {
	return "require (\n\tgithub.com/hyperfleet-io/hyperfleet/api " + version + "\n\texample.com/another v9.9.9\n)\n"
}
