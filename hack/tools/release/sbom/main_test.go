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
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const created = "2026-11-26T10:00:00+02:00"

// TestRun writes the SBOM of this test's own program, twice.
func TestRun(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func() []byte {
		if err := run([]string{"-version", "v1.2.3", "-created", created, program}); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(program + ".cdx.json")
		if err != nil {
			t.Fatal(err)
		}
		return written
	}
	first := write()
	if !bytes.Equal(first, write()) {
		t.Error("the same program results in other bytes")
	}
	var sbom cdx.BOM
	if err := json.Unmarshal(first, &sbom); err != nil {
		t.Fatal(err)
	}
	if main := sbom.Metadata.Component; main.Name != "github.com/hyperfleet-io/hyperfleet/hack/tools/release" || main.Version != "v1.2.3" {
		t.Errorf("the SBOM is of %s %s", main.Name, main.Version)
	}
	if sbom.Metadata.Timestamp != "2026-11-26T08:00:00Z" {
		t.Errorf("the SBOM is of %s", sbom.Metadata.Timestamp)
	}
	versions := map[string]string{}
	for _, c := range *sbom.Components {
		versions[c.Name] = c.Version
	}
	if versions["std"] != runtime.Version() || !strings.HasPrefix(versions["github.com/CycloneDX/cyclonedx-go"], "v") {
		t.Errorf("the SBOM names %v", versions)
	}
}

// TestModuleFromFolder: a module of the repository has its released name, wherever the
// SBOM refers to it.
func TestModuleFromFolder(t *testing.T) {
	const folder, released = "pkg:golang/./api@(devel)?type=module", "pkg:golang/example.com/main/api@v1.2.3?type=module"
	sbom := cdx.NewBOM()
	sbom.Metadata = &cdx.Metadata{Component: &cdx.Component{BOMRef: "main", Name: "example.com/main"}}
	sbom.Components = &[]cdx.Component{
		{BOMRef: folder, Name: "./api", Version: "(devel)", PackageURL: folder},
		{BOMRef: "other", Name: "example.com/other", Version: "v9.9.9"},
	}
	sbom.Dependencies = &[]cdx.Dependency{{Ref: "main", Dependencies: &[]string{folder, "other"}}}
	content, err := encode(sbom, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var got cdx.BOM
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	api, other := (*got.Components)[0], (*got.Components)[1]
	if api.BOMRef != released || api.PackageURL != released || api.Name != "example.com/main/api" || api.Version != "v1.2.3" {
		t.Errorf("the module is %+v", api)
	}
	if other.Name != "example.com/other" || other.Version != "v9.9.9" {
		t.Errorf("another module is %+v", other)
	}
	if refs := *(*got.Dependencies)[0].Dependencies; refs[0] != released {
		t.Errorf("the main module depends on %q", refs)
	}
}

func TestRunRefuses(t *testing.T) {
	noProgram := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(noProgram, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no version":                {[]string{"-created", created, "program"}, "-version and a program are required"},
		"no program":                {[]string{"-version", "v1.2.3", "-created", created}, "-version and a program are required"},
		"no time":                   {[]string{"-version", "v1.2.3", "program"}, "-created"},
		"a file that is no program": {[]string{"-version", "v1.2.3", "-created", created, noProgram}, "SBOM of " + noProgram},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(test.args); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run() = %v, want %q", err, test.want)
			}
		})
	}
}
