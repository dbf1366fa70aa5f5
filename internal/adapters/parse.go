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
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
)

const (
	topLevelKey = "requiredAdapters"

	// maxAdapters bounds the adapters of one Kind, and with them the conditions
	// of an object.
	maxAdapters = 50
)

// kinds are those that can have required adapters.
var kinds = []string{v1.ClusterKind, v1.NodePoolKind}

// parse reads the required adapters, sorted, of each Kind that has any. An error
// starts with the path and the line.
func parse(path string, content []byte) (map[string][]string, error) {
	root, err := document(path, content)
	if err != nil {
		return nil, err
	}
	p := parser{path: path}
	members, err := p.mapping(root, "the file")
	if err != nil {
		return nil, err
	}
	var lists *yaml.Node
	for _, m := range members {
		if m.key.Value != topLevelKey {
			return nil, p.errorf(m.key, "unknown key %q, want %s", m.key.Value, topLevelKey)
		}
		lists = m.value
	}
	if lists == nil {
		return nil, p.errorf(root, "%s is missing", topLevelKey)
	}
	members, err = p.mapping(lists, topLevelKey)
	if err != nil {
		return nil, err
	}
	required := make(map[string][]string, len(members))
	for _, m := range members {
		if !slices.Contains(kinds, m.key.Value) {
			return nil, p.errorf(m.key, "%s: unknown kind %q, want %s", topLevelKey, m.key.Value, strings.Join(kinds, " or "))
		}
		names, err := p.names(m.value, topLevelKey+"."+m.key.Value)
		if err != nil {
			return nil, err
		}
		if len(names) > 0 {
			required[m.key.Value] = names
		}
	}
	return required, nil
}

// document returns the root of the one YAML document in content.
func document(path string, content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: the file is empty, want %s", path, topLevelKey)
	} else if err != nil {
		return nil, syntaxError(path, content, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, fmt.Errorf("%s:%d: a second YAML document, want one", path, second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(path, content, err)
	}
	return first.Content[0], nil
}

var (
	// yamlLine is how the YAML library says where a text stops being YAML. It
	// says nothing about the first line.
	yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

	// yamlStructure matches the problems for which the library counts lines from
	// 0. It counts from 1 for the others.
	yamlStructure = regexp.MustCompile(`^did not find expected (?:key|node content|'-' indicator|',' or '[]}]'|<document start>)`)

	// yamlAlias matches the one problem for which it never names a line.
	yamlAlias = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
)

// syntaxError puts the line where all our errors have it.
func syntaxError(path string, content []byte, err error) error {
	found := yamlLine.FindStringSubmatch(err.Error())
	text := strings.TrimPrefix(err.Error(), found[0])
	line, _ := strconv.Atoi(found[1]) // 0 where there is none
	if yamlStructure.MatchString(text) {
		line++
	}
	if alias := yamlAlias.FindStringSubmatch(text); alias != nil {
		before, _, _ := bytes.Cut(content, []byte("*"+alias[1]))
		line = 1 + bytes.Count(before, []byte("\n"))
	}
	// A text that breaks off does so after its last line.
	lines := bytes.Count(bytes.TrimRight(content, " \r\n"), []byte("\n")) + 1
	return fmt.Errorf("%s:%d: not YAML: %s", path, min(max(line, 1), lines), text)
}

// parser reads nodes and says where one is not as wanted.
type parser struct {
	path string
}

type member struct {
	key, value *yaml.Node
}

// mapping returns the members of a mapping whose keys are distinct strings. What
// names the node in errors.
func (p parser) mapping(n *yaml.Node, what string) ([]member, error) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return nil, p.errorf(n, "%s: want a mapping, got %s", what, describe(n))
	}
	var members []member
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !isString(key) {
			return nil, p.errorf(key, "%s: want a string as key, got %s", what, describe(key))
		}
		if slices.ContainsFunc(members, func(m member) bool { return m.key.Value == key.Value }) {
			return nil, p.errorf(key, "%s: key %q occurs twice", what, key.Value)
		}
		members = append(members, member{key: key, value: n.Content[i+1]})
	}
	return members, nil
}

// names returns a list of adapter names, sorted.
func (p parser) names(n *yaml.Node, what string) ([]string, error) {
	list := resolve(n)
	if list.Kind != yaml.SequenceNode {
		return nil, p.errorf(n, "%s: want a list of adapter names, got %s", what, describe(list))
	}
	if len(list.Content) > maxAdapters {
		return nil, p.errorf(n, "%s: %d adapters, at most %d are allowed", what, len(list.Content), maxAdapters)
	}
	names := make([]string, 0, len(list.Content))
	for i, item := range list.Content {
		value := resolve(item)
		switch {
		case !isString(value):
			return nil, p.errorf(item, "%s[%d]: want an adapter name, got %s", what, i, describe(value))
		case len(validation.IsDNS1123Label(value.Value)) > 0:
			return nil, p.errorf(item, "%s[%d]: %q is not an adapter name: want 1 to 63 lower-case letters, digits and hyphens, a letter or digit first and last",
				what, i, value.Value)
		case slices.Contains(names, value.Value):
			return nil, p.errorf(item, "%s[%d]: %q occurs twice", what, i, value.Value)
		}
		names = append(names, value.Value)
	}
	slices.Sort(names)
	return names, nil
}

func (p parser) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.path, n.Line, fmt.Sprintf(format, args...))
}

// resolve follows an alias to what it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isString(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" }

// describe names a node's type for a person.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return "the string " + strconv.Quote(n.Value)
	default:
		return n.Value + " (in quotes it would be a string)"
	}
}
