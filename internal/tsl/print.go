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

// The precedence of each kind of node, the lowest first.
const (
	strengthOr = iota
	strengthAnd
	strengthNot
)

func (e *And) String() string        { return text(e) }
func (e *Or) String() string         { return text(e) }
func (e *Not) String() string        { return text(e) }
func (e *Comparison) String() string { return text(e) }

func text(e Expr) string {
	var b strings.Builder
	write(&b, e, strengthOr)
	return b.String()
}

// write writes e, in parentheses if its precedence is lower than its place requires.
func write(b *strings.Builder, e Expr, least int) {
	switch e := e.(type) {
	case *Or:
		writeOperands(b, e.Operands, " or ", strengthOr, least)
	case *And:
		writeOperands(b, e.Operands, " and ", strengthAnd, least)
	case *Not:
		b.WriteString("not ")
		write(b, e.Operand, strengthNot)
	case *Comparison:
		writeComparison(b, e)
	}
}

func writeOperands(b *strings.Builder, operands []Expr, separator string, strength, least int) {
	if strength < least {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, operand := range operands {
		if i > 0 {
			b.WriteString(separator)
		}
		write(b, operand, strength+1)
	}
}

func writeComparison(b *strings.Builder, e *Comparison) {
	b.WriteString(e.Field.Path)
	b.WriteByte(' ')
	b.WriteString(e.Op.String())
	switch e.Op.takes() {
	case nothing:
	case list:
		b.WriteString(" (")
		writeValues(b, e.Values, ", ")
		b.WriteByte(')')
	default:
		b.WriteByte(' ')
		writeValues(b, e.Values, " and ")
	}
}

func writeValues(b *strings.Builder, values []Value, separator string) {
	for i, v := range values {
		if i > 0 {
			b.WriteString(separator)
		}
		if v.Kind != StringValue {
			b.WriteString(v.Text)
			continue
		}
		b.WriteByte('\'')
		b.WriteString(strings.ReplaceAll(v.Text, "'", "''"))
		b.WriteByte('\'')
	}
}
