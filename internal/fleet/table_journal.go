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

// journal records which rows of a table change, so that a reader that has processed all
// rows once need only process these. It keeps only the latest changes.
type journal struct {
	// changes becomes a ring when it has journalLength entries.
	changes []change
	// length is the number of changes ever recorded.
	length uint64
}

// change is one change of the row with that ordinal: the row was inserted, removed, or
// replaced by a row that differs in these fields.
type change struct {
	ordinal uint32
	fields  fieldSet
}

// fieldSet is a set of fields that order rows, by their positions in the Schema.
type fieldSet uint32

const everyField = ^fieldSet(0)

func (s fieldSet) has(i int) bool { return s&(1<<i) != 0 }

// journalLength is the number of changes that a journal keeps: half a minute of 1000
// changes a second. Clients that poll return sooner.
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

// since returns all changes from that number on. ok is false if the journal no longer has
// some of them.
func (j *journal) since(number uint64) (changes []change, ok bool) {
	if j.length-number > uint64(len(j.changes)) {
		return nil, false
	}
	for ; number < j.length; number++ {
		changes = append(changes, j.changes[number%journalLength])
	}
	return changes, true
}

// mergeByOrdinal returns one change for each ordinal, in the order of ordinals. It reuses
// changes.
func mergeByOrdinal(changes []change) []change {
	if len(changes) < 2 {
		return changes
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.ordinal, b.ordinal) })
	merged := changes[:1]
	for _, c := range changes[1:] {
		if last := &merged[len(merged)-1]; last.ordinal == c.ordinal {
			last.fields |= c.fields
		} else {
			merged = append(merged, c)
		}
	}
	return merged
}
