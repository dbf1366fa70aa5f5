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

// column holds the posting lists of one scalar field, label key or condition
// type: which rows have a value at all, and which have each value.
type column struct {
	present *roaring.Bitmap
	values  map[string]posting
}

func newColumn() *column {
	return &column{present: roaring.New(), values: map[string]posting{}}
}

func (c *column) add(value string, ordinal uint32) {
	c.present.Add(ordinal)
	c.values[value] = c.values[value].with(ordinal)
}

func (c *column) remove(value string, ordinal uint32) {
	c.present.Remove(ordinal)
	if p := c.values[value].without(ordinal); p.empty() {
		delete(c.values, value)
	} else {
		c.values[value] = p
	}
}

// equal returns the rows that have the value. The set is not to be modified.
func (c *column) equal(value string) *roaring.Bitmap {
	if c == nil { // no row has that label or condition
		return roaring.New()
	}
	return c.values[value].bitmap()
}

// any returns the rows that have a value. The set is not to be modified.
func (c *column) any() *roaring.Bitmap {
	if c == nil {
		return roaring.New()
	}
	return c.present
}

// posting is a set of ordinals. Most values of names, owners and many labels
// stand in a row or two, for which a bitmap would cost more than all else that
// the index knows of the row.
type posting struct {
	few  []uint32
	many *roaring.Bitmap
}

const (
	// fewAtMost is how long a posting grows before it becomes a bitmap.
	fewAtMost = 8
	// manyAtLeast is how far a bitmap shrinks before it becomes a slice: well
	// below fewAtMost, so that a row that comes and goes does not convert it
	// every time.
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

// bitmap returns the set as a bitmap that is not to be modified.
func (p posting) bitmap() *roaring.Bitmap {
	if p.many != nil {
		return p.many
	}
	return roaring.BitmapOf(p.few...)
}

// ordinals returns the set as a slice that is not to be modified.
func (p posting) ordinals() []uint32 {
	if p.many != nil {
		return p.many.ToArray()
	}
	return p.few
}
