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

// Package version holds the version and the revision of the running program. The
// program and the kubectl plugin print them, and metrics, traces, the REST API and the
// data of hyperfleet server record them.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// The linker sets both: see LDFLAGS in the Makefile.
var version, revision string

const unknown = "unknown"

// Info identifies a build.
type Info struct {
	// Version is the tag of the release, or the revision's distance from a tag.
	Version string
	// Revision is the commit that the program was built from.
	Revision string
}

// Get returns the version and revision of the running program.
func Get() Info {
	build, _ := debug.ReadBuildInfo()
	return identify(Info{Version: version, Revision: revision}, build)
}

// identify fills in from the build what the linker was not told, as for go install.
func identify(linked Info, build *debug.BuildInfo) Info {
	if build == nil {
		build = &debug.BuildInfo{}
	}
	if linked.Version == "" {
		linked.Version = build.Main.Version
	}
	if linked.Revision == "" {
		linked.Revision = recorded(build)
	}
	return Info{Version: orUnknown(linked.Version), Revision: orUnknown(linked.Revision)}
}

// recorded returns the revision that the go command records where it builds in a
// repository.
func recorded(build *debug.BuildInfo) string {
	var revision, suffix string
	for _, setting := range build.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			suffix = "-dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + suffix
}

func orUnknown(value string) string {
	if value == "" {
		return unknown
	}
	return value
}

// String returns the line that the command version prints.
func (i Info) String() string {
	return fmt.Sprintf("%s (revision %s, %s, %s/%s)", i.Version, i.Revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
