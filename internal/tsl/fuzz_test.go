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
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for i, text := range []string{
		"",
		"name='my-cluster'",
		"status.conditions.Ready='True' and labels.environment='production'",
		"labels.environment='dev' or labels.environment='staging'",
		"labels.app.kubernetes.io/name in ('a', 'b') and not generation in [1,-2]",
		"not (a != 'x' or not b not in ('it''s')) and (c='' or d='é\n')",
		"NOT a='x' AnD b Not IN ('y')",
		"a and-b = 'x' or in='y'",
		"name == \"x\" && (id = 12Ki)",
		"name = 'unterminated''",
		"((a='x') and (b='y' and (c='z'))",
		strings.Repeat("not (", 60) + "a=1" + strings.Repeat(")", 60),
		strings.Repeat("(", MaxDepth+1),
		strings.Repeat("a=1 or b='x' and ", 200) + "c!=2",
		"a='\x00'",
		"a='\xff",
		"generation = 99999999999999999999",
		"a between 1.5 and 2Ki and b not between 'x' and 'y' or c <> -1e-3",
		"a like 'x%' or b not ilike '_\\%' or c ~= '^a.*(b|c)$' and d ~! '['",
		"a is null and not b IS NOT null or spec.'a.b'.'it''s' < true and spec.'' >= 1",
		"a > 2026-01-31 or b <= 2026-01-31T10:00:00.5+01:00 and c = 2026-13-01",
		"a = 1e999999999 or b = 1e-999999999 or c = 0.1P",
	} {
		f.Add(text, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		e, err := Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		checkText(t, e)
		checkNormalization(t, e, rand.New(rand.NewPCG(seed, 0)))
	})
}

// checkError fails if an error points outside of the string, or cannot be shown to a
// user.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var got *SyntaxError
	if !errors.As(err, &got) {
		t.Fatalf("Parse(%q): error of type %T: %v", text, err, err)
	}
	if got.Offset < 0 || got.Offset > len(text) {
		t.Errorf("Parse(%q): offset %d is outside of the text", text, got.Offset)
	}
	if got.Offset < len(text) && utf8.ValidString(text) && !utf8.RuneStart(text[got.Offset]) {
		t.Errorf("Parse(%q): offset %d is within a character", text, got.Offset)
	}
	if lines := strings.Count(text, "\n") + 1; got.Line < 1 || got.Line > lines {
		t.Errorf("Parse(%q): line %d of %d", text, got.Line, lines)
	}
	if characters := utf8.RuneCountInString(text); got.Column < 1 || got.Column > characters+1 {
		t.Errorf("Parse(%q): column %d of %d", text, got.Column, characters)
	}
	if got.Expected == "" || got.Found == "" {
		t.Errorf("Parse(%q): error without words: %v", text, err)
	}
	if message := err.Error(); !utf8.ValidString(message) || strings.ContainsAny(message, "\n\r\x00") || len(message) > 1000 {
		t.Errorf("Parse(%q): message %q can't be shown", text, message)
	}
}
