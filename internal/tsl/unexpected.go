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

import "strings"

// unexpected returns the error for the next token.
func (p *parser) unexpected(expected string) *SyntaxError {
	return syntaxError(p.scanner.text, p.token.offset, expected, p.token.found(), p.hint())
}

// unquoted returns the error for a word in the place of a value.
func (p *parser) unquoted() *SyntaxError {
	return syntaxError(p.scanner.text, p.token.offset,
		"a string in single quotes, a number, a time, true or false"+p.afterLast(), p.token.found(), p.valueHint())
}

// valueHint suggests quotes if the next token was clearly meant as a string, and the
// number suffixes if it was clearly meant as a number.
func (p *parser) valueHint() string {
	switch {
	case p.token.kind == tokenName:
		return "write '" + excerpt(strings.ReplaceAll(p.token.text, "'", "''")) + "'"
	case areDigits(p.token.text[:1]) && !strings.Contains(p.token.text, "-"):
		return "a number may end in Ki, Mi, Gi, Ti, Pi, k, M, G, T or P"
	}
	return ""
}

// afterLast names the token before the error, so that people can find the place
// without counting characters.
func (p *parser) afterLast() string {
	if p.last.text == "" {
		return ""
	}
	return " after " + quote(p.last.text)
}

// hint suggests a replacement for the next token, or returns "".
func (p *parser) hint() string {
	switch p.token.kind {
	case tokenSymbol:
		return symbolHints[p.token.text]
	case tokenNull:
		if op, ok := symbolOps[p.last.text]; ok && op == NotEqual {
			return `write "is not null"`
		} else if ok {
			return `write "is null"`
		}
	case tokenName, tokenNumber, tokenOpenString:
		if p.last.kind == tokenString && p.last.offset+len(p.last.text) == p.token.offset {
			return "write a single quote within a string as two: ''"
		}
	}
	return ""
}

const singleQuotes = "strings take single quotes, as in 'value'"

// symbolHints translates symbols of other languages, and the quotes of word
// processors.
var symbolHints = map[string]string{
	"==": `write "=" for equality`,
	"=~": `write "~=" for a match`,
	"!~": `write "~!" for no match`,
	"&&": `write "and"`,
	"&":  `write "and"`,
	"||": `write "or"`,
	"|":  `write "or"`,
	"!":  `write "not"`,
	`"`:  singleQuotes,
	"`":  singleQuotes,
	"“":  singleQuotes,
	"”":  singleQuotes,
	"‘":  singleQuotes,
	"’":  singleQuotes,
}
