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
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalize(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"nothing to do":                {"a = 'x' and (b = 'y' or c = 'z')", "a = 'x' and (b = 'y' or c = 'z')"},
		"equal":                        {"not a = 'x'", "a != 'x'"},
		"not equal":                    {"not a != 'x'", "a = 'x'"},
		"in":                           {"not a in ('x', 'y')", "a not in ('x', 'y')"},
		"not in":                       {"not a not in ('x', 'y')", "a in ('x', 'y')"},
		"ordered":                      {"not (a < 1 or b <= 2 or c > 3 or d >= 4)", "a >= 1 and b > 2 and c <= 3 and d < 4"},
		"between":                      {"not a between 1 and 2 or not b not between 1 and 2", "a not between 1 and 2 or b between 1 and 2"},
		"like":                         {"not (a like 'x' or b not like 'x' or c ilike 'x' or d not ilike 'x')", "a not like 'x' and b like 'x' and c not ilike 'x' and d ilike 'x'"},
		"match":                        {"not (a ~= 'x' or b ~! 'x')", "a ~! 'x' and b ~= 'x'"},
		"null":                         {"not (a is null or b is not null)", "a is not null and b is null"},
		"even":                         {"not not a = 'x'", "a = 'x'"},
		"odd":                          {"not not not a = 'x'", "a != 'x'"},
		"and":                          {"not (a = 'x' and b != 'y')", "a != 'x' or b = 'y'"},
		"or":                           {"not (a = 'x' or b in ('y'))", "a != 'x' and b not in ('y')"},
		"and of a negated or":          {"a = 'x' and not (b = 'y' or c = 'z')", "a = 'x' and b != 'y' and c != 'z'"},
		"or of a negated and":          {"not (a = 'x' and b = 'y') or c = 'z'", "a != 'x' or b != 'y' or c = 'z'"},
		"nested alike":                 {"a = 'x' and (b = 'y' and (c = 'z' and d = 'w'))", "a = 'x' and b = 'y' and c = 'z' and d = 'w'"},
		"negated alike":                {"not (a = 'x' or not (b = 'y' and (not c = 'z' and d = 'w')))", "a != 'x' and b = 'y' and c != 'z' and d = 'w'"},
		"nothing is sorted or dropped": {"b = 'y' or a = 'x' or b = 'y'", "b = 'y' or a = 'x' or b = 'y'"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			before := e.String()
			if got := Normalize(e).String(); got != tc.want {
				t.Errorf("Normalize(%s) = %s, want %s", tc.text, got, tc.want)
			}
			if after := e.String(); after != before {
				t.Errorf("Normalize changed its argument from %s to %s", before, after)
			}
		})
	}
}

// TestRandomTrees checks the documented properties of String and Normalize on trees of
// every shape.
func TestRandomTrees(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		e := randomExpr(r, 3)
		checkText(t, e)
		checkNormalization(t, e, r)
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, e)
		}
	}
}

// checkText fails if the string of a tree does not parse to an equal tree.
func checkText(t *testing.T, e Expr) {
	t.Helper()
	text := e.String()
	if len(text) > MaxLength {
		return // its spaces and parentheses made it longer than the string that it was parsed from
	}
	again, err := Parse(text)
	if err != nil {
		t.Errorf("Parse(%q): %v", text, err)
		return
	}
	if !reflect.DeepEqual(withoutOffsets(e), withoutOffsets(again)) { // much faster than cmp, which matters to fuzzing
		t.Errorf("Parse(%q) (-want +got):\n%s", text, cmp.Diff(e, again, ignoreOffsets))
	}
}

// checkNormalization fails if the normal form of a tree is not a normal form, or has
// another value than the tree for one of some random objects.
func checkNormalization(t *testing.T, e Expr, r *rand.Rand) {
	t.Helper()
	normal := Normalize(e)
	checkNormal(t, normal)
	checkText(t, normal)
	if twice := Normalize(normal); !reflect.DeepEqual(normal, twice) {
		t.Errorf("normal form of the normal form of %s (-once +twice):\n%s", e, cmp.Diff(normal, twice))
	}
	for range 10 {
		o := randomObject(r, e)
		if want, got := evaluate(e, o), evaluate(normal, o); got != want {
			t.Errorf("%s is %d but its normal form %s is %d for %v", e, want, normal, got, o)
		}
		if want, got := isTrue-evaluate(e, o), evaluate(Normalize(not(e)), o); got != want {
			t.Errorf("the negation of %s is %d, want %d for %v", e, got, want, o)
		}
	}
}
