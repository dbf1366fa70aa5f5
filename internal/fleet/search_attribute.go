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

// attribute is where a text stands: in a field of a Row, or in a label.
type attribute struct {
	// column holds the posting lists of its values, nil for the id.
	column func(*Index) *column
	// present returns the rows that have it, nil for those in the column.
	present finder
	// view is the field whose view orders rows by it, nil where there is none.
	view *field
	// text returns the value of a row, false where it has none.
	text func(*Row) (string, bool)
}

func (a attribute) compile(c *tsl.Comparison) (node, error) {
	if a.present == nil {
		a.present = func(x *Index) *roaring.Bitmap { return a.column(x).any() }
	}
	if isPresence(c.Op) {
		return presence(c.Op, a.present, func(r *Row) bool { _, ok := a.text(r); return ok }), nil
	}
	values, err := texts(c)
	if err != nil {
		return nil, err
	}
	test, err := textTest(c)
	if err != nil {
		return nil, err
	}
	row := func(r *Row) bool { text, ok := a.text(r); return ok && test(text) }
	if isEquality(c.Op) {
		in := byID()
		if a.column != nil {
			in = inColumn(a.column)
		}
		return match{in.find(c.Op, values), row}, nil
	}
	l := &leaf{
		column:  a.column,
		value:   test,
		present: a.present,
		row:     row,
		cost:    costField,
	}
	if a.view != nil {
		l.span = a.span(c.Op, values)
	}
	if isPattern(c.Op) {
		l.cost = costPattern
	}
	return l, nil
}

// span returns the part of the view that a comparison asks for, nil where that
// is not in one piece.
func (a attribute) span(op tsl.Op, values []string) *span {
	compare := func(r *Row, text string) int { return strings.Compare(a.view.text(r), text) }
	if !isPattern(op) {
		return spanOf(a.view, op, values, compare)
	}
	prefix, ok := likePrefix(values[0])
	if !ok || op != tsl.Like && op != tsl.NotLike {
		return nil
	}
	return &span{
		field:  a.view,
		before: func(r *Row) bool { return compare(r, prefix) < 0 },
		within: func(r *Row) bool { return compare(r, prefix) < 0 || strings.HasPrefix(a.view.text(r), prefix) },
		negate: op == tsl.NotLike,
	}
}
