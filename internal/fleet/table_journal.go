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
)

// journal is which rows of a table have changed, so that those who have looked at
// all rows once need not do it again. It keeps the last changes only.
type journal struct {
	// changes are in a ring, once there are as many as are kept.
	changes []change
	// length is how many changes there have ever been.
	length uint64
}

// change is what happened to the row of an ordinal: it came, it went, or another
// took its place, of which the fields differ.
type change struct {
	ordinal uint32
	fields  fieldSet
}

// fieldSet is a set of fields to order by, by their places in the Schema.
type fieldSet uint32

const everyField = ^fieldSet(0)

func (s fieldSet) has(i int) bool { return s&(1<<i) != 0 }

// journalLength is how many changes are kept: at 1000 changes a second those of
// half a minute, which is more than pollers let pass.
const journalLength = 1 << 15

func (j *journal) record(ordinal uint32, fields fieldSet) {
	c := change{ordinal, fields}
	if len(j.changes) < journalLength {
		j.changes = append(j.changes, c)
	} else {
		j.changes[j.length%journalLength] = c
	}
	j.length++
}

// since returns all changes from the one of that number on. It is not ok where some
// of them are no longer known.
func (j *journal) since(number uint64) (changes []change, ok bool) {
	if j.length-number > uint64(len(j.changes)) {
		return nil, false
	}
	for ; number < j.length; number++ {
		changes = append(changes, j.changes[number%journalLength])
	}
	return changes, true
}

// distinct returns one change for each ordinal, in the order of those. It changes
// changes.
func distinct(changes []change) []change {
	if len(changes) < 2 {
		return changes
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.ordinal, b.ordinal) })
	kept := changes[:1]
	for _, c := range changes[1:] {
		if last := &kept[len(kept)-1]; last.ordinal == c.ordinal {
			last.fields |= c.fields
		} else {
			kept = append(kept, c)
		}
	}
	return kept
}
