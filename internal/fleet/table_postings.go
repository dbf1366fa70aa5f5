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
	"slices"
	"unique"
)

// repost moves a row between posting lists, and touches only those whose value
// differs. old is nil for a new row, row for one that goes.
func (x *table) repost(old, row *Row) {
	ordinal := either(old, row).ordinal
	for f, c := range x.columns {
		before, after := "", "" // none
		if old != nil {
			before = f.text(old)
		}
		if row != nil {
			after = f.text(row)
		}
		if before == after {
			continue
		}
		if before != "" {
			c.remove(before, ordinal)
		}
		if after != "" {
			c.add(after, ordinal)
		}
	}
	x.repostLabels(old, row, ordinal)
	x.repostConditions(old, row, ordinal)
}

func either(a, b *Row) *Row {
	if a != nil {
		return a
	}
	return b
}

func (x *table) repostLabels(old, row *Row, ordinal uint32) {
	var before, after Labels
	if old != nil {
		before = old.Labels
	}
	if row != nil {
		after = row.Labels
	}
	for _, had := range before {
		if !slices.Contains(after, had) {
			drop(x.labels, had.Value().key, had.Value().value, ordinal)
		}
	}
	for _, has := range after {
		if !slices.Contains(before, has) {
			post(x.labels, has.Value().key, has.Value().value, ordinal)
		}
	}
}

func (x *table) repostConditions(old, row *Row, ordinal uint32) {
	var before, after Conditions
	if old != nil {
		before = old.Conditions
	}
	if row != nil {
		after = row.Conditions
	}
	for i := range before {
		if texts := before[i].texts; !after.haveStatus(texts) {
			drop(x.conditions, texts.Value().conditionType, string(texts.Value().status), ordinal)
		}
	}
	for i := range after {
		if texts := after[i].texts; !before.haveStatus(texts) {
			post(x.conditions, texts.Value().conditionType, string(texts.Value().status), ordinal)
		}
	}
}

// haveStatus tells whether there is a condition of the same type and status.
func (c Conditions) haveStatus(texts unique.Handle[conditionTexts]) bool {
	for i := range c {
		if c[i].texts == texts {
			return true
		}
	}
	same := c.find(texts.Value().conditionType)
	return same != nil && same.texts.Value().status == texts.Value().status
}

// post adds to the column of that key, and makes the column where there is none.
func post(columns map[string]*column, key, value string, ordinal uint32) {
	c, ok := columns[key]
	if !ok {
		c = newColumn()
		columns[key] = c
	}
	c.add(value, ordinal)
}

// drop removes from the column of that key, and the column once it is empty: keys
// come and go with the fleet's labels.
func drop(columns map[string]*column, key, value string, ordinal uint32) {
	c := columns[key]
	c.remove(value, ordinal)
	if len(c.values) == 0 {
		delete(columns, key)
	}
}
