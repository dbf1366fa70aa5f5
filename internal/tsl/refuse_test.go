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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		text       string
		wantOffset int
		wantError  string
	}{
		"empty": {
			text:       "",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found end of search`,
		},
		"blank": {
			text:       " \t ",
			wantOffset: 3,
			wantError:  `search: at character 4: expected a field name, "not" or "(", found end of search`,
		},
		"field alone": {
			text:       "name",
			wantOffset: 4,
			wantError:  `search: at character 5: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found end of search`,
		},
		"missing operator": {
			text:       "name 'x'",
			wantOffset: 5,
			wantError:  `search: at character 6: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found "'x'"`,
		},
		"missing value": {
			text:       "generation = ",
			wantOffset: 13,
			wantError:  `search: at character 14: expected a value after "=", found end of search`,
		},
		"keyword for a value": {
			text:       "name = and id = 'x'",
			wantOffset: 7,
			wantError:  `search: at character 8: expected a value after "=", found "and"`,
		},
		"keyword for a field": {
			text:       "in = 'x'",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "in"`,
		},
		"value for a field": {
			text:       "'x' = name",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "'x'"`,
		},
		"number for a field": {
			text:       "1 = 1",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "1"`,
		},
		"field that starts with no letter": {
			text:       "_x = 'a'",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "_x"`,
		},
		"word for a value": {
			text:       "name = my-cluster",
			wantOffset: 7,
			wantError:  `search: at character 8: expected a string in single quotes, a number, a time, true or false after "=", found "my-cluster"; write 'my-cluster'`,
		},
		"null": {
			text:       "name = NULL",
			wantOffset: 7,
			wantError:  `search: at character 8: expected a value after "=", found "NULL"; write "is null"`,
		},
		"lone minus": {
			text:       "generation = -",
			wantOffset: 13,
			wantError:  `search: at character 14: expected a string in single quotes, a number, a time, true or false after "=", found "-"`,
		},
		"plus": {
			text:       "generation = +1",
			wantOffset: 13,
			wantError:  `search: at character 14: expected a value after "=", found "+"`,
		},
		"number too large": {
			text:       "generation = 1e309",
			wantOffset: 13,
			wantError:  `search: at character 14: expected a number below 1.8e308 after "=", found "1e309"`,
		},
		"number too large by its suffix": {
			text:       "generation = 1000000000000000000000000000000000000000000000000P or generation = -1e99999999999999999999",
			wantOffset: 80,
			wantError:  `search: at character 81: expected a number below 1.8e308 after "=", found "-1e99999999999999999999"`,
		},
		"suffix in another case": {
			text:       "spec.size > 5K",
			wantOffset: 12,
			wantError:  `search: at character 13: expected a string in single quotes, a number, a time, true or false after ">", found "5K"; a number may end in Ki, Mi, Gi, Ti, Pi, k, M, G, T or P`,
		},
		"suffix behind an exponent": {
			text:       "spec.size > 5e3Ki",
			wantOffset: 12,
			wantError:  `search: at character 13: expected a string in single quotes, a number, a time, true or false after ">", found "5e3Ki"; a number may end in Ki, Mi, Gi, Ti, Pi, k, M, G, T or P`,
		},
		"fraction without digits": {
			text:       "spec.size > 5.",
			wantOffset: 12,
			wantError:  `search: at character 13: expected a string in single quotes, a number, a time, true or false after ">", found "5."; a number may end in Ki, Mi, Gi, Ti, Pi, k, M, G, T or P`,
		},
		"exponent without digits": {
			text:       "spec.size > 5e",
			wantOffset: 12,
			wantError:  `search: at character 13: expected a string in single quotes, a number, a time, true or false after ">", found "5e"; a number may end in Ki, Mi, Gi, Ti, Pi, k, M, G, T or P`,
		},
		"no such day": {
			text:       "created_time > 2026-02-30",
			wantOffset: 15,
			wantError:  `search: at character 16: expected a date such as 2026-01-31 or an RFC 3339 time such as 2026-01-31T10:00:00Z after ">", found "2026-02-30"`,
		},
		"time without a zone": {
			text:       "created_time > 2026-01-31T10:00:00",
			wantOffset: 15,
			wantError:  `search: at character 16: expected a date such as 2026-01-31 or an RFC 3339 time such as 2026-01-31T10:00:00Z after ">", found "2026-01-31T10:00:00"`,
		},
		"between without and": {
			text:       "generation between 1",
			wantOffset: 20,
			wantError:  `search: at character 21: expected "and" and the upper bound after "1", found end of search`,
		},
		"between a list": {
			text:       "generation between (1, 2)",
			wantOffset: 19,
			wantError:  `search: at character 20: expected a value after "between", found "("`,
		},
		"between without an upper bound": {
			text:       "generation not between 1 and",
			wantOffset: 28,
			wantError:  `search: at character 29: expected a value after "and", found end of search`,
		},
		"pattern without quotes": {
			text:       "name like web",
			wantOffset: 10,
			wantError:  `search: at character 11: expected a string in single quotes, a number, a time, true or false after "like", found "web"; write 'web'`,
		},
		"is without null": {
			text:       "name is 'x'",
			wantOffset: 8,
			wantError:  `search: at character 9: expected "null" or "not null" after "is", found "'x'"`,
		},
		"is not without null": {
			text:       "name is not true",
			wantOffset: 12,
			wantError:  `search: at character 13: expected "null" after "not", found "true"`,
		},
		"not equal to null": {
			text:       "name <> null",
			wantOffset: 8,
			wantError:  `search: at character 9: expected a value after "<>", found "null"; write "is not null"`,
		},
		"null for a field": {
			text:       "null is null",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "null"`,
		},
		"operator of Perl": {
			text:       "name =~ 'x'",
			wantOffset: 5,
			wantError:  `search: at character 6: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found "=~"; write "~=" for a match`,
		},
		"negative operator of Perl": {
			text:       "name !~ 'x'",
			wantOffset: 5,
			wantError:  `search: at character 6: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found "!~"; write "~!" for no match`,
		},
		"unterminated quote in a field": {
			text:       "spec.'a = 1",
			wantOffset: 5,
			wantError:  `search: at character 6: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "spec.", found "'a = 1"`,
		},
		"field that goes on after a quote": {
			text:       "spec.'a'b = 1",
			wantOffset: 8,
			wantError:  `search: at character 9: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "spec.'a'", found "b"`,
		},
		"number that runs into a keyword": {
			text:       "generation=1and name='x'",
			wantOffset: 11,
			wantError:  `search: at character 12: expected a string in single quotes, a number, a time, true or false after "=", found "1and"; a number may end in Ki, Mi, Gi, Ti, Pi, k, M, G, T or P`,
		},
		"keyword that runs into a word": {
			text:       "generation=1 and-b",
			wantOffset: 13,
			wantError:  `search: at character 14: expected "and", "or" or end of search, found "and-b"`,
		},
		"unterminated string": {
			text:       "name = 'abc and id = 1",
			wantOffset: 7,
			wantError:  `search: at character 8: expected a closing single quote for the string that starts here, found end of search`,
		},
		"unterminated string that ends in two quotes": {
			text:       "name = 'abc''",
			wantOffset: 7,
			wantError:  `search: at character 8: expected a closing single quote for the string that starts here, found end of search`,
		},
		"lone quote": {
			text:       "name='",
			wantOffset: 5,
			wantError:  `search: at character 6: expected a closing single quote for the string that starts here, found end of search`,
		},
		"single quote within a string": {
			text:       "name='it's'",
			wantOffset: 9,
			wantError:  `search: at character 10: expected "and", "or" or end of search, found "s"; write a single quote within a string as two: ''`,
		},
		"double quotes": {
			text:       `name="x"`,
			wantOffset: 5,
			wantError:  `search: at character 6: expected a value after "=", found a double quote; strings take single quotes, as in 'value'`,
		},
		"typographic quotes": {
			text:       "name=‘x’",
			wantOffset: 5,
			wantError:  `search: at character 6: expected a value after "=", found "‘"; strings take single quotes, as in 'value'`,
		},
		"double equals": {
			text:       "name=='x'",
			wantOffset: 4,
			wantError:  `search: at character 5: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found "=="; write "=" for equality`,
		},
		"double ampersand": {
			text:       "a='x' && b='y'",
			wantOffset: 6,
			wantError:  `search: at character 7: expected "and", "or" or end of search, found "&&"; write "and"`,
		},
		"double bar": {
			text:       "(a='x' || b='y')",
			wantOffset: 7,
			wantError:  `search: at character 8: expected "and", "or" or ")" for the "(" at character 1, found "||"; write "or"`,
		},
		"exclamation mark": {
			text:       "!(a='x')",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "!"; write "not"`,
		},
		"not followed by no in": {
			text:       "name not = 'x'",
			wantOffset: 9,
			wantError:  `search: at character 10: expected "in", "between", "like" or "ilike" after "not", found "="`,
		},
		"not alone": {
			text:       "not",
			wantOffset: 3,
			wantError:  `search: at character 4: expected a field name, "not" or "(" after "not", found end of search`,
		},
		"missing operand": {
			text:       "a='x' and",
			wantOffset: 9,
			wantError:  `search: at character 10: expected a field name, "not" or "(" after "and", found end of search`,
		},
		"two operators": {
			text:       "a='x' and or b='y'",
			wantOffset: 10,
			wantError:  `search: at character 11: expected a field name, "not" or "(" after "and", found "or"`,
		},
		"trailing words": {
			text:       "a='x' order by name",
			wantOffset: 6,
			wantError:  `search: at character 7: expected "and", "or" or end of search, found "order"`,
		},
		"list without brackets": {
			text:       "name in 'x'",
			wantOffset: 8,
			wantError:  `search: at character 9: expected "(" or "[" after "in", found "'x'"`,
		},
		"missing list": {
			text:       "name not in",
			wantOffset: 11,
			wantError:  `search: at character 12: expected "(" or "[" after "not in", found end of search`,
		},
		"empty list": {
			text:       "name in ()",
			wantOffset: 9,
			wantError:  `search: at character 10: expected a value after "(", found ")"`,
		},
		"trailing comma": {
			text:       "name in ['a',]",
			wantOffset: 13,
			wantError:  `search: at character 14: expected a value after ",", found "]"`,
		},
		"missing comma": {
			text:       "name in ('a' 'b')",
			wantOffset: 13,
			wantError:  `search: at character 14: expected "," or ")" after "'a'", found "'b'"`,
		},
		"mixed brackets": {
			text:       "name in ['a')",
			wantOffset: 12,
			wantError:  `search: at character 13: expected "," or "]" after "'a'", found ")"`,
		},
		"unclosed list": {
			text:       "name in ('a'",
			wantOffset: 12,
			wantError:  `search: at character 13: expected "," or ")" after "'a'", found end of search`,
		},
		"list after equals": {
			text:       "name = ('a')",
			wantOffset: 7,
			wantError:  `search: at character 8: expected a value after "=", found "("`,
		},
		"lone closing parenthesis": {
			text:       ")",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found ")"`,
		},
		"closing parenthesis too many": {
			text:       "(a='x'))",
			wantOffset: 7,
			wantError:  `search: at character 8: expected "and", "or" or end of search, found ")"`,
		},
		"unclosed parenthesis": {
			text:       "(a='x' and (b='y')",
			wantOffset: 18,
			wantError:  `search: at character 19: expected "and", "or" or ")" for the "(" at character 1, found end of search`,
		},
		"empty parentheses": {
			text:       "()",
			wantOffset: 1,
			wantError:  `search: at character 2: expected a field name, "not" or "(" after "(", found ")"`,
		},
		"brackets that group": {
			text:       "[a='x']",
			wantOffset: 0,
			wantError:  `search: at character 1: expected a field name, "not" or "(", found "["`,
		},
		"unknown character": {
			text:       "name % 'x'",
			wantOffset: 5,
			wantError:  `search: at character 6: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found "%"`,
		},
		"letter beyond ASCII in a field": {
			text:       "labels.é = 'x'",
			wantOffset: 7,
			wantError:  `search: at character 8: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "labels.", found "é"`,
		},
		"no-break space": {
			text:       "name\u00a0= 'x'",
			wantOffset: 4,
			wantError:  `search: at character 5: expected an operator (=, !=, <, <=, >, >=, ~=, ~!, [not] in, [not] between, [not] like, [not] ilike, is [not] null) after "name", found "\u00a0"`,
		},
		"characters, not bytes": {
			text:       "name='é' %",
			wantOffset: 10,
			wantError:  `search: at character 10: expected "and", "or" or end of search, found "%"`,
		},
		"several lines": {
			text:       "name='é'\nand (\n  b='ö' %",
			wantOffset: 25,
			wantError:  `search: at line 3, character 9: expected "and", "or" or ")" for the "(" at line 2, character 5, found "%"`,
		},
		"long words are cut": {
			text:       "name='x' " + strings.Repeat("y", 1000),
			wantOffset: 9,
			wantError: `search: at character 10: expected "and", "or" or end of search, found "` +
				strings.Repeat("y", 40) + `…"`,
		},
		"long strings are cut": {
			text:       "name='x' '" + strings.Repeat("é\n", 1000) + "'",
			wantOffset: 9,
			wantError: `search: at character 10: expected "and", "or" or end of search, found "'` +
				strings.Repeat(`é\n`, 19) + `é…"`,
		},
		"NUL": {
			text:       "name='a\x00b'",
			wantOffset: 7,
			wantError:  `search: at character 8: expected no NUL character, found one`,
		},
		"invalid UTF-8": {
			text:       "name='é\xff'",
			wantOffset: 8,
			wantError:  `search: at character 8: expected UTF-8, found byte 0xff`,
		},
		"too long": {
			text:       "a='" + strings.Repeat("x", MaxLength-3) + "'",
			wantOffset: MaxLength,
			wantError:  `search: at character 4097: expected at most 4096 bytes, found 4097`,
		},
		"too long, the bound within a character": {
			text:       "a='" + strings.Repeat("é", MaxLength) + "'",
			wantOffset: MaxLength - 1,
			wantError:  `search: at character 2050: expected at most 4096 bytes, found 8196`,
		},
		"too deep by parentheses": {
			text:       strings.Repeat("(", MaxDepth+1) + "a='x'" + strings.Repeat(")", MaxDepth+1),
			wantOffset: MaxDepth,
			wantError:  `search: at character 201: expected at most 200 nested parentheses and "not", found one more`,
		},
		"too deep by not": {
			text:       strings.Repeat("not ", MaxDepth+1) + "a='x'",
			wantOffset: 4 * MaxDepth,
			wantError:  `search: at character 801: expected at most 200 nested parentheses and "not", found one more`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(tc.text)
			var got *SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("Parse(%q) = %v, %v, want a *SyntaxError", tc.text, e, err)
			}
			if e != nil {
				t.Errorf("Parse(%q) returned the tree %v with its error", tc.text, e)
			}
			if got.Offset != tc.wantOffset {
				t.Errorf("Parse(%q): offset %d, want %d", tc.text, got.Offset, tc.wantOffset)
			}
			if diff := cmp.Diff(tc.wantError, got.Error()); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}
