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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hyperfleet-io/hyperfleet/internal/tsl"
)

// truth is a value of SQL's three-valued logic.
type truth int

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

// naiveList answers a query by going over all rows: the definition that an Index
// is held to. It shares no code with it.
func naiveList(rows []*Row, q Query) Page {
	var matching []*Row
	for _, row := range rows {
		if len(q.Owners) > 0 && !slices.Contains(q.Owners, row.OwnerID) {
			continue
		}
		if q.Filter == nil || naiveTruth(q.Filter, row) == isTrue {
			matching = append(matching, row)
		}
	}
	orders := q.OrderBy
	if len(orders) == 0 {
		orders = []Order{{Field: "created_time", Descending: true}}
	}
	slices.SortFunc(matching, func(a, b *Row) int {
		for _, order := range orders {
			if c := naiveCompare(order.Field, a, b); c != 0 {
				return directed(c, order.Descending)
			}
		}
		return directed(strings.Compare(a.ID, b.ID), orders[len(orders)-1].Descending)
	})
	page := Page{Total: len(matching)}
	for i := q.Offset; i < len(matching) && i < q.Offset+q.Limit; i++ {
		page.Rows = append(page.Rows, matching[i])
	}
	return page
}

func directed(c int, descending bool) int {
	if descending {
		return -c
	}
	return c
}

func naiveCompare(field string, a, b *Row) int {
	switch field {
	case "id":
		return cmp.Compare(a.ID, b.ID)
	case "name", "adapter":
		return cmp.Compare(a.Name, b.Name)
	case "generation", "observed_generation":
		return cmp.Compare(a.Generation, b.Generation)
	case "created_by":
		return cmp.Compare(a.CreatedBy, b.CreatedBy)
	case "updated_by":
		return cmp.Compare(a.UpdatedBy, b.UpdatedBy)
	case "created_time":
		return cmp.Compare(a.CreatedTime.UnixNano(), b.CreatedTime.UnixNano())
	case "updated_time", "last_report_time":
		return cmp.Compare(a.UpdatedTime.UnixNano(), b.UpdatedTime.UnixNano())
	}
	panic(field)
}

func naiveTruth(e tsl.Expr, row *Row) truth {
	switch e := e.(type) {
	case *tsl.And:
		worst := isTrue
		for _, operand := range e.Operands {
			worst = min(worst, naiveTruth(operand, row))
		}
		return worst
	case *tsl.Or:
		best := isFalse
		for _, operand := range e.Operands {
			best = max(best, naiveTruth(operand, row))
		}
		return best
	case *tsl.Not:
		return isTrue - naiveTruth(e.Operand, row)
	case *tsl.Comparison:
		value, ok := naiveValue(e.Field.Path, row)
		if !ok {
			return isUnknown
		}
		found := isFalse
		for _, v := range e.Values {
			if naiveEqual(value, v) {
				found = isTrue
			}
		}
		if e.Op == tsl.NotEqual || e.Op == tsl.NotIn {
			return isTrue - found
		}
		return found
	}
	panic(e)
}

func naiveEqual(value any, literal tsl.Value) bool {
	switch value := value.(type) {
	case string:
		return value == literal.Text
	case int64:
		n, err := strconv.ParseInt(literal.Text, 10, 64)
		return err == nil && value == n
	case time.Time:
		t, err := time.Parse(time.RFC3339, literal.Text)
		return err == nil && value.Equal(t)
	}
	panic(value)
}

func naiveValue(path string, row *Row) (value any, ok bool) {
	if key, found := strings.CutPrefix(path, "labels."); found {
		value, ok = row.Labels[key]
		return value, ok
	}
	if _, conditionType, found := strings.Cut(path, "conditions."); found {
		for _, c := range row.Conditions {
			if c.Type == conditionType {
				return string(c.Status), true
			}
		}
		return nil, false
	}
	text := func(s string) (any, bool) { return s, s != "" }
	switch path {
	case "id":
		return row.ID, true
	case "name", "adapter":
		return row.Name, true
	case "generation", "observed_generation":
		return row.Generation, true
	case "created_by":
		return text(row.CreatedBy)
	case "updated_by":
		return text(row.UpdatedBy)
	case "owner_id":
		return text(row.OwnerID)
	case "created_time":
		return row.CreatedTime, true
	case "updated_time", "last_report_time":
		return row.UpdatedTime, true
	}
	panic(path)
}
