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
	"strconv"
	"strings"
	"time"
)

// Schema says which fields the objects of a collection can be searched and
// ordered by.
type Schema struct {
	fields []*field
	// labels tells whether labels.<key> can be searched by.
	labels bool
	// conditions is what stands before a condition's type.
	conditions string
	// defaultOrder is the field that a list without an order is ordered by,
	// descending.
	defaultOrder *field
}

// The collections of the REST API.
var (
	// Clusters is the Schema of Cluster rows.
	Clusters = Schema{
		fields:       []*field{id, name, generation, createdBy, updatedBy, createdTime, updatedTime},
		labels:       true,
		conditions:   "status.conditions.",
		defaultOrder: createdTime,
	}

	// NodePools is the Schema of NodePool rows.
	NodePools = Schema{
		fields:       []*field{id, name, generation, createdBy, updatedBy, createdTime, updatedTime, ownerID},
		labels:       true,
		conditions:   "status.conditions.",
		defaultOrder: createdTime,
	}

	// AdapterStatuses is the Schema of AdapterStatus rows.
	AdapterStatuses = Schema{
		fields:       []*field{adapter, observedGeneration, createdTime, lastReportTime},
		conditions:   "conditions.",
		defaultOrder: createdTime,
	}
)

// field is a scalar field of a Row as searches and orders name it.
type field struct {
	name string
	kind kind
	// text returns the value as a posting list names it, "" where the row has
	// none. A time field has no posting list: its order answers searches.
	text func(*Row) string
	// time returns the value of a time field.
	time func(*Row) time.Time
	// compare orders rows, nil where the field is not to order by.
	compare func(a, b *Row) int
}

// kind says which literals a field is compared with.
type kind int

const (
	textKind kind = iota
	integerKind
	timeKind
)

var (
	id   = textField("id", func(r *Row) string { return r.ID })
	name = textField("name", func(r *Row) string { return r.Name })

	createdBy = textField("created_by", func(r *Row) string { return r.CreatedBy })
	updatedBy = textField("updated_by", func(r *Row) string { return r.UpdatedBy })
	adapter   = textField("adapter", func(r *Row) string { return r.Adapter })

	ownerID = &field{name: "owner_id", text: func(r *Row) string { return r.OwnerID }}

	generation         = generationField("generation")
	observedGeneration = generationField("observed_generation")

	createdTime    = timeField("created_time", func(r *Row) time.Time { return r.CreatedTime })
	updatedTime    = timeField("updated_time", func(r *Row) time.Time { return r.UpdatedTime })
	lastReportTime = timeField("last_report_time", func(r *Row) time.Time { return r.UpdatedTime })
)

func textField(name string, text func(*Row) string) *field {
	return &field{
		name:    name,
		text:    text,
		compare: func(a, b *Row) int { return strings.Compare(text(a), text(b)) },
	}
}

func generationField(name string) *field {
	return &field{
		name:    name,
		kind:    integerKind,
		text:    func(r *Row) string { return strconv.FormatInt(r.Generation, 10) },
		compare: func(a, b *Row) int { return cmp.Compare(a.Generation, b.Generation) },
	}
}

func timeField(name string, of func(*Row) time.Time) *field {
	return &field{
		name:    name,
		kind:    timeKind,
		time:    of,
		compare: func(a, b *Row) int { return of(a).Compare(of(b)) },
	}
}

// FieldError says that a query asks for what the Schema of the collection does
// not allow.
type FieldError struct {
	// Field is the field as the query names it.
	Field string
	// Offset is where in the search text the fault is, in bytes, and -1 where it
	// is in the order.
	Offset int
	// Message says what is wrong and what is allowed, in terms of the user.
	Message string
}

// Error returns the field and the message.
func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

func (s *Schema) field(name string) *field {
	for _, f := range s.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// ordering returns what the rows of a list are ordered by: the fields of orders
// and, where id is not among them, id in the direction of the last of them.
func (s *Schema) ordering(orders []Order) (ordering, error) {
	if len(orders) == 0 {
		orders = []Order{{Field: s.defaultOrder.name, Descending: true}}
	}
	var o ordering
	for _, order := range orders {
		f := s.field(order.Field)
		if f == nil || f.compare == nil {
			return nil, &FieldError{Field: order.Field, Offset: -1, Message: "not a field to order by; these are: " + s.orderable()}
		}
		o = append(o, orderKey{field: f, descending: order.Descending})
		if f == id {
			return o, nil // what follows a unique field decides nothing
		}
	}
	return append(o, orderKey{field: id, descending: o[len(o)-1].descending}), nil
}

func (s *Schema) orderable() string {
	var names []string
	for _, f := range s.fields {
		if f.compare != nil {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

func (s *Schema) searchable() string {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.name)
	}
	if s.labels {
		names = append(names, labelPrefix+"<key>")
	}
	return fmt.Sprintf("%s, %s<Type>", strings.Join(names, ", "), s.conditions)
}

// labelPrefix is what stands before a label's key.
const labelPrefix = "labels."
