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

package plugin

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// selectors are the label and field selectors of a request.
type selectors struct {
	labels labels.Selector
	fields fields.Selector
}

// narrowest returns the narrowest selectors that select every object of the query: those
// of the whole search or, if selectors cannot express it, of the parts of its conjunction
// that they can express.
func narrowest(q query) selectors {
	if s, err := selectorsOf(q, q.filter); err == nil {
		return s
	}
	narrow := selectors{labels.Everything(), fields.Everything()}
	conjunction, ok := tsl.Normalize(q.filter).(*tsl.And)
	if !ok {
		return narrow
	}
	var terms []fields.Selector
	for _, operand := range conjunction.Operands {
		s, err := selectorsOf(q, operand)
		if err != nil {
			continue
		}
		requirements, _ := s.labels.Requirements()
		narrow.labels = narrow.labels.Add(requirements...)
		if !s.fields.Empty() {
			terms = append(terms, s.fields)
		}
	}
	narrow.fields = fields.AndSelectors(terms...)
	return narrow
}

func selectorsOf(q query, filter tsl.Expr) (s selectors, err error) {
	s.labels, s.fields, err = fleet.Selectors(q.collection.schema, filter)
	return s, err
}

// printExplanation prints the selectors of a search. It sends no request.
func (o *searchOptions) printExplanation(q query) error {
	_, err := selectorsOf(q, q.filter)
	_, werr := fmt.Fprint(o.streams.Out, explanation(q, pointed(q.text, err), o.scope()))
	return werr
}

// scope returns the flags of kubectl get for the namespace, if the user gave any.
func (o *searchOptions) scope() string {
	switch {
	case o.allNamespaces:
		return " --all-namespaces"
	case *o.config.Namespace != "":
		return " --namespace " + quoted(*o.config.Namespace)
	}
	return ""
}

// explanation returns the selectors of a query with the equivalent kubectl get command
// and, if selectors cannot express the query, the reason.
func explanation(q query, reason error, scope string) string {
	s := narrowest(q)
	var b strings.Builder
	if reason != nil {
		fmt.Fprintf(&b, "Selectors cannot express this search, %v\n\n", reason)
		if s.labels.Empty() && s.fields.Empty() {
			fmt.Fprintf(&b, "All %s are listed, and searched by the plugin.\n", q.collection.resource)
			return b.String()
		}
		b.WriteString("The selectors narrow the list, and the plugin searches the objects that they select:\n\n")
	}
	fmt.Fprintf(&b, "Label selector:  %s\n", orNone(s.labels.String()))
	fmt.Fprintf(&b, "Field selector:  %s\n\n", orNone(s.fields.String()))
	fmt.Fprintf(&b, "kubectl get %s%s", q.collection.name(), scope)
	if !s.labels.Empty() {
		fmt.Fprintf(&b, " -l %s", quoted(s.labels.String()))
	}
	if !s.fields.Empty() {
		fmt.Fprintf(&b, " --field-selector %s", quoted(s.fields.String()))
	}
	b.WriteString("\n")
	return b.String()
}

func orNone(selector string) string {
	if selector == "" {
		return "<none>"
	}
	return selector
}

// quoted quotes a word for the shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
