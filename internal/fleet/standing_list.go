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
	"sort"
)

// sortedList is the ordinals of some rows in an order. It finds the row at any position, as
// a view does. To remove a row, a view compares rows, and needs the value that the row
// had at insertion. A sortedList removes an ordinal without a comparison, so it can do so
// after the row has changed.
type sortedList struct {
	chunks []*chunk // none is empty
	in     []*chunk // by ordinal, nil for an ordinal that is not in the list
	// starts are the positions of the chunks' first rows. It is nil after a change.
	starts []int
}

type chunk struct{ ordinals []uint32 }

// chunkLength is the length at which a chunk is split.
const chunkLength = 512

// newSortedList returns a list of ordinals that are in order.
func newSortedList(ordered []uint32) *sortedList {
	s := &sortedList{}
	for part := range slices.Chunk(ordered, chunkLength/2) {
		c := &chunk{slices.Grow(slices.Clone(part), chunkLength-len(part))}
		s.chunks = append(s.chunks, c)
		s.own(c, c.ordinals)
	}
	return s
}

// own records that the chunk contains the ordinals.
func (s *sortedList) own(c *chunk, ordinals []uint32) {
	for _, ordinal := range ordinals {
		if missing := int(ordinal) + 1 - len(s.in); missing > 0 {
			s.in = append(s.in, make([]*chunk, missing)...)
		}
		s.in[ordinal] = c
	}
}

// remove deletes an ordinal if the list has it.
func (s *sortedList) remove(ordinal uint32) {
	if int(ordinal) >= len(s.in) || s.in[ordinal] == nil {
		return
	}
	c := s.in[ordinal]
	s.in[ordinal] = nil
	s.starts = nil
	i := slices.Index(c.ordinals, ordinal)
	c.ordinals = slices.Delete(c.ordinals, i, i+1)
	if len(c.ordinals) == 0 {
		i := slices.Index(s.chunks, c)
		s.chunks = slices.Delete(s.chunks, i, i+1)
	}
}

// insert adds an ordinal that the list does not have. compare orders all of them.
func (s *sortedList) insert(ordinal uint32, compare func(a, b uint32) int) {
	s.starts = nil
	if len(s.chunks) == 0 {
		s.chunks = append(s.chunks, &chunk{})
	}
	follows := sort.Search(len(s.chunks), func(i int) bool {
		c := s.chunks[i].ordinals
		return len(c) > 0 && compare(c[0], ordinal) > 0
	})
	at := max(follows-1, 0)
	c := s.chunks[at]
	position := sort.Search(len(c.ordinals), func(i int) bool { return compare(c.ordinals[i], ordinal) > 0 })
	c.ordinals = slices.Insert(c.ordinals, position, ordinal)
	s.own(c, []uint32{ordinal})
	if len(c.ordinals) < chunkLength {
		return
	}
	rear := &chunk{slices.Clone(c.ordinals[chunkLength/2:])}
	c.ordinals = c.ordinals[:chunkLength/2]
	s.own(rear, rear.ordinals)
	s.chunks = slices.Insert(s.chunks, at+1, rear)
}

// iterate calls f for n ordinals from the offset-th on. The list has at least offset+n.
func (s *sortedList) iterate(offset, n int, f func(ordinal uint32)) {
	if s.starts == nil {
		start := 0
		for _, c := range s.chunks {
			s.starts = append(s.starts, start)
			start += len(c.ordinals)
		}
	}
	at := sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > offset }) - 1
	for skip := offset - s.starts[at]; n > 0; skip, at = 0, at+1 {
		part := s.chunks[at].ordinals[skip:]
		part = part[:min(n, len(part))]
		for _, ordinal := range part {
			f(ordinal)
		}
		n -= len(part)
	}
}

// update removes and inserts ordinals; decide returns which of the two to do for the i-th
// change. A row that moves is removed and inserted again. All removals precede the first
// comparison.
func (s *sortedList) update(changes []change, decide func(i int) (remove, insert bool), compare func(a, b uint32) int) {
	for i, c := range changes {
		if remove, _ := decide(i); remove {
			s.remove(c.ordinal)
		}
	}
	for i, c := range changes {
		if _, insert := decide(i); insert {
			s.insert(c.ordinal, compare)
		}
	}
}
