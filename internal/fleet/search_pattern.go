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

// Bounds of patterns. The time of a match grows with the length of the string and with the
// size of the program that the pattern is compiled to.
const (
	maxPatternLength  = 512
	maxPatternProgram = 500
)

// patternPredicate returns the predicate of like, ilike, ~= or a negation of them. The
// error tells the user what is wrong with the pattern.
func patternPredicate(op tsl.Op, pattern string) (func(string) bool, error) {
	if len(pattern) > maxPatternLength {
		return nil, fmt.Errorf("a pattern is at most %d bytes long", maxPatternLength)
	}
	var predicate func(string) bool
	var err error
	switch op {
	case tsl.Like, tsl.NotLike:
		predicate, err = likePredicate(pattern)
	case tsl.ILike, tsl.NotILike:
		var expression string
		if expression, err = likeExpression(pattern); err == nil {
			predicate, err = regexpPredicate("(?i)" + expression)
		}
	default:
		predicate, err = regexpPredicate(pattern)
	}
	if err != nil {
		return nil, err
	}
	if isNegative(op) {
		return func(s string) bool { return !predicate(s) }, nil
	}
	return predicate, nil
}

func regexpPredicate(expression string) (func(string) bool, error) {
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

// likePredicate returns the predicate of a pattern of like. The most frequent forms need
// no regular expression.
func likePredicate(pattern string) (func(string) bool, error) {
	if prefix, ok := likePrefix(pattern); ok {
		return func(s string) bool { return strings.HasPrefix(s, prefix) }, nil
	}
	if rest, ok := strings.CutPrefix(pattern, "%"); ok && !strings.ContainsAny(rest, `%_\`) {
		return func(s string) bool { return strings.HasSuffix(s, rest) }, nil
	} else if part, closed := strings.CutSuffix(rest, "%"); ok && closed && !strings.ContainsAny(part, `%_\`) {
		return func(s string) bool { return strings.Contains(s, part) }, nil
	}
	expression, err := likeExpression(pattern)
	if err != nil {
		return nil, err
	}
	return regexpPredicate(expression)
}

// likePrefix returns the prefix that a pattern of like matches, false if the pattern has
// another form.
func likePrefix(pattern string) (string, bool) {
	prefix, ok := strings.CutSuffix(pattern, "%")
	return prefix, ok && !strings.ContainsAny(prefix, `%_\`)
}

// likeExpression converts a pattern of like to a regular expression.
func likeExpression(pattern string) (string, error) {
	var b strings.Builder
	b.WriteString(`(?s:\A`)
	escaped := false
	for _, r := range pattern {
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
		return "", errors.New(`a pattern must not end in \, which escapes the next character; write \\ for a backslash`)
	}
	b.WriteString(`\z)`)
	return b.String(), nil
}
