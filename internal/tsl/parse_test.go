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
	"github.com/google/go-cmp/cmp/cmpopts"
)

// ignoreOffsets compares trees by what they mean.
var ignoreOffsets = cmp.Options{
	cmpopts.IgnoreFields(Field{}, "Offset"),
	cmpopts.IgnoreFields(Value{}, "Offset"),
}

func compare(field string, op Op, values ...Value) *Comparison {
	return &Comparison{Field: Field{Path: field}, Op: op, Values: values}
}

func str(text string) Value { return Value{Kind: StringValue, Text: text} }

func num(text string, number int64) Value {
	return Value{Kind: NumberValue, Text: text, Number: Number{Whole: number}}
}

func float(text string, number float64) Value {
	return Value{Kind: NumberValue, Text: text, Number: Number{Float: number}}
}

func at(text string) Value { return Value{Kind: TimeValue, Text: text} }

func boolean(text string) Value { return Value{Kind: BoolValue, Text: text} }

func and(operands ...Expr) Expr { return &And{Operands: operands} }

func or(operands ...Expr) Expr { return &Or{Operands: operands} }

func not(operand Expr) Expr { return &Not{Operand: operand} }

func TestParse(t *testing.T) {
	var (
		a = compare("a", Equal, str("x"))
		b = compare("b", Equal, str("y"))
		c = compare("c", Equal, str("z"))
	)
	for name, tc := range map[string]struct {
		text       string
		want       Expr
		wantString string
	}{
		"equality": {
			text:       "name='my-cluster'",
			want:       compare("name", Equal, str("my-cluster")),
			wantString: "name = 'my-cluster'",
		},
		"inequality": {
			text:       "name != 'my-cluster'",
			want:       compare("name", NotEqual, str("my-cluster")),
			wantString: "name != 'my-cluster'",
		},
		"condition and label": {
			text: "status.conditions.Ready='True' and labels.environment='production'",
			want: and(
				compare("status.conditions.Ready", Equal, str("True")),
				compare("labels.environment", Equal, str("production"))),
			wantString: "status.conditions.Ready = 'True' and labels.environment = 'production'",
		},
		"number": {
			text:       "generation = 12",
			want:       compare("generation", Equal, num("12", 12)),
			wantString: "generation = 12",
		},
		"negative number": {
			text:       "generation=-3",
			want:       compare("generation", Equal, num("-3", -3)),
			wantString: "generation = -3",
		},
		"number with leading zeros": {
			text:       "generation=007",
			want:       compare("generation", Equal, num("007", 7)),
			wantString: "generation = 007",
		},
		"largest and smallest number": {
			text: "generation in (9223372036854775807, -9223372036854775808)",
			want: compare("generation", In,
				num("9223372036854775807", 9223372036854775807),
				num("-9223372036854775808", -9223372036854775808)),
			wantString: "generation in (9223372036854775807, -9223372036854775808)",
		},
		"not equal as SQL writes it": {
			text:       "a<>'x'",
			want:       compare("a", NotEqual, str("x")),
			wantString: "a != 'x'",
		},
		"ordered comparisons": {
			text: "a<1 and a <= 2 and a>-3 and a >=4",
			want: and(compare("a", Less, num("1", 1)), compare("a", LessOrEqual, num("2", 2)),
				compare("a", Greater, num("-3", -3)), compare("a", GreaterOrEqual, num("4", 4))),
			wantString: "a < 1 and a <= 2 and a > -3 and a >= 4",
		},
		"between, whose and is its own": {
			text: "a between 1 and 2 and b='y' or not a not between 'x' and 'y'",
			want: or(and(compare("a", Between, num("1", 1), num("2", 2)), b),
				not(compare("a", NotBetween, str("x"), str("y")))),
			wantString: "a between 1 and 2 and b = 'y' or not a not between 'x' and 'y'",
		},
		"patterns": {
			text: "a like 'x%' and a NOT LIKE '_' and a ilike 'X' and a not iLike '\\%'",
			want: and(compare("a", Like, str("x%")), compare("a", NotLike, str("_")),
				compare("a", ILike, str("X")), compare("a", NotILike, str(`\%`))),
			wantString: `a like 'x%' and a not like '_' and a ilike 'X' and a not ilike '\%'`,
		},
		"regular expressions": {
			text:       "a~='^x' and a ~! 'y$'",
			want:       and(compare("a", Match, str("^x")), compare("a", NotMatch, str("y$"))),
			wantString: "a ~= '^x' and a ~! 'y$'",
		},
		"presence": {
			text:       "a is null and a IS Not NULL or not a is null",
			want:       or(and(compare("a", IsNull), compare("a", IsNotNull)), not(compare("a", IsNull))),
			wantString: "a is null and a is not null or not a is null",
		},
		"numbers with fractions and exponents": {
			text: "a in (1.5, -0.25, 1e3, 2.5E+2, 12e-1, 0.0, 9223372036854775808)",
			want: compare("a", In, float("1.5", 1.5), float("-0.25", -0.25), num("1e3", 1000), num("2.5E+2", 250),
				float("12e-1", 1.2), num("0.0", 0), float("9223372036854775808", 1<<63)),
			wantString: "a in (1.5, -0.25, 1e3, 2.5E+2, 12e-1, 0.0, 9223372036854775808)",
		},
		"numbers with suffixes": {
			text: "a in (1Ki, 2Mi, 1Gi, 1Ti, 1Pi, 3k, 1M, 1G, 1T, 1P, 1.5Ki, 0.1k, 1.0001k)",
			want: compare("a", In, num("1Ki", 1024), num("2Mi", 2<<20), num("1Gi", 1<<30), num("1Ti", 1<<40), num("1Pi", 1<<50),
				num("3k", 3000), num("1M", 1e6), num("1G", 1e9), num("1T", 1e12), num("1P", 1e15),
				num("1.5Ki", 1536), num("0.1k", 100), float("1.0001k", 1000.1)),
			wantString: "a in (1Ki, 2Mi, 1Gi, 1Ti, 1Pi, 3k, 1M, 1G, 1T, 1P, 1.5Ki, 0.1k, 1.0001k)",
		},
		"numbers are not rounded before they must be": {
			text:       "a in (9007199254740993.0, 9007199254740.993k, 1e-999999999)",
			want:       compare("a", In, num("9007199254740993.0", 9007199254740993), num("9007199254740.993k", 9007199254740993), num("1e-999999999", 0)),
			wantString: "a in (9007199254740993.0, 9007199254740.993k, 1e-999999999)",
		},
		"dates and times": {
			text:       "a=2026-01-31 or a>2026-01-31T10:00:00.5+01:00 or a<2026-01-31T10:00:00Z",
			want:       or(compare("a", Equal, at("2026-01-31")), compare("a", Greater, at("2026-01-31T10:00:00.5+01:00")), compare("a", Less, at("2026-01-31T10:00:00Z"))),
			wantString: "a = 2026-01-31 or a > 2026-01-31T10:00:00.5+01:00 or a < 2026-01-31T10:00:00Z",
		},
		"booleans in any case": {
			text:       "a=true or a=FALSE",
			want:       or(compare("a", Equal, boolean("true")), compare("a", Equal, boolean("false"))),
			wantString: "a = true or a = false",
		},
		"a boolean names a field where one may stand": {
			text:       "true = true",
			want:       compare("true", Equal, boolean("true")),
			wantString: "true = true",
		},
		"quoted parts of a field": {
			text:       "spec.'a key'.b='x' and spec.a.'it''s.here'is null and labels.'x/y' in('z')",
			want:       and(compare("spec.'a key'.b", Equal, str("x")), compare("spec.a.'it''s.here'", IsNull), compare("labels.'x/y'", In, str("z"))),
			wantString: "spec.'a key'.b = 'x' and spec.a.'it''s.here' is null and labels.'x/y' in ('z')",
		},
		"new keywords within fields": {
			text:       "labels.like like 'x' and spec.between between 1 and 2 and is.null is null",
			want:       and(compare("labels.like", Like, str("x")), compare("spec.between", Between, num("1", 1), num("2", 2)), compare("is.null", IsNull)),
			wantString: "labels.like like 'x' and spec.between between 1 and 2 and is.null is null",
		},
		"digits in quotes are text": {
			text:       "labels.zone='1'",
			want:       compare("labels.zone", Equal, str("1")),
			wantString: "labels.zone = '1'",
		},
		"empty string": {
			text:       "labels.x=''",
			want:       compare("labels.x", Equal, str("")),
			wantString: "labels.x = ''",
		},
		"quotes within a string": {
			text:       "name='it''s' or name=''''",
			want:       or(compare("name", Equal, str("it's")), compare("name", Equal, str("'"))),
			wantString: "name = 'it''s' or name = ''''",
		},
		"keywords, symbols and line breaks within a string": {
			text:       "name='a and (b) or \"c\"\n\\ été'",
			want:       compare("name", Equal, str("a and (b) or \"c\"\n\\ été")),
			wantString: "name = 'a and (b) or \"c\"\n\\ été'",
		},
		"list in parentheses": {
			text:       "name in ('a','b' , 'c')",
			want:       compare("name", In, str("a"), str("b"), str("c")),
			wantString: "name in ('a', 'b', 'c')",
		},
		"list in brackets": {
			text:       "name in ['a', 1]",
			want:       compare("name", In, str("a"), num("1", 1)),
			wantString: "name in ('a', 1)",
		},
		"list of one": {
			text:       "name in('a')",
			want:       compare("name", In, str("a")),
			wantString: "name in ('a')",
		},
		"not in": {
			text:       "name not  in ['a']",
			want:       compare("name", NotIn, str("a")),
			wantString: "name not in ('a')",
		},
		"not before not in": {
			text:       "not name not in ('a')",
			want:       not(compare("name", NotIn, str("a"))),
			wantString: "not name not in ('a')",
		},
		"keywords in any case": {
			text:       "NOT a='x' And b Not IN ('y') oR c In ('z')",
			want:       or(and(not(a), compare("b", NotIn, str("y"))), compare("c", In, str("z"))),
			wantString: "not a = 'x' and b not in ('y') or c in ('z')",
		},
		"field names keep their case": {
			text:       "Name='x'",
			want:       compare("Name", Equal, str("x")),
			wantString: "Name = 'x'",
		},
		"label keys with dots, dashes and a slash": {
			text: "labels.app.kubernetes.io/name='x' and labels.my-key_1='y'",
			want: and(
				compare("labels.app.kubernetes.io/name", Equal, str("x")),
				compare("labels.my-key_1", Equal, str("y"))),
			wantString: "labels.app.kubernetes.io/name = 'x' and labels.my-key_1 = 'y'",
		},
		"keywords within fields": {
			text: "labels.in in ('x') and labels.and='y' or labels.not-in not in ('z')",
			want: or(
				and(compare("labels.in", In, str("x")), compare("labels.and", Equal, str("y"))),
				compare("labels.not-in", NotIn, str("z"))),
			wantString: "labels.in in ('x') and labels.and = 'y' or labels.not-in not in ('z')",
		},
		"a word that starts with a keyword is a field": {
			text:       "not-x='a' or order='b'",
			want:       or(compare("not-x", Equal, str("a")), compare("order", Equal, str("b"))),
			wantString: "not-x = 'a' or order = 'b'",
		},
		"and binds tighter than or": {
			text:       "a='x' or b='y' and c='z'",
			want:       or(a, and(b, c)),
			wantString: "a = 'x' or b = 'y' and c = 'z'",
		},
		"not binds tighter than and": {
			text:       "not a='x' and b='y'",
			want:       and(not(a), b),
			wantString: "not a = 'x' and b = 'y'",
		},
		"one node for a chain": {
			text:       "a='x' and b='y' and c='z'",
			want:       and(a, b, c),
			wantString: "a = 'x' and b = 'y' and c = 'z'",
		},
		"parentheses around or": {
			text:       "(a='x' or b='y')and c='z'",
			want:       and(or(a, b), c),
			wantString: "(a = 'x' or b = 'y') and c = 'z'",
		},
		"parentheses that group alike": {
			text:       "a='x' and (b='y' and c='z')",
			want:       and(a, and(b, c)),
			wantString: "a = 'x' and (b = 'y' and c = 'z')",
		},
		"needless parentheses": {
			text:       "((a='x')) or ((b='y') and (c='z'))",
			want:       or(a, and(b, c)),
			wantString: "a = 'x' or b = 'y' and c = 'z'",
		},
		"not of a group": {
			text:       "not(a='x' or b='y')",
			want:       not(or(a, b)),
			wantString: "not (a = 'x' or b = 'y')",
		},
		"not of a comparison in parentheses": {
			text:       "not (a = 'x')",
			want:       not(a),
			wantString: "not a = 'x'",
		},
		"not of not": {
			text:       "not not not a='x'",
			want:       not(not(not(a))),
			wantString: "not not not a = 'x'",
		},
		"no spaces where quotes and brackets part words": {
			text:       "a='x'and b='y'or(c='z')",
			want:       or(and(a, b), c),
			wantString: "a = 'x' and b = 'y' or c = 'z'",
		},
		"any blank space": {
			text:       "\t a\n=\r\n'x'  ",
			want:       a,
			wantString: "a = 'x'",
		},
		"as deep as allowed": {
			text:       strings.Repeat("not (", MaxDepth/2) + "a='x'" + strings.Repeat(")", MaxDepth/2),
			want:       nots(MaxDepth/2, a),
			wantString: strings.Repeat("not ", MaxDepth/2) + "a = 'x'",
		},
		"one after the other is not deep": {
			text:       strings.Repeat("(not a='x') or ", MaxDepth) + "b='y'",
			want:       or(append(repeat(MaxDepth, not(a)), b)...),
			wantString: strings.Repeat("not a = 'x' or ", MaxDepth) + "b = 'y'",
		},
		"as long as allowed": {
			text:       "a='x'" + strings.Repeat(" ", MaxLength-len("a='x'")),
			want:       a,
			wantString: "a = 'x'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.text)
			if err != nil {
				t.Fatalf("Parse(%q): %v", tc.text, err)
			}
			if diff := cmp.Diff(tc.want, got, ignoreOffsets); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tc.text, diff)
			}
			if got := got.String(); got != tc.wantString {
				t.Errorf("Parse(%q).String() = %q, want %q", tc.text, got, tc.wantString)
			}
			again, err := Parse(got.String())
			if err != nil {
				t.Fatalf("Parse(%q): %v", got, err)
			}
			if diff := cmp.Diff(tc.want, again, ignoreOffsets); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", got, diff)
			}
		})
	}
}

func TestParseOffsets(t *testing.T) {
	got, err := Parse("name = 'é' or (generation not in\n(1, -2))")
	if err != nil {
		t.Fatal(err)
	}
	want := or(
		&Comparison{
			Field:  Field{Path: "name", Offset: 0},
			Op:     Equal,
			Values: []Value{{Kind: StringValue, Text: "é", Offset: 7}},
		},
		&Comparison{
			Field: Field{Path: "generation", Offset: 16},
			Op:    NotIn,
			Values: []Value{
				{Kind: NumberValue, Text: "1", Number: Number{Whole: 1}, Offset: 35},
				{Kind: NumberValue, Text: "-2", Number: Number{Whole: -2}, Offset: 38},
			},
		})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

func nots(n int, e Expr) Expr {
	for range n {
		e = not(e)
	}
	return e
}

func repeat(n int, e Expr) []Expr {
	all := make([]Expr, n)
	for i := range all {
		all[i] = e
	}
	return all
}

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
