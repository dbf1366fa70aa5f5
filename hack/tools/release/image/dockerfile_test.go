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

package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A stage is the result of the instructions of a Dockerfile's stage on an empty image.
type stage struct {
	config v1.Config
	files  map[string]file
}

// pair is a name with a value, such as VERSION=1 or VERSION="1".
var pair = regexp.MustCompile(`(\S+?)=("[^"]*"|\S+)`)

// lastStage reads the last stage of the Dockerfile, for the version and revision of these
// tests. It fails the test for an unknown instruction.
func lastStage(t *testing.T) stage {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, last, found := strings.Cut(string(content), "\nFROM scratch\n")
	if !found {
		t.Fatal("the last stage of the Dockerfile is not FROM scratch")
	}
	last = strings.ReplaceAll(last, "\\\n", " ")
	last = strings.NewReplacer("${VERSION}", "v1.2.3", "${REVISION}", "0123abc").Replace(last)
	s := stage{files: map[string]file{}}
	for line := range strings.Lines(last) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		s.apply(t, instruction, rest)
	}
	return s
}

func (s *stage) apply(t *testing.T, instruction, rest string) {
	t.Helper()
	switch instruction {
	case "ARG":
	case "LABEL":
		s.config.Labels = map[string]string{}
		for _, found := range pair.FindAllStringSubmatch(rest, -1) {
			s.config.Labels[found[1]] = strings.Trim(found[2], `"`)
		}
	case "ENV":
		s.config.Env = strings.Fields(rest)
	case "USER":
		s.config.User = rest
	case "VOLUME":
		s.config.Volumes = map[string]struct{}{rest: {}}
	case "ENTRYPOINT":
		s.config.Entrypoint = arguments(t, rest)
	case "CMD":
		s.config.Cmd = arguments(t, rest)
	case "COPY":
		s.copy(t, strings.Fields(rest))
	default:
		t.Errorf("the Dockerfile has the instruction %s %s, which this test does not know", instruction, rest)
	}
}

// copy adds the target of COPY --from=build [--chown=USER:GROUP] SOURCE TARGET, with
// the folders above it.
func (s *stage) copy(t *testing.T, args []string) {
	t.Helper()
	target := file{mode: 0o755}
	if owner, found := strings.CutPrefix(args[1], "--chown="); found {
		id, group, _ := strings.Cut(owner, ":")
		target.user, target.group = number(t, id), number(t, group)
	}
	name := strings.TrimPrefix(args[len(args)-1], "/")
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		s.files[folder] = file{folder: true, mode: 0o755}
	}
	target.folder = args[len(args)-2] == "/data"
	s.files[name] = target
}

func number(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func arguments(t *testing.T, list string) []string {
	t.Helper()
	var args []string
	if err := json.Unmarshal([]byte(list), &args); err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	return args
}
