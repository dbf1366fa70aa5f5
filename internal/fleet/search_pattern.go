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
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// Bounds of patterns. To match takes time in proportion to the length of the text
// and to the size of the program that a pattern becomes.
const (
	maxPatternLength  = 512
	maxPatternProgram = 500
)

// isPresence, isEquality and isPattern sort operators.
func isPresence(op tsl.Op) bool { return op == tsl.IsNull || op == tsl.IsNotNull }

func isEquality(op tsl.Op) bool {
	switch op {
	case tsl.Equal, tsl.NotEqual, tsl.In, tsl.NotIn:
		return true
	}
	return false
}

func isPattern(op tsl.Op) bool {
	switch op {
	case tsl.Like, tsl.NotLike, tsl.ILike, tsl.NotILike, tsl.Match, tsl.NotMatch:
		return true
	}
	return false
}

// isNegative tells whether the operator is true where another one is not.
func isNegative(op tsl.Op) bool {
	switch op {
	case tsl.NotEqual, tsl.NotIn, tsl.NotBetween, tsl.NotLike, tsl.NotILike, tsl.NotMatch:
		return true
	}
	return false
}

// ordered returns the test of an operator that compares a value with those of the
// search.
func ordered[V any](op tsl.Op, values []V, compare func(a, b V) int) func(V) bool {
	switch op {
	case tsl.Less:
		return func(v V) bool { return compare(v, values[0]) < 0 }
	case tsl.LessOrEqual:
		return func(v V) bool { return compare(v, values[0]) <= 0 }
	case tsl.Greater:
		return func(v V) bool { return compare(v, values[0]) > 0 }
	case tsl.GreaterOrEqual:
		return func(v V) bool { return compare(v, values[0]) >= 0 }
	case tsl.Between:
		return func(v V) bool { return compare(v, values[0]) >= 0 && compare(v, values[1]) <= 0 }
	case tsl.NotBetween:
		return func(v V) bool { return compare(v, values[0]) < 0 || compare(v, values[1]) > 0 }
	}
	return func(v V) bool {
		for _, value := range values {
			if compare(v, value) == 0 {
				return !isNegative(op)
			}
		}
		return isNegative(op)
	}
}

// pattern returns the test of like, ilike, ~= or a negation of them. The error
// says what is wrong with the pattern.
func pattern(op tsl.Op, text string) (func(string) bool, error) {
	if len(text) > maxPatternLength {
		return nil, fmt.Errorf("a pattern is at most %d bytes long", maxPatternLength)
	}
	var test func(string) bool
	var err error
	switch op {
	case tsl.Like, tsl.NotLike:
		test, err = likeTest(text)
	case tsl.ILike, tsl.NotILike:
		var expression string
		if expression, err = likeExpression(text); err == nil {
			test, err = matchTest("(?i)" + expression)
		}
	default:
		test, err = matchTest(text)
	}
	if err != nil {
		return nil, err
	}
	if isNegative(op) {
		return func(text string) bool { return !test(text) }, nil
	}
	return test, nil
}

func matchTest(expression string) (func(string) bool, error) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		var fault *syntax.Error
		if errors.As(err, &fault) {
			return nil, fmt.Errorf("no regular expression in RE2 syntax: %s: %q", fault.Code, fault.Expr)
		}
		return nil, fmt.Errorf("no regular expression in RE2 syntax: %w", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("no regular expression in RE2 syntax: %w", err)
	}
	if len(program.Inst) > maxPatternProgram {
		return nil, fmt.Errorf("the pattern is too large: it becomes %d instructions, at most %d are allowed", len(program.Inst), maxPatternProgram)
	}
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("no regular expression in RE2 syntax: %w", err)
	}
	return compiled.MatchString, nil
}

// likeTest returns the test of a pattern of like. Those that are most in use need
// no regular expression.
func likeTest(text string) (func(string) bool, error) {
	if prefix, ok := likePrefix(text); ok {
		return func(text string) bool { return strings.HasPrefix(text, prefix) }, nil
	}
	if rest, ok := strings.CutPrefix(text, "%"); ok && !strings.ContainsAny(rest, `%_\`) {
		return func(text string) bool { return strings.HasSuffix(text, rest) }, nil
	} else if part, closed := strings.CutSuffix(rest, "%"); ok && closed && !strings.ContainsAny(part, `%_\`) {
		return func(text string) bool { return strings.Contains(text, part) }, nil
	}
	expression, err := likeExpression(text)
	if err != nil {
		return nil, err
	}
	return matchTest(expression)
}

// likePrefix returns the prefix that a pattern of like asks for, false where it
// asks for something else.
func likePrefix(text string) (string, bool) {
	prefix, ok := strings.CutSuffix(text, "%")
	return prefix, ok && !strings.ContainsAny(prefix, `%_\`)
}

// likeExpression turns a pattern of like into a regular expression.
func likeExpression(text string) (string, error) {
	var b strings.Builder
	b.WriteString(`(?s:\A`)
	escaped := false
	for _, r := range text {
		switch {
		case escaped, r != '%' && r != '_' && r != '\\':
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteByte('.')
		default:
			escaped = true
		}
	}
	if escaped {
		return "", errors.New(`a pattern must not end in \, which takes the meaning from the character behind it; write \\ for a backslash`)
	}
	b.WriteString(`\z)`)
	return b.String(), nil
}
