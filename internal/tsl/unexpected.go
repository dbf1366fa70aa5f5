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

// unexpected is the error at the next token.
func (p *parser) unexpected(expected string) *SyntaxError {
	return syntaxError(p.scanner.text, p.token.offset, expected, p.token.found(), p.hint())
}

// unquoted is the error at a word in the place of a value.
func (p *parser) unquoted() *SyntaxError {
	return syntaxError(p.scanner.text, p.token.offset,
		"a value in single quotes or a whole number"+p.afterLast(), p.token.found(), p.quoteHint())
}

// quoteHint shows the next token in quotes. It does so only for what is plainly
// meant as text: in quotes, 1.5 would be as wrong as without, and null would
// find what is called so and not what is absent.
func (p *parser) quoteHint() string {
	if p.token.kind != tokenName || strings.EqualFold(p.token.text, "null") {
		return ""
	}
	return "write '" + excerpt(p.token.text) + "'"
}

// afterLast says after what an error stands, so that its place can be found by
// reading as well as by counting.
func (p *parser) afterLast() string {
	if p.last.text == "" {
		return ""
	}
	return " after " + quote(p.last.text)
}

// hint says what to write instead of the next token, where that is plain.
func (p *parser) hint() string {
	switch p.token.kind {
	case tokenSymbol:
		return symbolHints[p.token.text]
	case tokenName, tokenNumber, tokenOpenString:
		if p.last.kind == tokenString && p.last.offset+len(p.last.text) == p.token.offset {
			return "write a single quote within text as two: ''"
		}
	}
	return ""
}

const singleQuotes = "text stands in single quotes, as in 'text'"

// symbolHints translates from other languages, and from word processors.
var symbolHints = map[string]string{
	"==": `write "=" for equality`,
	"<>": `write "!=" for inequality`,
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
