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

// Lint is golangci-lint with kube-api-linter, which checks the types in api/
// against the Kubernetes API conventions, as one of its linters.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"

	_ "sigs.k8s.io/kube-api-linter" // registers itself as a module plugin
)

func main() {
	info := commands.BuildInfo{
		GoVersion: runtime.Version(),
		Version:   golangciLintVersion(),
		Commit:    "with kube-api-linter",
		Date:      "unknown",
	}
	if err := commands.Execute(info); err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(exitcodes.Failure)
	}
}

// golangciLintVersion returns the version in go.mod. golangci-lint uses it as a key of
// its cache and to read its configuration.
func golangciLintVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range build.Deps {
		if module.Path == "github.com/golangci/golangci-lint/v2" {
			return module.Version
		}
	}
	return "unknown"
}
