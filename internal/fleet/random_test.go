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

// collection is a Schema and the fields of random queries on it.
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
			"status.conditions.Ready", "status.conditions.Available", "status.conditions.None", "status.conditions.Ready.status",
			"status.conditions.Ready.reason", "status.conditions.Ready.message", "status.conditions.Ready.observed_generation",
			"status.conditions.Ready.created_time", "status.conditions.Ready.last_updated_time", "status.conditions.Available.last_transition_time",
			"status.conditions.None.reason", "deleted_time", "deleted_by",
			"spec.one", "spec.two", "spec.'a.b'", "spec.deep.one", "spec.deep.two", "spec.none", "spec.deep",
		},
		orderable: []string{"id", "name", "created_time", "updated_time", "generation", "created_by", "updated_by", "deleted_time", "deleted_by"},
	},
	"nodepools": {
		schema:     NodePools,
		searchable: []string{"id", "name", "owner_id", "updated_time", "labels.a", "status.conditions.Ready", "spec.clusterName", "spec.one"},
		orderable:  []string{"id", "name", "created_time", "updated_time", "generation", "created_by", "updated_by", "deleted_time", "deleted_by"},
	},
	"adapterstatuses": {
		schema:     AdapterStatuses,
		searchable: []string{"adapter", "observed_generation", "created_time", "last_report_time", "conditions.Ready", "conditions.Health", "conditions.None", "conditions.Ready.reason", "conditions.Ready.last_transition_time", "data.one", "metadata.two"},
		orderable:  []string{"adapter", "observed_generation", "created_time", "last_report_time"},
	},
}

// randomRow returns a random state of the n-th object. There are few values, so every order
// has ties and searches match few rows or many.
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
		Sequence:        uint64(pick(r, 0, 1, 2, 3*(n%7))),
		UpdatedTime:     epoch.Add(time.Duration(r.IntN(100)) * time.Second),
		OwnerID:         pick(r, "", "o1", "o2", "o3", "o"+strconv.Itoa(n)),
	}
	if r.IntN(4) == 0 {
		row.DeletedTime = epoch.Add(time.Duration(r.IntN(20)) * time.Second)
		row.DeletedBy = pick(r, "", "ann", "bob")
	}
	object := fmt.Sprintf(`{"one":%s,"x\"}":[{"one":1},"]"],"two":%s,"a.b":%s,"deep":{"":0,"two":%s,"\u006fne":%s}}`,
		randomJSON(r), randomJSON(r), randomJSON(r), randomJSON(r), randomJSON(r))
	row.JSON = fmt.Appendf(nil, `{"id":%q,"labels":{"spec":"}{"},"spec":%s,"data":%s,"metadata":%s}`, row.ID, object, object, object)
	labels := map[string]string{}
	for _, key := range []string{"a", "b", "example.com/c"} {
		if r.IntN(3) > 0 {
			labels[key] = pick(r, "", "x", "x", "x", "y", "z"+strconv.Itoa(n))
		}
	}
	row.Labels = LabelsOf(labels)
	var conditions []v1.ResourceCondition
	for _, conditionType := range []string{"Available", "Health", "Ready"} {
		if r.IntN(4) > 0 {
			status := pick(r, metav1.ConditionTrue, metav1.ConditionTrue, metav1.ConditionFalse)
			if conditionType == "Health" { // only reports have it
				status = pick(r, metav1.ConditionTrue, metav1.ConditionUnknown)
			}
			conditions = append(conditions, v1.ResourceCondition{
				Type: conditionType, Status: status,
				Reason:             pick(r, "", "Fine", "Awaiting"),
				Message:            pick(r, "", "x y", "éa%_\\", "Line\nbreak"),
				ObservedGeneration: int64(r.IntN(3)),
				LastUpdatedTime:    v1.NewTimestamp(row.UpdatedTime),
				LastTransitionTime: v1.NewTimestamp(row.CreatedTime),
			})
		}
	}
	row.Conditions = ConditionsOf(conditions)
	return row
}

