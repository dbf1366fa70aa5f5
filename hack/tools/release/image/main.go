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

// Image writes the container image that the Dockerfile describes, without a container
// tool: an OCI image layout in one tar file, with an image for each platform. The same
// arguments and programs result in the same bytes.
//
//	image -output FILE -version v1.2.3 -revision COMMIT -created TIME linux/amd64=PROGRAM linux/arm64=PROGRAM
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// release contains what the images of a version have in common.
type release struct {
	version, revision string
	created           time.Time
}

// program is the program for one platform.
type program struct {
	platform v1.Platform
	file     string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	var r release
	output := flags.String("output", "", "File to write.")
	flags.StringVar(&r.version, "version", "", "Version of the program.")
	flags.StringVar(&r.revision, "revision", "", "Commit that the program was built from.")
	created := flags.String("created", "", "Time of the image and of the files in it, in RFC 3339.")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *output == "" || r.version == "" || r.revision == "" {
		return errors.New("-output, -version and -revision are required")
	}
	at, err := time.Parse(time.RFC3339, *created)
	if err != nil {
		return fmt.Errorf("-created: %w", err)
	}
	r.created = at.UTC()
	programs, err := parsePrograms(flags.Args())
	if err != nil {
		return err
	}
	index, err := newIndex(r, programs)
	if err != nil {
		return err
	}
	return writeLayout(*output, index, r)
}

// parsePrograms parses arguments such as linux/amd64=PROGRAM.
func parsePrograms(args []string) ([]program, error) {
	if len(args) == 0 {
		return nil, errors.New("no program is named: linux/amd64=PROGRAM")
	}
	var programs []program
	for _, arg := range args {
		platform, file, _ := strings.Cut(arg, "=")
		system, architecture, found := strings.Cut(platform, "/")
		if !found || system != "linux" || architecture == "" || file == "" {
			return nil, fmt.Errorf("%q is not a program of Linux, such as linux/amd64=PROGRAM", arg)
		}
		programs = append(programs, program{platform: v1.Platform{OS: system, Architecture: architecture}, file: file})
	}
	return programs, nil
}
