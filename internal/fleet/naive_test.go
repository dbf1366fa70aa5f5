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
	"encoding/json"
	"math/big"
	"regexp"
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

// naiveList answers a query by a scan of all rows. It defines what an Index must return, and
// shares no code with it.
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
		last := orders[len(orders)-1]
		if last.Field == "created_time" && a.Sequence != b.Sequence {
			return directed(cmp.Compare(a.Sequence, b.Sequence), last.Descending)
		}
		return directed(strings.Compare(a.ID, b.ID), last.Descending)
	})
	page := Page{Total: len(matching)}
	if q.After != nil {
		matching = slices.DeleteFunc(matching, func(row *Row) bool {
			c := cmp.Or(row.CreatedTime.Compare(q.After.CreatedTime), cmp.Compare(row.Sequence, q.After.Sequence), strings.Compare(row.ID, q.After.ID))
			return directed(c, orders[0].Descending) <= 0
		})
	}
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
	case "deleted_by":
		return cmp.Compare(a.DeletedBy, b.DeletedBy)
	case "deleted_time":
		return a.DeletedTime.Compare(b.DeletedTime)
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
		return naiveComparison(e, row)
	}
	panic(e)
}

// naiveComparison defines the positive operators. The others are their negations.
func naiveComparison(e *tsl.Comparison, row *Row) truth {
	value, ok := naiveValue(e.Field.Path, row)
	positive := map[tsl.Op]tsl.Op{
		tsl.NotEqual: tsl.Equal, tsl.NotIn: tsl.In, tsl.NotBetween: tsl.Between, tsl.NotLike: tsl.Like,
		tsl.NotILike: tsl.ILike, tsl.NotMatch: tsl.Match, tsl.IsNotNull: tsl.IsNull,
		tsl.GreaterOrEqual: tsl.Less, tsl.Greater: tsl.LessOrEqual,
	}
	if op := positive[e.Op]; op != 0 {
		return isTrue - naiveComparison(&tsl.Comparison{Field: e.Field, Op: op, Values: e.Values}, row)
	}
	if e.Op == tsl.IsNull {
		return naiveBool(!ok)
	}
	if !ok {
		return isUnknown
	}
	compared := make([]int, len(e.Values))
	for i, literal := range e.Values {
		if e.Op == tsl.Like || e.Op == tsl.ILike || e.Op == tsl.Match {
			return naivePattern(e.Op, value, literal.Text)
		}
		if compared[i], ok = naiveOrder(value, literal); !ok {
			return isUnknown
		}
	}
	switch e.Op {
	case tsl.Equal, tsl.In:
		return naiveBool(slices.Contains(compared, 0))
	case tsl.Less:
		return naiveBool(compared[0] < 0)
	case tsl.LessOrEqual:
		return naiveBool(compared[0] <= 0)
	case tsl.Between:
		return naiveBool(compared[0] >= 0 && compared[1] <= 0)
	}
	panic(e)
}

