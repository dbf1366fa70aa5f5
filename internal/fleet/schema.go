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
	// conditionFields are the fields of a condition that can be searched by.
	conditionFields []string
	// freeForm are the free-form objects in a row's JSON that can be searched by a
	// path into them.
	freeForm []string
	// selectors are the field selectors of the API server, by the field that has
	// the same values.
	selectors map[*field]string
	// defaultOrder is the field that a list without an order is ordered by,
	// descending.
	defaultOrder *field
}

// The collections of the REST API.
var (
	// Clusters is the Schema of Cluster rows.
	Clusters = Schema{
		fields:          []*field{id, name, generation, createdBy, updatedBy, createdTime, updatedTime, deletedTime},
		labels:          true,
		conditions:      "status.conditions.",
		conditionFields: resourceConditionFields,
		freeForm:        []string{"spec"},
		selectors:       map[*field]string{id: "status.id", name: "metadata.name"},
		defaultOrder:    createdTime,
	}

	// NodePools is the Schema of NodePool rows.
	NodePools = Schema{
		fields:          []*field{id, name, generation, createdBy, updatedBy, createdTime, updatedTime, deletedTime, ownerID, clusterName},
		labels:          true,
		conditions:      "status.conditions.",
		conditionFields: resourceConditionFields,
		freeForm:        []string{"spec"},
		selectors:       map[*field]string{id: "status.id", clusterName: "spec.clusterName"},
		defaultOrder:    createdTime,
	}

	// AdapterStatuses is the Schema of AdapterStatus rows.
	AdapterStatuses = Schema{
		fields:          []*field{adapter, observedGeneration, createdTime, lastReportTime},
		conditions:      "conditions.",
		conditionFields: []string{"status", "reason", "message", "last_transition_time"},
		freeForm:        []string{"data", "metadata"},
		selectors:       map[*field]string{adapter: "spec.adapter"},
		defaultOrder:    createdTime,
	}
)

var resourceConditionFields = []string{"status", "reason", "message", "observed_generation", "created_time", "last_updated_time", "last_transition_time"}

// field is a scalar field of a Row as searches and orders name it.
type field struct {
	name string
	kind kind
	// text returns the value as a posting list names it, "" where the row has
	// none. A time field to order by has no posting list: its order answers
	// searches.
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
	adapter   = textField("adapter", func(r *Row) string { return r.Name })

	ownerID = &field{name: "owner_id", text: func(r *Row) string { return r.OwnerID }}

	// clusterName is not shown by REST. It is the part of a NodePool's metadata.name
	// before the dot, and spares users the way to the owner's id.
	clusterName = &field{name: "spec.clusterName", text: func(r *Row) string {
		cluster, _, _ := strings.Cut(r.Key.Name, ".")
		return cluster
	}}

	generation         = generationField("generation")
	observedGeneration = generationField("observed_generation")

	createdTime    = timeField("created_time", func(r *Row) time.Time { return r.CreatedTime })
	updatedTime    = timeField("updated_time", func(r *Row) time.Time { return r.UpdatedTime })
	lastReportTime = timeField("last_report_time", func(r *Row) time.Time { return r.UpdatedTime })

	deletedTime = &field{
		name: "deleted_time",
		kind: timeKind,
		text: func(r *Row) string {
			if r.DeletedTime.IsZero() {
				return ""
			}
			return r.DeletedTime.Format(time.RFC3339Nano)
		},
		time: func(r *Row) time.Time { return r.DeletedTime },
	}
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
	names = append(names, s.conditions+"<Type>", fmt.Sprintf("%s<Type>.<%s>", s.conditions, strings.Join(s.conditionFields, "|")))
	for _, object := range s.freeForm {
		names = append(names, object+".<path>")
	}
	return strings.Join(names, ", ")
}

// labelPrefix is what stands before a label's key.
const labelPrefix = "labels."
