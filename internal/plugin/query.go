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
	"errors"
	"fmt"
	"strings"

	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// A query is a search that is valid for its collection.
type query struct {
	collection *collection
	text       string
	filter     tsl.Expr // nil for all objects
	orderBy    []fleet.Order
	limit      int // 0 for all
}

// parseQuery returns a query after all checks that need no API server.
func parseQuery(args []string, orderBy string, limit int) (query, error) {
	q := query{collection: collections[0], limit: limit}
	switch len(args) {
	case 0:
	case 1:
		if c := findCollection(args[0]); c != nil {
			q.collection = c
		} else {
			q.text = args[0]
		}
	case 2:
		q.text = args[1]
		if q.collection = findCollection(args[0]); q.collection == nil {
			return q, fmt.Errorf("cannot search %q, only clusters (hfc), nodepools (hfnp) and adapterstatuses (hfas); write the whole search in double quotes", args[0])
		}
	default:
		return q, fmt.Errorf("got %d arguments; write the whole search in double quotes", len(args))
	}
	if limit < 0 {
		return q, fmt.Errorf("--limit must not be negative, and is %d", limit)
	}
	var err error
	if strings.TrimSpace(q.text) != "" {
		if q.filter, err = tsl.Parse(q.text); err != nil {
			return q, pointed(q.text, err)
		}
	}
	if q.orderBy, err = fleet.ParseOrders(orderBy, ""); err != nil {
		return q, fmt.Errorf("--order-by: %w", err)
	}
	// Check a search even if the limit leaves nothing to search.
	_, err = fleet.New(q.collection.schema).Prepare(q.filter, q.orderBy)
	return q, pointed(q.text, err)
}

// pointed adds the search string to an error about it, with a caret under the faulty
// position.
func pointed(text string, err error) error {
	var syntax *tsl.SyntaxError
	var field *fleet.FieldError
	var selector *fleet.SelectorError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w\n%s", err, caret(text, syntax.Offset))
	case errors.As(err, &field) && field.Offset < 0:
		return fmt.Errorf("--order-by: %w", err)
	case errors.As(err, &field):
		return fmt.Errorf("search: at %s: %w\n%s", tsl.Where(text, field.Offset), err, caret(text, field.Offset))
	case errors.As(err, &selector):
		return fmt.Errorf("at %s: %w\n%s", tsl.Where(text, selector.Offset), err, caret(text, selector.Offset))
	}
	return err
}

// caret returns the line of the string that contains a byte offset, and a line
// with a caret under that character.
func caret(text string, offset int) string {
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text[start:offset])
	return "  " + line + "\n  " + indent + "^"
}
