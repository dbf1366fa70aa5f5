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
	"strconv"

	"github.com/goccy/go-yaml/ast"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

// kinds are the Kinds that the file configures.
var kinds = []string{v1.ClusterKind, v1.NodePoolKind}

// config is the configuration file. Its parts decode through the decoder of the whole
// file, which resolves the anchors.
type config struct {
	RequiredAdapters *perKind[requirement] `yaml:"requiredAdapters"`
	Conditions       perKind[rule]         `yaml:"conditions"`
}

// perKind contains a list for each Kind. A Kind without an entry has an empty list.
type perKind[T any] struct {
	Cluster  []T `yaml:"Cluster"`
	NodePool []T `yaml:"NodePool"`
}

// of returns the list of a Kind.
func (p perKind[T]) of(kind string) []T {
	if kind == v1.NodePoolKind {
		return p.NodePool
	}
	return p.Cluster
}

// requirement is a required adapter: its name, or an object with the name and
// whether the adapter finalizes.
type requirement struct {
	name      text
	finalizes bool
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (r *requirement) UnmarshalYAML(unmarshal func(any) error) error {
	node, err := nodeOf(unmarshal)
	if err != nil {
		return err
	}
	if !isMapping(node) {
		r.finalizes = true
		return r.name.UnmarshalYAML(node)
	}
	object := struct {
		Name      text `yaml:"name"`
		Finalizes bool `yaml:"finalizes"`
	}{Finalizes: true}
	if err := unmarshal(&object); err != nil {
		return err
	}
	if object.Name.node == nil {
		return &fault{node, "name is missing"}
	}
	r.name, r.finalizes = object.Name, object.Finalizes
	return nil
}

// rule is a mapped condition.
type rule struct {
	node   ast.Node
	fields map[string]text // by the names of package mapping
}

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (r *rule) UnmarshalYAML(unmarshal func(any) error) error {
	node, err := nodeOf(unmarshal)
	if err != nil {
		return err
	}
	if !isMapping(node) {
		return &fault{node, "want an object with type, when and output"}
	}
	var object struct {
		Type   text       `yaml:"type"`
		When   expression `yaml:"when"`
		Output struct {
			Status  expression `yaml:"status"`
			Reason  expression `yaml:"reason"`
			Message expression `yaml:"message"`
		} `yaml:"output"`
	}
	if err := unmarshal(&object); err != nil {
		return err
	}
	r.node = node
	r.fields = map[string]text{
		mapping.TypeField:    object.Type,
		mapping.WhenField:    object.When.text,
		mapping.StatusField:  object.Output.Status.text,
		mapping.ReasonField:  object.Output.Reason.text,
		mapping.MessageField: object.Output.Message.text,
	}
	return nil
}

// compilable returns the rule as input of package mapping.
func (r *rule) compilable() mapping.Rule {
	return mapping.Rule{
		Type:    r.fields[mapping.TypeField].value,
		When:    r.fields[mapping.WhenField].value,
		Status:  r.fields[mapping.StatusField].value,
		Reason:  r.fields[mapping.ReasonField].value,
		Message: r.fields[mapping.MessageField].value,
	}
}

// expression is a string, or an object whose only member `expression` is a string.
// Configuration files for the newer dialect of the REST API have such objects.
type expression struct{ text }

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (e *expression) UnmarshalYAML(unmarshal func(any) error) error {
	node, err := nodeOf(unmarshal)
	if err != nil {
		return err
	}
	if !isMapping(node) {
		return e.text.UnmarshalYAML(node)
	}
	var object struct {
		Expression text `yaml:"expression"`
	}
	if err := unmarshal(&object); err != nil {
		return err
	}
	e.text = object.Expression
	return nil
}

// text is a string and its position in the file. Numbers and booleans are refused: in a
// list of names they are mistakes.
type text struct {
	value string
	node  ast.Node
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (t *text) UnmarshalYAML(node ast.Node) error {
	switch n := node.(type) {
	case *ast.StringNode:
		t.value = n.Value
	case *ast.LiteralNode:
		t.value = n.Value.Value
	default:
		return &fault{node, "want a string, got " + describe(node)}
	}
	t.node = node
	return nil
}

// located is the node of any value.
type located struct{ node ast.Node }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (l *located) UnmarshalYAML(node ast.Node) error {
	l.node = node
	return nil
}

// nodeOf returns the node that unmarshal decodes, with aliases resolved.
func nodeOf(unmarshal func(any) error) (ast.Node, error) {
	var l located
	if err := unmarshal(&l); err != nil {
		return nil, err
	}
	if l.node == nil {
		return nil, errors.New("an entry is missing")
	}
	return l.node, nil
}

// isMapping reports whether a node is a mapping.
func isMapping(node ast.Node) bool {
	return node.Type() == ast.MappingType || node.Type() == ast.MappingValueType
}

// describe names a node for the author of the file.
func describe(node ast.Node) string {
	switch {
	case isMapping(node):
		return "a mapping"
	case node.Type() == ast.SequenceType:
		return "a list"
	case node.Type() == ast.StringType:
		return "the string " + strconv.Quote(node.GetToken().Value)
	}
	return node.GetToken().Value + " (in quotes it is a string)"
}
