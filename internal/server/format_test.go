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

package server

import (
	"errors"
	"strings"
	"testing"
)

func TestFormatCheck(t *testing.T) {
	ours := format{Version: 3, Kubernetes: "1.37", Program: "v2"}
	for name, test := range map[string]struct {
		stored format
		newer  bool
		want   string // part of the error, "" for none
	}{
		"the same":           {format{3, "1.37", "v2"}, false, ""},
		"older format":       {format{1, "1.36", "v1"}, false, ""},
		"newer format":       {format{4, "1.37", "v9"}, true, "v9"},
		"newer Kubernetes":   {format{3, "1.38", "v9"}, true, "1.38"},
		"two digits":         {format{3, "1.100", "v9"}, true, "1.100"},
		"older, two digits":  {format{3, "1.9", "v0"}, false, ""},
		"no version at all":  {format{3, "", "v1"}, false, "format of the data"},
		"newer major":        {format{3, "2.0", "v9"}, true, "2.0"},
		"another program of": {format{3, "1.37", "v1"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := ours.check(test.stored)
			var newer *NewerDataError
			if errors.As(err, &newer) != test.newer || (err != nil) != (test.want != "") {
				t.Fatalf("check() = %v, want newer data: %t, error: %q", err, test.newer, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("check() = %v, want %q in it", err, test.want)
			}
		})
	}
}
