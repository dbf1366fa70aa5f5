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
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goProgram replaces the Go toolchain. It builds each program of the release once, for
// this machine and from the repository itself: without -trimpath, that reuses the
// packages that the tests have compiled. The programs for other platforms are copies.
const goProgram = `#!/bin/sh
output=
package=
previous=
for argument; do
	[ "$previous" = -o ] && output=$argument
	previous=$argument
	package=$argument
done
program=$(basename "$output")
program=${program%%_*}
case "$program" in hyperfleet | kubectl-hyperfleet) ;; *) exec "$REAL_GO" "$@" ;; esac
echo "CGO_ENABLED=$CGO_ENABLED GOOS=$GOOS GOARCH=$GOARCH $*" >>"$GO_CALLS"
if [ ! -f "$BUILT/$program" ]; then
	for argument; do
		shift
		case "$argument" in -trimpath) continue ;; "$output") argument=$BUILT/$program ;; esac
		set -- "$@" "$argument"
	done
	(cd "$REPOSITORY" && unset GOOS GOARCH && exec "$REAL_GO" "$@") || exit
fi
cp "$BUILT/$program" "$output"
`

// TestRelease builds a release of this repository twice.
func TestRelease(t *testing.T) {
	dir := newRelease(t)
	calls := useGoProgram(t)
	output, err := release(t, dir, version)
	if err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	if strings.Contains(output, "debug") {
		t.Errorf("a release prints debug messages:\n%.1000s", output)
	}
	t.Logf("Left out: builds for other platforms than %s/%s, and with -trimpath", runtime.GOOS, runtime.GOARCH)

	want := []string{
		"RELEASE_NOTES.md",
		"SHA256SUMS",
		"hyperfleet-1.2.3.tgz",
		"hyperfleet_v1.2.3_image.tar",
		"install.yaml",
	}
	for _, program := range []string{
		"hyperfleet_v1.2.3_linux_amd64",
		"hyperfleet_v1.2.3_linux_arm64",
		"kubectl-hyperfleet_v1.2.3_darwin_amd64",
		"kubectl-hyperfleet_v1.2.3_darwin_arm64",
		"kubectl-hyperfleet_v1.2.3_linux_amd64",
		"kubectl-hyperfleet_v1.2.3_linux_arm64",
	} {
		want = append(want, program, program+".cdx.json")
	}
	slices.Sort(want)
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
	revision := git(t, dir, "rev-parse", "HEAD")
	checkCalls(t, calls, revision)
	checkPrograms(t, dir, revision)
	checkImage(t, dir, revision)
	checkSBOM(t, dir)
	if status := git(t, dir, "status", "--porcelain"); status != "" {
		t.Errorf("a release changes the working tree: %s", status)
	}

	sums := artifact(t, dir, "SHA256SUMS")
	if output, err := release(t, dir, version); err != nil {
		t.Fatalf("again: %v:\n%s", err, output)
	}
	if diff := cmp.Diff(sums, artifact(t, dir, "SHA256SUMS")); diff != "" {
		t.Errorf("the second release has other bytes:\n%s", diff)
	}
}

// newRelease returns a copy of the repository that is tagged as a release.
func newRelease(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := strings.Split(git(t, repository, "ls-files", "-co", "--exclude-standard", "--deduplicate"), "\n")
	copyFiles(t, dir, slices.DeleteFunc(files, func(file string) bool {
		info, err := os.Lstat(filepath.Join(repository, file))
		return err != nil || !info.Mode().IsRegular() // deleted, or a link
	})...)
	write(t, filepath.Join(dir, "CHANGELOG.md"), changelog)
	required := regexp.MustCompile(`(hyperfleet-io/hyperfleet/(?:api|client)) v\S+`)
	for _, file := range []string{"go.mod", "client/go.mod"} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), required.ReplaceAllString(string(content), "$1 "+version))
	}
	commitAll(t, dir)
	tag(t, dir, version)
	return dir
}

// useGoProgram puts goProgram into the path, and returns the file of its calls.
func useGoProgram(t *testing.T) string {
	t.Helper()
	toolchain, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go"), goProgram)
	calls := filepath.Join(t.TempDir(), "calls")
	t.Setenv("REAL_GO", toolchain)
	t.Setenv("REPOSITORY", root)
	t.Setenv("BUILT", t.TempDir())
	t.Setenv("GO_CALLS", calls)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return calls
}

// checkCalls checks how the script builds each program.
func checkCalls(t *testing.T, calls, revision string) {
	t.Helper()
	const identity = "-X github.com/hyperfleet-io/hyperfleet/internal/version"
	content, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	for call := range strings.Lines(string(content)) {
		for _, part := range []string{
			"CGO_ENABLED=0 ", " -trimpath ", " -buildvcs=false ", "-s -w ",
			identity + ".version=" + version + " ", identity + ".revision=" + revision + " ",
			".gitVersion=v1.37.2 ", ".gitMajor=1 ", ".gitMinor=37 ",
		} {
			if !strings.Contains(call, part) {
				t.Errorf("a build lacks %q: %s", part, call)
			}
		}
	}
}

// checkPrograms runs the programs of this machine's architecture.
func checkPrograms(t *testing.T, dir, revision string) {
	t.Helper()
	for _, program := range []string{"hyperfleet", "kubectl-hyperfleet"} {
		file := filepath.Join(dir, "dist", fmt.Sprintf("%s_%s_linux_%s", program, version, runtime.GOARCH))
		output, err := exec.CommandContext(t.Context(), file, "version").CombinedOutput()
		if want := fmt.Sprintf("%s (revision %s, ", version, revision); err != nil || !strings.HasPrefix(string(output), want) {
			t.Errorf("%s version: %v, %q, want %q", program, err, output, want)
		}
	}
}

// checkSBOM checks that an SBOM names the program's version and the modules in it.
func checkSBOM(t *testing.T, dir string) {
	t.Helper()
	type component struct{ Name, Version string }
	var sbom struct {
		BOMFormat  string
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.Unmarshal([]byte(artifact(t, dir, "hyperfleet_v1.2.3_linux_amd64.cdx.json")), &sbom); err != nil {
		t.Fatal(err)
	}
	if want := (component{"github.com/hyperfleet-io/hyperfleet", version}); sbom.BOMFormat != "CycloneDX" || sbom.Metadata.Component != want {
		t.Errorf("the SBOM is of %+v in the format %s", sbom.Metadata.Component, sbom.BOMFormat)
	}
	for _, want := range []component{{"k8s.io/kubernetes", "v1.37.2"}, {"std", runtime.Version()}, {"github.com/hyperfleet-io/hyperfleet/api", version}} {
		if !slices.Contains(sbom.Components, want) {
			t.Errorf("the SBOM lacks %+v", want)
		}
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

// wantSums checks that SHA256SUMS lists each artifact except itself.
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
