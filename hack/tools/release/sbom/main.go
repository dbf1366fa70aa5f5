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

// Sbom writes an SBOM in the format of CycloneDX next to each program: what it was built
// from, as the program itself records it. The same program results in the same bytes.
//
//	sbom -version v1.2.3 -created TIME PROGRAM...
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"
)

// generator is the module that makes the SBOMs.
const generator = "github.com/CycloneDX/cyclonedx-gomod"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	version := flags.String("version", "", "Version of the programs.")
	created := flags.String("created", "", "Time of the SBOMs, in RFC 3339.")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version == "" || flags.NArg() == 0 {
		return errors.New("-version and a program are required")
	}
	at, err := time.Parse(time.RFC3339, *created)
	if err != nil {
		return fmt.Errorf("-created: %w", err)
	}
	for _, program := range flags.Args() {
		content, err := describe(program, *version, at)
		if err != nil {
			return fmt.Errorf("SBOM of %s: %w", program, err)
		}
		if err := os.WriteFile(program+".cdx.json", content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// describe returns the SBOM of a program.
func describe(program, version string, created time.Time) ([]byte, error) {
	warnings := zerolog.New(os.Stderr).Level(zerolog.WarnLevel)
	g, err := bin.NewGenerator(program, bin.WithIncludeStdlib(true), bin.WithVersionOverride(version), bin.WithLogger(warnings))
	if err != nil {
		return nil, err
	}
	sbom, err := g.Generate()
	if err != nil {
		return nil, err
	}
	sbom.Metadata.Timestamp = created.UTC().Format(time.RFC3339)
	sbom.Metadata.Tools = &cdx.ToolsChoice{Components: &[]cdx.Component{{
		Type: cdx.ComponentTypeApplication, Name: path.Base(generator), Version: generatorVersion(),
	}}}
	return encode(sbom, version)
}

// encode returns the JSON of an SBOM. In it, modules that were built from a folder have
// the name and version under which they are released.
func encode(sbom *cdx.BOM, version string) ([]byte, error) {
	var published []string // pairs of a package URL and its replacement
	for i := range *sbom.Components {
		c := &(*sbom.Components)[i]
		folder, found := strings.CutPrefix(c.Name, "./")
		if !found {
			continue
		}
		name := sbom.Metadata.Component.Name + "/" + folder
		published = append(published, fmt.Sprintf("pkg:golang/%s@%s", c.Name, c.Version), fmt.Sprintf("pkg:golang/%s@%s", name, version))
		c.Name, c.Version = name, version
	}
	var content bytes.Buffer
	if err := cdx.NewBOMEncoder(&content, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(sbom, cdx.SpecVersion1_6); err != nil {
		return nil, err
	}
	// Other parts refer to a component by its package URL.
	return []byte(strings.NewReplacer(published...).Replace(content.String())), nil
}

// generatorVersion returns the version in go.mod.
func generatorVersion() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == generator {
				return module.Version
			}
		}
	}
	return "unknown"
}
