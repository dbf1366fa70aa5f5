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

package tsl

import (
	"slices"
	"testing"
)

func TestElements(t *testing.T) {
	for path, want := range map[string][]string{
		"name":                        {"name"},
		"spec.a.b":                    {"spec", "a", "b"},
		"spec.'a.b'.c":                {"spec", "a.b", "c"},
		"spec.'it''s'":                {"spec", "it's"},
		"spec.''.'''x'":               {"spec", "", "'x"},
		"spec.":                       {"spec", ""},
		"spec..a":                     {"spec", "", "a"},
		"labels.app.kubernetes.io/na": {"labels", "app", "kubernetes", "io/na"},
	} {
		if got := (Field{Path: path}).Elements(); !slices.Equal(got, want) {
			t.Errorf("Elements of %s are %q, want %q", path, got, want)
		}
	}
}
