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

package fleet

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// stringValue describes how a search finds a string: in a field of a Row, or in a label.
type stringValue struct {
	// column holds the posting lists of the values, nil for the id.
	column func(*table) *column
	// present finds the rows that have a value; nil means the rows in the column.
	present finder
	// view is the field whose view is in the order of the values, nil if there is none.
	view *field
	// get returns the value of a row, false if it has none.
	get func(*Row) (string, bool)
}

func (v stringValue) compile(c *tsl.Comparison) (node, error) {
	if v.present == nil {
		v.present = func(x *table) *roaring.Bitmap { return v.column(x).present() }
	}
	if isPresence(c.Op) {
		return presence(c.Op, v.present, func(r *Row) bool { _, ok := v.get(r); return ok }), nil
	}
	values, err := stringLiterals(c)
	if err != nil {
		return nil, err
	}
	matches, err := stringPredicate(c)
	if err != nil {
		return nil, err
	}
	predicate := func(r *Row) bool { value, ok := v.get(r); return ok && matches(value) }
	if isEquality(c.Op) {
		equality := byID()
		if v.column != nil {
			equality = inColumn(v.column)
		}
		return match{equality.rows(c.Op, values), predicate}, nil
	}
	l := &leaf{
		column:    v.column,
		value:     matches,
		present:   v.present,
		predicate: predicate,
		cost:      costField,
	}
	if v.view != nil {
		l.span = v.span(c.Op, values)
	}
	if isPattern(c.Op) {
		l.cost = costPattern
	}
	return l, nil
}

// span returns the part of the view for whose rows a comparison is true, nil if that part
// is not contiguous.
func (v stringValue) span(op tsl.Op, values []string) *span {
	compare := func(r *Row, value string) int { return strings.Compare(v.view.key(r), value) }
	if !isPattern(op) {
		return newSpan(v.view, op, values, compare)
	}
	prefix, ok := likePrefix(values[0])
	if !ok || op != tsl.Like && op != tsl.NotLike {
		return nil
	}
	return &span{
		field:  v.view,
		before: func(r *Row) bool { return compare(r, prefix) < 0 },
		within: func(r *Row) bool { return compare(r, prefix) < 0 || strings.HasPrefix(v.view.key(r), prefix) },
		negate: op == tsl.NotLike,
	}
}
