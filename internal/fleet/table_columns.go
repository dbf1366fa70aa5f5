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

	"github.com/RoaringBitmap/roaring/v2"
)

// column holds the posting lists of one scalar field, label key or condition type. A nil
// column is empty: no row has that label or condition.
type column struct {
	rows   *roaring.Bitmap // that have a value
	values map[string]posting
}

func newColumn() *column {
	return &column{rows: roaring.New(), values: map[string]posting{}}
}

func (c *column) add(value string, ordinal uint32) {
	c.rows.Add(ordinal)
	c.values[value] = c.values[value].with(ordinal)
}

func (c *column) remove(value string, ordinal uint32) {
	c.rows.Remove(ordinal)
	if p := c.values[value].without(ordinal); p.empty() {
		delete(c.values, value)
	} else {
		c.values[value] = p
	}
}

// equal returns the rows that have the value. The set is read-only.
func (c *column) equal(value string) *roaring.Bitmap {
	if c == nil {
		return roaring.New()
	}
	return c.values[value].bitmap()
}

// count returns the number of rows that have the value.
func (c *column) count(value string) int {
	if c == nil {
		return 0
	}
	return c.values[value].count()
}

// present returns the rows that have any value. The set is read-only.
func (c *column) present() *roaring.Bitmap {
	if c == nil {
		return roaring.New()
	}
	return c.rows
}

// matching returns the rows whose value satisfies the predicate. The set is read-only.
func (c *column) matching(predicate func(string) bool) *roaring.Bitmap {
	if c == nil {
		return roaring.New()
	}
	var sets []*roaring.Bitmap
	for value, p := range c.values {
		if predicate(value) {
			sets = append(sets, p.bitmap())
		}
	}
	return roaring.FastOr(sets...)
}

// posting is a posting list: a set of ordinals. Most names, owners and many label values
// occur in one or two rows. A bitmap for each would take more memory than everything else
// in the index, so a short posting list is a slice.
type posting struct {
	few  []uint32
	many *roaring.Bitmap
}

const (
	// fewAtMost is the maximum length of a slice. A longer one becomes a bitmap.
	fewAtMost = 8
	// manyAtLeast is the minimum size of a bitmap. A smaller one becomes a slice. It is well
	// below fewAtMost, so a row that is added and removed repeatedly does not convert the
	// posting list each time.
	manyAtLeast = 4
)

func (p posting) with(ordinal uint32) posting {
	switch {
	case p.many != nil:
		p.many.Add(ordinal)
	case len(p.few) < fewAtMost:
		p.few = append(p.few, ordinal)
	default:
		p = posting{many: roaring.BitmapOf(p.few...)}
		p.many.Add(ordinal)
	}
	return p
}

func (p posting) without(ordinal uint32) posting {
	if p.many == nil {
		if i := slices.Index(p.few, ordinal); i >= 0 {
			p.few = slices.Delete(p.few, i, i+1)
		}
		return p
	}
	p.many.Remove(ordinal)
	if p.many.GetCardinality() < manyAtLeast {
		p = posting{few: p.many.ToArray()}
	}
	return p
}

func (p posting) empty() bool { return p.many == nil && len(p.few) == 0 }

func (p posting) count() int {
	if p.many != nil {
		return int(p.many.GetCardinality())
	}
	return len(p.few)
}

// bitmap returns the set as a read-only bitmap.
func (p posting) bitmap() *roaring.Bitmap {
	if p.many != nil {
		return p.many
	}
	return roaring.BitmapOf(p.few...)
}

// ordinals returns the set as a read-only slice.
func (p posting) ordinals() []uint32 {
	if p.many != nil {
		return p.many.ToArray()
	}
	return p.few
}
