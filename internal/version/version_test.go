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

package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	build := func(mainVersion string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: mainVersion}, Settings: settings}
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "abc"}
	changed := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	unchanged := debug.BuildSetting{Key: "vcs.modified", Value: "false"}
	for name, test := range map[string]struct {
		linked Info
		build  *debug.BuildInfo
		want   Info
	}{
		"the linker decides":          {Info{"v1.2.3", "def"}, build("v9.9.9", commit), Info{"v1.2.3", "def"}},
		"go install":                  {Info{}, build("v1.2.3"), Info{"v1.2.3", "unknown"}},
		"go build in a repository":    {Info{}, build("(devel)", commit, unchanged), Info{"(devel)", "abc"}},
		"changes that are no commit":  {Info{}, build("(devel)", commit, changed), Info{"(devel)", "abc-dirty"}},
		"changes without a commit":    {Info{}, build("(devel)", changed), Info{"(devel)", "unknown"}},
		"only a version":              {Info{Version: "v1.2.3"}, build("", commit), Info{"v1.2.3", "abc"}},
		"nothing known":               {Info{}, build(""), Info{"unknown", "unknown"}},
		"no information on the build": {Info{}, nil, Info{"unknown", "unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := identify(test.linked, test.build); got != test.want {
				t.Errorf("identify() = %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestString(t *testing.T) {
	if got := (Info{"v1.2.3", "abc"}).String(); !strings.HasPrefix(got, "v1.2.3 (revision abc, go") {
		t.Errorf("String() = %q", got)
	}
}
