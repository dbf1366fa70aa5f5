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
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/hyperfleet-io/hyperfleet/api/v1"
	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// collection is a Schema and what random queries on it are made of.
type collection struct {
	schema     Schema
	searchable []string
	orderable  []string
}

var collections = map[string]collection{
	"clusters": {
		schema: Clusters,
		searchable: []string{
			"id", "name", "generation", "created_by", "updated_by", "created_time", "updated_time",
			"labels.a", "labels.b", "labels.example.com/c", "labels.none",
			"status.conditions.Ready", "status.conditions.Available", "status.conditions.None",
		},
		orderable: []string{"id", "name", "created_time", "updated_time", "generation", "created_by", "updated_by"},
	},
	"nodepools": {
		schema:     NodePools,
		searchable: []string{"id", "name", "owner_id", "updated_time", "labels.a", "status.conditions.Ready"},
		orderable:  []string{"id", "name", "created_time", "updated_time", "generation", "created_by", "updated_by"},
	},
	"adapterstatuses": {
		schema:     AdapterStatuses,
		searchable: []string{"adapter", "observed_generation", "created_time", "last_report_time", "conditions.Ready", "conditions.None"},
		orderable:  []string{"adapter", "observed_generation", "created_time", "last_report_time"},
	},
}

// randomRow returns the n-th object in some state. Values are few, so that there
// are ties in every order and matches of every size.
func randomRow(r *rand.Rand, n int) *Row {
	row := &Row{
		ID:              fmt.Sprintf("2%05d-%d", n*7919%100000, r.IntN(8)/7), // now and then a new object of the same name
		Key:             types.NamespacedName{Namespace: "default", Name: strconv.Itoa(n)},
		ResourceVersion: strconv.Itoa(r.Int()),
		Name:            fmt.Sprintf("n%d", n%50),
		Generation:      int64(r.IntN(4)),
		CreatedBy:       pick(r, "", "ann", "bob", "cid"),
		UpdatedBy:       pick(r, "ann", "bob"),
		CreatedTime:     epoch.Add(time.Duration(n/20) * time.Second),
		UpdatedTime:     epoch.Add(time.Duration(r.IntN(100)) * time.Second),
		OwnerID:         pick(r, "", "o1", "o2", "o3", "o"+strconv.Itoa(n)),
	}
	row.Adapter = row.Name
	for _, key := range []string{"a", "b", "example.com/c"} {
		if r.IntN(3) > 0 {
			if row.Labels == nil {
				row.Labels = map[string]string{}
			}
			row.Labels[key] = pick(r, "", "x", "x", "x", "y", "z"+strconv.Itoa(n))
		}
	}
	for _, conditionType := range []string{"Available", "Ready"} {
		if r.IntN(4) > 0 {
			status := pick(r, metav1.ConditionTrue, metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown)
			row.Conditions = append(row.Conditions, v1.ResourceCondition{Type: conditionType, Status: status})
		}
	}
	return row
}

func (c *collection) randomQuery(r *rand.Rand, objects int) Query {
	q := Query{Offset: r.IntN(objects/2 + 1), Limit: r.IntN(30)}
	switch r.IntN(4) {
	case 0:
		q.Offset = 0
	case 1:
		q.Offset = r.IntN(10)
	}
	if r.IntN(10) == 0 {
		q.Limit = objects
	}
	if r.IntN(8) > 0 {
		q.Filter = c.randomExpr(r, objects, 3)
	}
	if r.IntN(4) == 0 {
		q.Owners = pick(r, []string{"o1"}, []string{"o5"}, []string{"none"}, []string{"o1", "o3"}, []string{"none", "o2", "o7"})
	}
	for range r.IntN(4) {
		q.OrderBy = append(q.OrderBy, Order{Field: pick(r, c.orderable...), Descending: r.IntN(2) == 0})
	}
	return q
}

func (c *collection) randomExpr(r *rand.Rand, objects, levels int) tsl.Expr {
	if levels == 0 {
		return c.randomComparison(r, objects)
	}
	operands := func() []tsl.Expr {
		var all []tsl.Expr
		for range 2 + r.IntN(2) {
			all = append(all, c.randomExpr(r, objects, levels-1))
		}
		return all
	}
	switch r.IntN(4) {
	case 0:
		return &tsl.And{Operands: operands()}
	case 1:
		return &tsl.Or{Operands: operands()}
	case 2:
		return &tsl.Not{Operand: c.randomExpr(r, objects, levels-1)}
	default:
		return c.randomComparison(r, objects)
	}
}

func (c *collection) randomComparison(r *rand.Rand, objects int) tsl.Expr {
	path := pick(r, c.searchable...)
	leaf := &tsl.Comparison{
		Field: tsl.Field{Path: path},
		Op:    pick(r, tsl.Equal, tsl.NotEqual, tsl.In, tsl.NotIn),
	}
	values := 1
	if leaf.Op == tsl.In || leaf.Op == tsl.NotIn {
		values += r.IntN(4)
	}
	for range values {
		leaf.Values = append(leaf.Values, randomValue(r, path, objects))
	}
	return leaf
}

func randomValue(r *rand.Rand, path string, objects int) tsl.Value {
	text := func(s string) tsl.Value { return tsl.Value{Kind: tsl.String, Text: s} }
	row := randomRow(r, r.IntN(objects))
	value, ok := naiveValue(path, row)
	if !ok {
		if strings.Contains(path, "conditions.") {
			return text("True")
		}
		return text("x")
	}
	switch value := value.(type) {
	case int64:
		if r.IntN(2) == 0 {
			return text(strconv.FormatInt(value, 10))
		}
		return tsl.Value{Kind: tsl.Number, Text: strconv.FormatInt(value, 10), Number: value}
	case time.Time:
		return text(value.In(time.FixedZone("", 3600)).Format(time.RFC3339))
	default:
		return text(value.(string))
	}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