func naiveBool(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// naiveExpressions caches the regular expressions of the tests.
var naiveExpressions = map[string]*regexp.Regexp{}

// naivePattern tries every way to divide a string among the parts of a pattern.
func naivePattern(op tsl.Op, value any, pattern string) truth {
	text, ok := value.(string)
	if !ok {
		return isUnknown
	}
	switch op {
	case tsl.Match:
		if naiveExpressions[pattern] == nil {
			naiveExpressions[pattern] = regexp.MustCompile(pattern)
		}
		return naiveBool(naiveExpressions[pattern].MatchString(text))
	case tsl.ILike:
		text, pattern = strings.ToLower(text), strings.ToLower(pattern)
	}
	var like func(text, pattern []rune) bool
	like = func(text, pattern []rune) bool {
		switch {
		case len(pattern) == 0:
			return len(text) == 0
		case pattern[0] == '%':
			return like(text, pattern[1:]) || len(text) > 0 && like(text[1:], pattern)
		case len(text) == 0:
			return false
		case pattern[0] == '\\':
			return pattern[1] == text[0] && like(text[1:], pattern[2:])
		}
		return (pattern[0] == '_' || pattern[0] == text[0]) && like(text[1:], pattern[1:])
	}
	return naiveBool(like([]rune(text), []rune(pattern)))
}

// naiveOrder compares a value with a literal, false if they cannot be compared.
func naiveOrder(value any, literal tsl.Value) (int, bool) {
	asTime := func(text string) (time.Time, bool) {
		for _, layout := range []string{time.RFC3339, "2006-01-02"} {
			if t, err := time.Parse(layout, text); err == nil {
				return t, true
			}
		}
		return time.Time{}, false
	}
	switch value := value.(type) {
	case string:
		if literal.Kind == tsl.TimeValue {
			left, ok := asTime(value)
			right, _ := asTime(literal.Text)
			return left.Compare(right), ok
		}
		return cmp.Compare(value, literal.Text), literal.Kind == tsl.StringValue
	case int64:
		return new(big.Rat).SetInt64(value).Cmp(naiveNumber(literal)), true
	case float64:
		return new(big.Rat).SetFloat64(value).Cmp(naiveNumber(literal)), literal.Kind == tsl.NumberValue
	case bool:
		return map[bool]int{true: 0, false: 1}[literal.Text == strconv.FormatBool(value)], literal.Kind == tsl.BoolValue
	case time.Time:
		t, ok := asTime(literal.Text)
		return value.Compare(t), ok
	default: // an array or object
		return 0, false
	}
}

// naiveNumber returns the value of a literal.
func naiveNumber(literal tsl.Value) *big.Rat {
	if literal.Kind != tsl.NumberValue {
		n, _ := strconv.ParseInt(literal.Text, 10, 64)
		return new(big.Rat).SetInt64(n)
	}
	if literal.Number.Float != 0 {
		return new(big.Rat).SetFloat64(literal.Number.Float)
	}
	return new(big.Rat).SetInt64(literal.Number.Whole)
}

func naiveValue(path string, row *Row) (value any, ok bool) {
	text := func(s string) (any, bool) { return s, s != "" }
	instant := func(t time.Time) (any, bool) { return t, !t.IsZero() }
	if key, found := strings.CutPrefix(path, "labels."); found {
		return row.Labels.Get(key)
	}
	if _, conditionPath, found := strings.Cut(path, "conditions."); found {
		conditionType, part, _ := strings.Cut(conditionPath, ".")
		for _, c := range row.Conditions.All() {
			if c.Type != conditionType {
				continue
			}
			switch part {
			case "", "status":
				return string(c.Status), true
			case "reason":
				return text(c.Reason)
			case "message":
				return text(c.Message)
			case "observed_generation":
				return c.ObservedGeneration, true
			case "created_time":
				return instant(c.CreatedTime.Time)
			case "last_updated_time":
				return instant(c.LastUpdatedTime.Time)
			case "last_transition_time":
				return instant(c.LastTransitionTime.Time)
			}
		}
		return nil, false
	}
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
	case "deleted_by":
		return text(row.DeletedBy)
	case "owner_id":
		return text(row.OwnerID)
	case "spec.clusterName":
		return strings.Split(row.Key.Name, ".")[0], true
	case "created_time":
		return row.CreatedTime, true
	case "updated_time", "last_report_time":
		return row.UpdatedTime, true
	case "deleted_time":
		return instant(row.DeletedTime)
	}
	value = naiveObject(row)
	for key := range strings.SplitSeq(strings.ReplaceAll(path, "'a.b'", "a-dot-b"), ".") {
		object, _ := value.(map[string]any)
		value = object[strings.ReplaceAll(key, "a-dot-b", "a.b")]
	}
	return value, value != nil
}

// naiveObjects caches the decoded JSON of rows, because tests query the same few hundred rows
// many times.
var naiveObjects = map[*Row]any{}

func naiveObject(row *Row) any {
	if object, ok := naiveObjects[row]; ok {
		return object
	}
	var object any
	if err := json.Unmarshal(row.JSON, &object); err != nil {
		panic(err)
	}
	if len(naiveObjects) >= 1000 {
		clear(naiveObjects)
	}
	naiveObjects[row] = object
	return object
}