func randomJSON(r *rand.Rand) string {
	return pick(r, "null", "true", "false", "1", "2", "-3", "1.5", "2e0", "1000", `""`, `"x"`, `"x y"`, `"\u00e9a%_\\"`, `"1"`,
		`"2026-01-01T00:00:05Z"`, `"2026-01-01"`, `{}`, `[]`, `{"one":1}`, `[1,"x"]`)
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
	if r.IntN(4) == 0 { // after the position of a row that exists, existed or may come
		q.OrderBy = pick(r, nil, []Order{{Field: "created_time"}}, []Order{{Field: "created_time", Descending: true}})
		q.After = new(randomRow(r, r.IntN(objects)).Position())
		q.Offset = pick(r, 0, q.Offset)
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
	leaf := &tsl.Comparison{Field: tsl.Field{Path: path}}
	values := randomValues(r, path, objects)
	ops := []tsl.Op{tsl.Equal, tsl.NotEqual, tsl.In, tsl.NotIn, tsl.IsNull, tsl.IsNotNull}
	_, ofCondition, isCondition := strings.Cut(path, "conditions.")
	isStatus := isCondition && (!strings.Contains(ofCondition, ".") || strings.HasSuffix(path, ".status"))
	kind := values[0].Kind
	if !isStatus && kind != tsl.BoolValue {
		ops = append(ops, tsl.Less, tsl.LessOrEqual, tsl.Greater, tsl.GreaterOrEqual, tsl.Between, tsl.NotBetween)
	}
	_, isTextField := naiveStrings[path]
	if isTextField || kind == tsl.StringValue && !isStatus && strings.Contains(path, "spec.") {
		ops = append(ops, tsl.Like, tsl.NotLike, tsl.ILike, tsl.NotILike, tsl.Match, tsl.NotMatch)
	}
	leaf.Op = pick(r, ops...)
	switch leaf.Op {
	case tsl.IsNull, tsl.IsNotNull:
	case tsl.In, tsl.NotIn:
		leaf.Values = values[:1+r.IntN(len(values))]
	case tsl.Between, tsl.NotBetween:
		leaf.Values = values[:2]
	case tsl.Like, tsl.NotLike, tsl.ILike, tsl.NotILike:
		leaf.Values = []tsl.Value{text(pick(r, "%", "x%", "%x", "%n%", "n1_", "_", "", "n_%1", "F%e", `%\%\_%`, "%É%", "a__", "2%", "2%-0", `\x`, values[0].Text+"%", "%\n%"))}
	case tsl.Match, tsl.NotMatch:
		leaf.Values = []tsl.Value{text(pick(r, "", "x", "^n1", "5$", "^(x|y)$", "[a-m]", "(?i)FINE", "^$"))}
	default:
		leaf.Values = values[:1]
	}
	return leaf
}

// naiveStrings are the fields, except free-form ones, that can be compared with patterns.
var naiveStrings = map[string]bool{
	"id": true, "name": true, "created_by": true, "updated_by": true, "deleted_by": true, "owner_id": true, "adapter": true, "spec.clusterName": true,
	"labels.a": true, "labels.b": true, "labels.example.com/c": true, "labels.none": true,
	"status.conditions.Ready.reason": true, "status.conditions.Ready.message": true, "status.conditions.None.reason": true,
	"conditions.Ready.reason": true,
}

// randomValues returns four values of one kind to compare a field with. Most of them occur in
// some row.
func randomValues(r *rand.Rand, path string, objects int) []tsl.Value {
	var values []tsl.Value
	freeForm := strings.HasPrefix(path, "spec.") && path != "spec.clusterName" || strings.HasPrefix(path, "data.") || strings.HasPrefix(path, "metadata.")
	for range 1000 {
		value := randomValue(r, path, objects, freeForm)
		if len(values) == 0 || value.Kind == values[0].Kind || !freeForm {
			values = append(values, value)
		}
		if len(values) == 4 {
			return values
		}
	}
	panic(path)
}

func text(s string) tsl.Value { return tsl.Value{Kind: tsl.StringValue, Text: s} }

func number(s string) tsl.Value {
	n, ok := tsl.ParseNumber(s)
	if !ok {
		panic(s)
	}
	return tsl.Value{Kind: tsl.NumberValue, Text: s, Number: n}
}

func randomValue(r *rand.Rand, path string, objects int, freeForm bool) tsl.Value {
	value, ok := naiveValue(path, randomRow(r, r.IntN(objects)))
	switch value := value.(type) {
	case int64:
		if r.IntN(2) == 0 {
			return text(strconv.FormatInt(value, 10))
		}
		return number(strconv.FormatInt(value, 10))
	case float64:
		return number(strconv.FormatFloat(value, 'g', -1, 64))
	case bool:
		return tsl.Value{Kind: tsl.BoolValue, Text: strconv.FormatBool(value)}
	case time.Time:
		if r.IntN(2) == 0 {
			return tsl.Value{Kind: tsl.TimeValue, Text: value.Format(time.RFC3339)}
		}
		return text(value.In(time.FixedZone("", 3600)).Format(time.RFC3339))
	case string:
		if freeForm && strings.HasPrefix(value, "2026") && r.IntN(3) > 0 {
			return tsl.Value{Kind: tsl.TimeValue, Text: value}
		}
		return text(value)
	}
	switch { // absent or not comparable
	case freeForm:
		return pick(r, text("x"), number("1"), tsl.Value{Kind: tsl.BoolValue, Text: "true"}, tsl.Value{Kind: tsl.TimeValue, Text: "2026-01-01"})
	case strings.HasSuffix(path, "_time"):
		return text("2026-01-01")
	case strings.HasSuffix(path, "_generation"):
		return number("1")
	case strings.Contains(path, "conditions.") && !naiveStrings[path]:
		return text("True")
	default:
		return text(map[bool]string{true: "x", false: ""}[ok || r.IntN(2) == 0])
	}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
