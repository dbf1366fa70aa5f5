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

type tokenKind int

const (
	tokenEnd        tokenKind = iota
	tokenName                 // a field, or a word without quotes
	tokenNumber               // a word that does not start with a letter: a number or a time
	tokenString               // a string in single quotes
	tokenOpenString           // a string whose closing quote is missing
	tokenSymbol               // everything else: operators, brackets, commas, unknown characters
	tokenAnd
	tokenOr
	tokenNot
	tokenIn
	tokenBetween
	tokenLike
	tokenILike
	tokenIs
	tokenNull
)

// keywords are the words that cannot name a field. A field may contain a keyword, as
// labels.in does.
var keywords = map[string]tokenKind{
	"and":     tokenAnd,
	"or":      tokenOr,
	"not":     tokenNot,
	"in":      tokenIn,
	"between": tokenBetween,
	"like":    tokenLike,
	"ilike":   tokenILike,
	"is":      tokenIs,
	"null":    tokenNull,
}

// longSymbols are the symbols of more than one character. Some are operators of
// other languages: as one token, the error can name them.
var longSymbols = []string{"!=", "<=", ">=", "<>", "~=", "~!", "==", "=~", "!~", "&&", "||"}

type token struct {
	kind   tokenKind
	text   string // as written
	offset int    // in bytes
}

// is reports whether the token is the symbol.
func (t token) is(symbol string) bool { return t.kind == tokenSymbol && t.text == symbol }

// found describes the token for an error message.
func (t token) found() string {
	switch {
	case t.kind == tokenEnd:
		return endOfSearch
	case t.is(`"`):
		return "a double quote"
	}
	return quote(t.text)
}

// content returns the value of a tokenString.
func (t token) content() string { return unquote(t.text) }

// scanner splits a search string into tokens, from left to right.
type scanner struct {
	text   string
	offset int
}

// next returns the next token. At the end of the string, every call returns tokenEnd.
func (s *scanner) next() token {
	for s.offset < len(s.text) && isSpace(s.text[s.offset]) {
		s.offset++
	}
	start := s.offset
	if start == len(s.text) {
		return token{kind: tokenEnd, offset: start}
	}
	kind, length := scan(s.text[start:])
	s.offset += length
	return token{kind: kind, text: s.text[start:s.offset], offset: start}
}

// scan returns the kind and the length of the token at the start of rest, which is
// valid UTF-8, is not empty, and does not start with a space.
func scan(rest string) (tokenKind, int) {
	switch c := rest[0]; {
	case c == '\'':
		length, closed := quotedLength(rest)
		if !closed {
			return tokenOpenString, length
		}
		return tokenString, length
	case isLetter(c):
		length := spanField(rest)
		if kind, ok := keywords[strings.ToLower(rest[:length])]; ok {
			return kind, length
		}
		return tokenName, length
	case isWord(c):
		return tokenNumber, span(rest, isNumberish)
	}
	for _, symbol := range longSymbols {
		if strings.HasPrefix(rest, symbol) {
			return tokenSymbol, len(symbol)
		}
	}
	for _, character := range rest {
		return tokenSymbol, len(string(character))
	}
	return tokenEnd, 0
}

// span returns the number of bytes at the start of rest that belong to the class.
func span(rest string, class func(byte) bool) int {
	for i := range len(rest) {
		if !class(rest[i]) {
			return i
		}
	}
	return len(rest)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// isWord reports whether a field may contain the character outside of quotes: the
// characters of label keys.
func isWord(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-' || c == '/'
}

// isNumberish also accepts the colons and signs of times and exponents, so that an error
// quotes the whole malformed number or time.
func isNumberish(c byte) bool { return isWord(c) || c == ':' || c == '+' }
