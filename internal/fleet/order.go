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
	"cmp"
	"fmt"
	"strings"
)

// Order is one field of an order.
type Order struct {
	Field      string
	Descending bool
}

// ParseOrders parses the fields of an order, the most significant first, such as
// "name asc,created_time desc". direction is asc or desc and applies to a field that has
// no direction; "" means asc. ParseOrders accepts any field name: Index.Prepare checks
// the names. An empty string is no order.
func ParseOrders(s, direction string) ([]Order, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var orders []Order
	for part := range strings.SplitSeq(s, ",") {
		words := strings.Fields(part)
		if len(words) == 1 {
			words = append(words, cmp.Or(direction, "asc"))
		}
		if len(words) != 2 || words[1] != "asc" && words[1] != "desc" {
			return nil, fmt.Errorf("%q is not a field with an optional asc or desc", strings.TrimSpace(part))
		}
		orders = append(orders, Order{Field: words[0], Descending: words[1] == "desc"})
	}
	return orders, nil
}

// ordering is a total order of rows. Its last key is unique to each row, so pages neither
// skip nor repeat a row.
type ordering []orderKey

type orderKey struct {
	field      *field
	descending bool
}

func (o ordering) compare(a, b *Row) int {
	for _, key := range o {
		if c := key.field.compare(a, b); c != 0 {
			if key.descending {
				return -c
			}
			return c
		}
	}
	return 0
}

// single reports whether the view of the first field has the complete order, in one
// direction or the other.
func (o ordering) single() bool {
	first, ties := o[0], o[1:]
	if first.field.tie != nil && len(ties) > 0 && ties[0] == (orderKey{first.field.tie, first.descending}) {
		ties = ties[1:]
	} else if first.field.tie != nil {
		return false
	}
	return len(ties) == 0 || len(ties) == 1 && ties[0] == (orderKey{id, first.descending})
}

// descending reports whether the order begins with a descending field.
func (o ordering) descending() bool { return o[0].descending }

// forward returns the order or its reverse, whichever begins with an ascending field.
func (o ordering) forward() ordering {
	if !o.descending() {
		return o
	}
	forward := make(ordering, len(o))
	for i, k := range o {
		forward[i] = orderKey{k.field, !k.descending}
	}
	return forward
}

// key identifies the order. An order and its reverse have the same key.
func (o ordering) key() string {
	var b strings.Builder
	for _, k := range o.forward() {
		b.WriteString(k.field.name)
		if k.descending {
			b.WriteByte('-')
		}
		b.WriteByte(' ')
	}
	return b.String()
}
