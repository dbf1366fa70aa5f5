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

// updatePostings moves a row between posting lists. It updates only the posting lists
// whose value differs. old is nil for a new row, and row is nil for a deleted one.
func (x *table) updatePostings(old, row *Row) {
	ordinal := either(old, row).ordinal
	for f, c := range x.columns {
		before, after := "", "" // no value
		if old != nil {
			before = f.key(old)
		}
		if row != nil {
			after = f.key(row)
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
	x.updateLabelPostings(old, row, ordinal)
	x.updateConditionPostings(old, row, ordinal)
}

func either(a, b *Row) *Row {
	if a != nil {
		return a
	}
	return b
}

func (x *table) updateLabelPostings(old, row *Row, ordinal uint32) {
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

func (x *table) updateConditionPostings(old, row *Row, ordinal uint32) {
	var before, after Conditions
	if old != nil {
		before = old.Conditions
	}
	if row != nil {
		after = row.Conditions
	}
	for i := range before {
		if had := before[i].strings; !after.haveStatus(had) {
			drop(x.conditions, had.Value().conditionType, string(had.Value().status), ordinal)
		}
	}
	for i := range after {
		if has := after[i].strings; !before.haveStatus(has) {
			post(x.conditions, has.Value().conditionType, string(has.Value().status), ordinal)
		}
	}
}

// haveStatus reports whether there is a condition of the same type and status.
func (c Conditions) haveStatus(wanted unique.Handle[conditionStrings]) bool {
	for i := range c {
		if c[i].strings == wanted { // comparing handles costs next to nothing, and most conditions stay the same
			return true
		}
	}
	same := c.find(wanted.Value().conditionType)
	return same != nil && same.strings.Value().status == wanted.Value().status
}

// post adds an ordinal to the column of that key. It creates the column if there is none.
func post(columns map[string]*column, key, value string, ordinal uint32) {
	c, ok := columns[key]
	if !ok {
		c = newColumn()
		columns[key] = c
	}
	c.add(value, ordinal)
}

// drop removes an ordinal from the column of that key. It deletes an empty column, because
// keys come and go with the fleet's labels.
func drop(columns map[string]*column, key, value string, ordinal uint32) {
	c := columns[key]
	c.remove(value, ordinal)
	if len(c.values) == 0 {
		delete(columns, key)
	}
}
