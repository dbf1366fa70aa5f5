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
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Schema defines the fields by which the objects of a collection can be searched and
// ordered.
type Schema struct {
	fields []*field
	// labels is true if searches can use labels.<key>.
	labels bool
	// conditions is the prefix of a condition's type in searches.
	conditions string
	// conditionTypes are the types that a condition can have.
	conditionTypes conditionTypes
	// conditionStatuses are the statuses that a condition can have.
	conditionStatuses []string
	// conditionFields are the searchable fields of a condition.
	conditionFields []string
	// freeForm are the free-form objects in a row's JSON; searches can use paths into
	// them.
	freeForm []string
	// selectors are the API server's field selectors, by the field with the same values.
	selectors map[*field]string
	// defaultOrder is the field that orders a list, descending, if the request names no
	// order.
	defaultOrder *field
}

// The collections of the REST API.
var (
	// Clusters is the Schema of Cluster rows.
	Clusters = Schema{
		fields:            []*field{id, name, generation, createdBy, updatedBy, createdTime, updatedTime, deletedTime, deletedBy},
		labels:            true,
		conditions:        "status.conditions.",
		conditionTypes:    resourceConditionTypes,
		conditionStatuses: resourceConditionStatuses,
		conditionFields:   resourceConditionFields,
		freeForm:          []string{"spec"},
		selectors:         map[*field]string{id: "status.id", name: "metadata.name"},
		defaultOrder:      createdTime,
	}

	// NodePools is the Schema of NodePool rows.
	NodePools = Schema{
		fields:            []*field{id, name, generation, createdBy, updatedBy, createdTime, updatedTime, deletedTime, deletedBy, ownerID, clusterName},
		labels:            true,
		conditions:        "status.conditions.",
		conditionTypes:    resourceConditionTypes,
		conditionStatuses: resourceConditionStatuses,
		conditionFields:   resourceConditionFields,
		freeForm:          []string{"spec"},
		selectors:         map[*field]string{id: "status.id", clusterName: "spec.clusterName"},
		defaultOrder:      createdTime,
	}

	// AdapterStatuses is the Schema of AdapterStatus rows.
	AdapterStatuses = Schema{
		fields:            []*field{adapter, observedGeneration, createdTime, lastReportTime},
		conditions:        "conditions.",
		conditionTypes:    reportConditionTypes,
		conditionStatuses: reportConditionStatuses,
		conditionFields:   []string{"status", "reason", "message", "last_transition_time"},
		freeForm:          []string{"data", "metadata"},
		selectors:         map[*field]string{adapter: "spec.adapter"},
		defaultOrder:      createdTime,
	}
)

// conditionTypes are the types that conditions of a collection can have.
type conditionTypes struct {
	pattern *regexp.Regexp
	// rule says in words what the pattern matches.
	rule string
}

// resourceConditionTypes are the types that aggregation and condition rules produce. The
// type of an adapter's condition begins with the adapter's name in PascalCase, and the
// first character of that name may be a digit. If the names of two adapters lead to the
// same type, the type of one of them ends in _ and the adapter's name.
var resourceConditionTypes = conditionTypes{
	pattern: regexp.MustCompile("^[A-Z0-9][A-Za-z0-9]*(_[a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"),
	rule:    "types are written in PascalCase, such as Ready, and may end in _ and the name of an adapter",
}

// reportConditionTypes are the types that an adapter may choose.
var reportConditionTypes = conditionTypes{
	pattern: regexp.MustCompile("(?s)^.{1,316}$"),
	rule:    "types have 1 to 316 characters",
}

var resourceConditionFields = []string{"status", "reason", "message", "observed_generation", "created_time", "last_updated_time", "last_transition_time"}

// The statuses of conditions. An aggregated condition is never Unknown.
var (
	resourceConditionStatuses = []string{string(metav1.ConditionTrue), string(metav1.ConditionFalse)}
	reportConditionStatuses   = append(slices.Clone(resourceConditionStatuses), string(metav1.ConditionUnknown))
)

// labelPrefix is the prefix of a label's key in searches.
const labelPrefix = "labels."

// FieldError reports a query that the Schema of the collection does not allow.
type FieldError struct {
	// Field is the field's name in the query.
	Field string
	// Offset is the position of the fault in the search string, in bytes. It is -1 if
	// the fault is in the order.
	Offset int
	// Message tells the user what is wrong and what is allowed.
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

// conditionDepth is the number of elements of a field before a condition's type.
func (s *Schema) conditionDepth() int { return strings.Count(s.conditions, ".") }

func (s *Schema) isCondition(elements []string) bool {
	depth := s.conditionDepth()
	return len(elements) > depth && strings.Join(elements[:depth], ".")+"." == s.conditions && elements[depth] != ""
}

// ordering returns the complete order of a list: the fields of orders and then, unless id
// is among them, the tie of the last field, if any, and id, in the direction of the last
// field.
func (s *Schema) ordering(orders []Order) (ordering, error) {
	if len(orders) == 0 {
		return s.defaultOrder.ordering(true), nil
	}
	o := make(ordering, 0, len(orders)+2)
	for i, order := range orders {
		f := s.field(order.Field)
		if f == nil || f.compare == nil {
			return nil, &FieldError{Field: order.Field, Offset: -1, Message: "not a field to order by; these are: " + s.orderable()}
		}
		if f == id || i == len(orders)-1 {
			return append(o, f.ordering(order.Descending)...), nil // id is unique: no later field decides
		}
		o = append(o, orderKey{field: f, descending: order.Descending})
	}
	return o, nil
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
