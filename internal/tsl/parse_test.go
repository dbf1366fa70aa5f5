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

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// ignoreOffsets compares trees by their meaning.
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
