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
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the strings that Parse accepts.
const (
	// MaxLength is the maximum length of a search string, in bytes.
	MaxLength = 4096

	// MaxDepth is the maximum number of nested parentheses and "not".
	MaxDepth = 200
)

// Parse reads a search string. The error is always a *SyntaxError. An empty string
// is an error: a list without a search selects everything.
//
// The tree keeps the grouping of the string: an "and" in parentheses within an
// "and" is a node of its own, which Normalize merges.
func Parse(text string) (Expr, error) {
	if err := check(text); err != nil {
		return nil, err
	}
	p := parser{scanner: scanner{text: text}}
	p.token = p.scanner.next()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.unexpected(`"and", "or" or end of search`)
	}
	return e, nil
}

// check refuses strings that cannot be split into tokens.
func check(text string) error {
	if len(text) > MaxLength {
		offset := MaxLength
		for offset > MaxLength-utf8.UTFMax && !utf8.RuneStart(text[offset]) {
			offset--
		}
		return syntaxError(text, offset, fmt.Sprintf("at most %d bytes", MaxLength), strconv.Itoa(len(text)), "")
	}
	if !utf8.ValidString(text) {
		offset := 0
		for offset < len(text) {
			r, size := utf8.DecodeRuneInString(text[offset:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			offset += size
		}
		return syntaxError(text, offset, "UTF-8", fmt.Sprintf("byte 0x%02x", text[offset]), "")
	}
	if offset := strings.IndexByte(text, 0); offset >= 0 {
		return syntaxError(text, offset, "no NUL character", "one", "")
	}
	return nil
}

// parser is a recursive descent parser with one token of lookahead. It never
// backtracks.
type parser struct {
	scanner scanner
	token   token // the next token
	last    token // the previous token
	depth   int   // open parentheses and "not"
}

// or reads the operands of "or": a whole search, or the content of parentheses.
func (p *parser) or() (Expr, error) {
	first, err := p.and()
	if err != nil || p.token.kind != tokenOr {
		return first, err
	}
	operands := []Expr{first}
	for p.token.kind == tokenOr {
		p.advance()
		operand, err := p.and()
		if err != nil {
			return nil, err
		}
		operands = append(operands, operand)
	}
	return &Or{Operands: operands}, nil
}

// and reads the operands of "and".
func (p *parser) and() (Expr, error) {
	first, err := p.term()
	if err != nil || p.token.kind != tokenAnd {
		return first, err
	}
	operands := []Expr{first}
	for p.token.kind == tokenAnd {
		p.advance()
		operand, err := p.term()
		if err != nil {
			return nil, err
		}
		operands = append(operands, operand)
	}
	return &And{Operands: operands}, nil
}

// term reads a "not" with its operand, a group in parentheses, or a comparison.
func (p *parser) term() (Expr, error) {
	switch {
	case p.token.kind == tokenNot:
		return p.nested(p.not)
	case p.token.is("("):
		return p.nested(p.group)
	case p.token.kind == tokenName:
		return p.comparison()
	}
	return nil, p.unexpected(`a field name, "not" or "("` + p.afterLast())
}

// nested reads a construct that may contain itself, and limits the recursion.
func (p *parser) nested(read func() (Expr, error)) (Expr, error) {
	if p.depth == MaxDepth {
		return nil, syntaxError(p.scanner.text, p.token.offset,
			fmt.Sprintf(`at most %d nested parentheses and "not"`, MaxDepth), "one more", "")
	}
	p.depth++
	e, err := read()
	p.depth--
	return e, err
}

func (p *parser) not() (Expr, error) {
	p.advance()
	operand, err := p.term()
	if err != nil {
		return nil, err
	}
	return &Not{Operand: operand}, nil
}

func (p *parser) group() (Expr, error) {
	open := p.advance()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.token.is(")") {
		return nil, p.unexpected(fmt.Sprintf(`"and", "or" or ")" for the "(" at %s`, Where(p.scanner.text, open.offset)))
	}
	p.advance()
	return e, nil
}

func (p *parser) comparison() (Expr, error) {
	field := p.advance()
	op, err := p.operator()
	if err != nil {
		return nil, err
	}
	values, err := p.operands(op)
	if err != nil {
		return nil, err
	}
	return &Comparison{Field: Field{Path: field.text, Offset: field.offset}, Op: op, Values: values}, nil
}

func (p *parser) operator() (Op, error) {
	if p.token.kind == tokenSymbol {
		if op, ok := symbolOps[p.token.text]; ok {
			p.advance()
			return op, nil
		}
	}
	if op, ok := wordOps[p.token.kind]; ok {
		p.advance()
		return op, nil
	}
	switch p.token.kind {
	case tokenNot:
		p.advance()
		op, ok := wordOps[p.token.kind]
		if !ok {
			return 0, p.unexpected(`"in", "between", "like" or "ilike"` + p.afterLast())
		}
		p.advance()
		return op.Negate(), nil
	case tokenIs:
		return p.isNull()
	}
	return 0, p.unexpected("an operator (" + operatorNames + ")" + p.afterLast())
}

func (p *parser) isNull() (Op, error) {
	op, expected := IsNull, `"null" or "not null"`
	p.advance()
	if p.token.kind == tokenNot {
		op, expected = IsNotNull, `"null"`
		p.advance()
	}
	if p.token.kind != tokenNull {
		return 0, p.unexpected(expected + p.afterLast())
	}
	p.advance()
	return op, nil
}

// operands reads the values of an operator.
func (p *parser) operands(op Op) ([]Value, error) {
	switch op.takes() {
	case nothing:
		return nil, nil
	case list:
		return p.list(op)
	case twoValues:
		return p.bounds()
	default:
		return p.value(nil)
	}
}

// bounds reads the two values of "between" and the "and" that separates them.
func (p *parser) bounds() ([]Value, error) {
	values, err := p.value(make([]Value, 0, 2))
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenAnd {
		return nil, p.unexpected(`"and" and the upper bound` + p.afterLast())
	}
	p.advance()
	return p.value(values)
}

// list reads one or more values in parentheses or brackets.
func (p *parser) list(op Op) ([]Value, error) {
	closing := ")"
	switch {
	case p.token.is("("):
	case p.token.is("["):
		closing = "]"
	default:
		return nil, p.unexpected(fmt.Sprintf(`"(" or "[" after %q`, op))
	}
	var values []Value
	for {
		p.advance() // skips the bracket or comma before the value
		var err error
		if values, err = p.value(values); err != nil {
			return nil, err
		}
		if p.token.is(closing) {
			p.advance()
			return values, nil
		}
		if !p.token.is(",") {
			return nil, p.unexpected(fmt.Sprintf(`"," or %q%s`, closing, p.afterLast()))
		}
	}
}

// value reads one value and appends it to values.
func (p *parser) value(values []Value) ([]Value, error) {
	value := Value{Offset: p.token.offset}
	switch p.token.kind {
	case tokenString:
		value.Kind, value.Text = StringValue, p.token.content()
	case tokenNumber:
		if err := p.numberOrTime(&value); err != nil {
			return nil, err
		}
	case tokenName:
		value.Kind, value.Text = BoolValue, strings.ToLower(p.token.text)
		if value.Text != "true" && value.Text != "false" {
			return nil, p.unquoted()
		}
	case tokenOpenString:
		return nil, syntaxError(p.scanner.text, p.token.offset,
			"a closing single quote for the string that starts here", endOfSearch, "")
	default:
		return nil, p.unexpected("a value" + p.afterLast())
	}
	p.advance()
	return append(values, value), nil
}

// numberOrTime reads a value from a word that does not start with a letter.
func (p *parser) numberOrTime(value *Value) error {
	value.Kind, value.Text = NumberValue, p.token.text
	if looksLikeTime(p.token.text) {
		value.Kind = TimeValue
		if _, err := ParseTime(p.token.text); err != nil {
			return p.unexpected("a date such as 2026-01-31 or an RFC 3339 time such as 2026-01-31T10:00:00Z" + p.afterLast())
		}
		return nil
	}
	var isNumber, fits bool
	if value.Number, isNumber, fits = literalNumber(p.token.text); !isNumber {
		return p.unquoted()
	}
	if !fits {
		return p.unexpected("a number below 1.8e308" + p.afterLast())
	}
	return nil
}

// advance moves to the next token and returns the previous one.
func (p *parser) advance() token {
	p.last = p.token
	p.token = p.scanner.next()
	return p.last
}
