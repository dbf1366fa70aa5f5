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

package fleet

import (
	"testing"
	"unicode/utf8"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// FuzzLike compares the matches of a pattern of like with naivePattern. Some forms of patterns
// become regular expressions and some do not.
func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{
		{"abc", "a%"}, {"abc", "%c"}, {"abc", "%b%"}, {"abc", "a_c"}, {"a%c", `a\%c`}, {"", ""}, {"", "%"},
		{"é\nx", "_%x"}, {"a.c", "a.c"}, {"abc", "a.c"}, {`a\`, `a\\`}, {"aab", "%a%b"}, {"%", `%\%`}, {"abc", "%b"}, {"abc", "b%"}, {"abc", "%d%"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if len(s) > 40 || len(pattern) > 12 || !utf8.ValidString(s) || !utf8.ValidString(pattern) {
			return // the definition takes exponential time, and JSON has valid strings only
		}
		predicate, err := patternPredicate(tsl.Like, pattern)
		if err != nil {
			return // TestFieldErrors covers invalid patterns
		}
		negated, err := patternPredicate(tsl.NotLike, pattern)
		if err != nil {
			t.Fatalf("not like %q: %v", pattern, err)
		}
		want := naivePattern(tsl.Like, s, pattern) == isTrue
		if predicate(s) != want || negated(s) == want {
			t.Errorf("%q like %q is %t, not like is %t, want %t and %t", s, pattern, predicate(s), negated(s), want, !want)
		}
	})
}
