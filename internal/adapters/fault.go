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

package adapters

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

// fault is a node of the file that breaks a rule.
type fault struct {
	node ast.Node
	rule string
}

// Error implements error.
func (f *fault) Error() string {
	if field := strings.TrimPrefix(strings.TrimPrefix(f.node.GetPath(), "$"), "."); field != "" {
		return field + ": " + f.rule
	}
	return f.rule
}

// fault returns the fault of a rule that cannot be compiled, at its line.
func (r *rule) fault(refused *mapping.RuleError) error {
	field := r.fields[refused.Field]
	if field.node == nil {
		return &fault{r.node, refused.Field + ": " + refused.Reason}
	}
	at := &fault{field.node, refused.Reason}
	literal, ok := field.node.(*ast.LiteralNode)
	if !ok || literal.Start.Type != token.LiteralType || refused.Line == 0 {
		return at
	}
	// The lines of an expression after a | are lines of the file.
	position := *literal.Start.Position
	position.Line += refused.Line
	return &yaml.SyntaxError{Message: at.Error(), Token: &token.Token{Position: &position}}
}

// named adds the field to an error of the decoder, which contains only the token.
func named(body ast.Node, err error) error {
	decoding, ok := errors.AsType[yaml.Error](err)
	if !ok || decoding.GetToken() == nil {
		return err
	}
	if _, own := errors.AsType[*fault](err); own {
		return err
	}
	search := &byToken{token: decoding.GetToken()}
	if ast.Walk(search, body); search.found == nil {
		return err
	}
	if mismatch, ok := errors.AsType[*yaml.TypeError](err); ok {
		return &fault{search.found, fmt.Sprintf("want %s, got %s", mismatch.DstType, mismatch.SrcType)}
	}
	return &fault{search.found, decoding.GetMessage()}
}

// byToken finds the node of a token.
type byToken struct {
	token *token.Token
	found ast.Node
}

// Visit implements ast.Visitor.
func (s *byToken) Visit(node ast.Node) ast.Visitor {
	if s.found == nil && node.GetToken() == s.token {
		s.found = node
	}
	return s
}

// locate puts the path and the line before an error.
func locate(path string, err error) error {
	line, message := 1, err.Error()
	if own, ok := errors.AsType[*fault](err); ok {
		line, message = own.node.GetToken().Position.Line, own.Error()
	} else if parsing, ok := errors.AsType[yaml.Error](err); ok {
		message = parsing.GetMessage()
		if at := parsing.GetToken(); at != nil {
			line = max(at.Position.Line, 1)
		}
	}
	return fmt.Errorf("%s:%d: %s", path, line, message)
}
