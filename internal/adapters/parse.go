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
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/hyperfleet-io/hyperfleet/internal/mapping"
)

// maxAdapters bounds the required adapters of one Kind, and with them the
// conditions of an object and the size of its status.
const maxAdapters = 50

// settings are the content of a valid configuration file, by Kind. A Kind without entries
// is in none of the maps.
type settings struct {
	required   map[string][]string // sorted names
	finalizing map[string][]string // the required adapters that finalize, sorted
	rules      map[string][]mapping.Rule
	programs   map[string]*mapping.Program // the rules, compiled
}

// equal reports whether both settings are the same. The programs follow from the rules.
func (s *settings) equal(other *settings) bool {
	return maps.EqualFunc(s.required, other.required, slices.Equal) &&
		maps.EqualFunc(s.finalizing, other.finalizing, slices.Equal) &&
		maps.EqualFunc(s.rules, other.rules, slices.Equal)
}

// types returns the types of the mapped conditions by Kind.
func (s *settings) types() map[string][]string {
	types := make(map[string][]string, len(s.rules))
	for kind, rules := range s.rules {
		for _, r := range rules {
			types[kind] = append(types[kind], r.Type)
		}
	}
	return types
}

// parse reads a configuration file. An error starts with the path and the line,
// and names the field.
func parse(path string, content []byte) (*settings, error) {
	c, err := decode(content)
	if err == nil {
		var s *settings
		if s, err = c.settings(); err == nil {
			return s, nil
		}
	}
	return nil, locate(path, err)
}

// decode reads the one YAML document in content.
func decode(content []byte) (*config, error) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, err
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, errors.New("the file is empty, want requiredAdapters")
	}
	if len(file.Docs) > 1 {
		return nil, &yaml.SyntaxError{Message: "a second YAML document, want one", Token: file.Docs[1].Start}
	}
	body := file.Docs[0].Body
	var check plain
	if ast.Walk(&check, body); check.fault != nil {
		return nil, check.fault
	}
	if !isMapping(body) {
		return nil, &fault{body, "want a mapping with requiredAdapters, got " + describe(body)}
	}
	var c config
	if err := yaml.NodeToValue(body, &c, yaml.Strict()); err != nil {
		return nil, named(body, err)
	}
	if c.RequiredAdapters == nil {
		return nil, &fault{body, "requiredAdapters is missing"}
	}
	return &c, nil
}

// settings applies the rules that types cannot express.
func (c *config) settings() (*settings, error) {
	s := &settings{
		required:   map[string][]string{},
		finalizing: map[string][]string{},
		rules:      map[string][]mapping.Rule{},
		programs:   map[string]*mapping.Program{},
	}
	for _, kind := range kinds {
		if err := s.require(kind, c.RequiredAdapters.of(kind)); err != nil {
			return nil, err
		}
		if err := s.compile(kind, c.Conditions.of(kind)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// require adds the required adapters of a Kind.
func (s *settings) require(kind string, list []requirement) error {
	var required, finalizing []string
	for i, r := range list {
		name := r.name.value
		switch {
		case i == maxAdapters:
			return &fault{r.name.node, fmt.Sprintf("%d required adapters of the Kind, the maximum is %d", len(list), maxAdapters)}
		case len(validation.IsDNS1123Label(name)) > 0:
			return &fault{r.name.node, fmt.Sprintf("%q is not an adapter name: it must be 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends", name)}
		case slices.Contains(required, name):
			return &fault{r.name.node, fmt.Sprintf("%q occurs twice", name)}
		}
		required = append(required, name)
		if r.finalizes {
			finalizing = append(finalizing, name)
		}
	}
	if len(required) > 0 {
		slices.Sort(required)
		s.required[kind] = required
	}
	if len(finalizing) > 0 {
		slices.Sort(finalizing)
		s.finalizing[kind] = finalizing
	}
	return nil
}

// compile adds the mapped conditions of a Kind.
func (s *settings) compile(kind string, list []rule) error {
	if len(list) == 0 {
		return nil
	}
	rules := make([]mapping.Rule, len(list))
	for i, r := range list {
		rules[i] = r.compilable()
	}
	program, err := mapping.Compile(rules)
	if refused, ok := errors.AsType[*mapping.RuleError](err); ok {
		return list[refused.Index].fault(refused)
	}
	if err != nil {
		return err
	}
	s.rules[kind], s.programs[kind] = rules, program
	return nil
}

// plain refuses the parts of YAML that a configuration does not need, and that the
// decoder would silently ignore or fail on.
type plain struct{ fault *fault }

// Visit implements ast.Visitor.
func (p *plain) Visit(node ast.Node) ast.Visitor {
	if p.fault != nil {
		return nil
	}
	switch n := node.(type) {
	case *ast.TagNode:
		p.fault = &fault{n, "tags are not supported"}
	case *ast.NullNode:
		p.fault = &fault{n, "the value is missing"}
	case *ast.MappingValueNode:
		if key, ok := n.Key.(*ast.StringNode); !ok {
			p.fault = &fault{n.Key, fmt.Sprintf("the key %s is not a string", strings.TrimSpace(n.Key.String()))}
		} else if n.Value == nil {
			p.fault = &fault{key, "the value is missing"}
		}
	case *ast.SequenceNode:
		if slices.Contains(n.Values, nil) {
			p.fault = &fault{n, "an entry is missing"}
		}
	}
	return p
}
