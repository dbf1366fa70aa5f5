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
	"strings"
	"testing"
)

// texts makes strings of each shape, of a given size.
var texts = map[string]func(size int) string{
	"conjunction": func(size int) string {
		return strings.Repeat("labels.a='x' and ", size) + "labels.a='x'"
	},
	"disjunction of conjunctions": func(size int) string {
		return strings.Repeat("a='x' and b=1 or ", size) + "c='y'"
	},
	"list": func(size int) string {
		return "name in ('x'" + strings.Repeat(", 'x'", size) + ")"
	},
	"parentheses": func(size int) string {
		return strings.Repeat("(", size) + "a='x'" + strings.Repeat(")", size)
	},
	"parentheses that open late": func(size int) string {
		return strings.Repeat("a='x' and (", size) + "b='y'" + strings.Repeat(")", size)
	},
	"parentheses that open early": func(size int) string {
		return strings.Repeat("(", size) + "b='y'" + strings.Repeat(" or a='x')", size)
	},
	"not": func(size int) string {
		return strings.Repeat("not ", size) + "a='x'"
	},
	"not and parentheses": func(size int) string {
		return strings.Repeat("not (a='x' or ", size/2) + "b='y'" + strings.Repeat(")", size/2)
	},
}

// TestWorkIsLinear counts allocations, not time: code that reads a part twice also
// allocates it twice.
func TestWorkIsLinear(t *testing.T) {
	const size = 100
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			once, twice := allocations(t, text(size)), allocations(t, text(2*size))
			const rest = 8 // allocations that do not depend on the size, and the growth of slices
			if twice > 2*once+rest {
				t.Errorf("size %d takes %v allocations, size %d takes %v", size, once, 2*size, twice)
			}
		})
	}
}

func allocations(t *testing.T, text string) float64 {
	return testing.AllocsPerRun(10, func() {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		Normalize(e)
	})
}

// benchmarks are the strings to measure with, in the order of the output.
var benchmarks = []struct{ name, text string }{
	{"short", "status.conditions.Ready='True' and labels.environment='production'"},
	{"conjunction of 200", texts["conjunction"](199)},
	{"list of 500", texts["list"](499)},
	{"100 parentheses", texts["parentheses"](100)},
	{"100 not and parentheses", texts["not and parentheses"](100)},
}

func BenchmarkParse(b *testing.B) {
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(bm.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNormalize(b *testing.B) {
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			e, err := Parse(bm.text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				Normalize(e)
			}
		})
	}
}
