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
	"math/bits"

	"github.com/RoaringBitmap/roaring/v2"
)

// ordinals is a set of ordinals with positions: it finds its n-th element, adds one and
// removes one in a time that hardly grows with the fleet. It takes one bit for each row of
// the fleet, whether or not the set has the row.
type ordinals struct {
	words []uint64
	// blocks counts the elements in each run of blockWords words, and supers those in each
	// run of superBlocks blocks.
	blocks []uint16
	supers []uint32
	total  int
}

const (
	blockWords  = 8
	superBlocks = 32
	blockBits   = 64 * blockWords
	superBits   = blockBits * superBlocks
)

func newOrdinals(set *roaring.Bitmap) *ordinals {
	s := &ordinals{words: set.ToDense()}
	s.grow(len(s.words) * 64)
	for i, word := range s.words {
		n := bits.OnesCount64(word)
		s.blocks[i/blockWords] += uint16(n)
		s.supers[i/(blockWords*superBlocks)] += uint32(n)
		s.total += n
	}
	return s
}

// grow extends the set to ordinals below limit.
func (s *ordinals) grow(limit int) {
	for len(s.supers)*superBits < limit {
		s.supers = append(s.supers, 0)
	}
	if missing := len(s.supers)*superBlocks - len(s.blocks); missing > 0 {
		s.blocks = append(s.blocks, make([]uint16, missing)...)
	}
	if missing := len(s.blocks)*blockWords - len(s.words); missing > 0 {
		s.words = append(s.words, make([]uint64, missing)...)
	}
}

func (s *ordinals) has(ordinal uint32) bool {
	i := int(ordinal / 64)
	return i < len(s.words) && s.words[i]&(1<<(ordinal%64)) != 0
}

func (s *ordinals) add(ordinal uint32) {
	if s.has(ordinal) {
		return
	}
	s.grow(int(ordinal) + 1)
	s.words[ordinal/64] |= 1 << (ordinal % 64)
	s.blocks[ordinal/blockBits]++
	s.supers[ordinal/superBits]++
	s.total++
}

func (s *ordinals) remove(ordinal uint32) {
	if !s.has(ordinal) {
		return
	}
	s.words[ordinal/64] &^= 1 << (ordinal % 64)
	s.blocks[ordinal/blockBits]--
	s.supers[ordinal/superBits]--
	s.total--
}

// at returns the i-th ordinal. The set has more than i ordinals.
func (s *ordinals) at(i int) uint32 {
	super := 0
	for ; i >= int(s.supers[super]); super++ {
		i -= int(s.supers[super])
	}
	block := super * superBlocks
	for ; i >= int(s.blocks[block]); block++ {
		i -= int(s.blocks[block])
	}
	at := block * blockWords
	for n := bits.OnesCount64(s.words[at]); i >= n; n = bits.OnesCount64(s.words[at]) {
		i -= n
		at++
	}
	word := s.words[at]
	for ; i > 0; i-- {
		word &= word - 1
	}
	return uint32(at*64 + bits.TrailingZeros64(word))
}

// iterate calls f for n ordinals from the i-th on. The set has at least i+n.
func (s *ordinals) iterate(i, n int, f func(ordinal uint32)) {
	if n <= 0 {
		return
	}
	first := s.at(i)
	at := int(first / 64)
	word := s.words[at] &^ (1<<(first%64) - 1)
	for {
		for ; word != 0; word &= word - 1 {
			f(uint32(at*64 + bits.TrailingZeros64(word)))
			if n--; n == 0 {
				return
			}
		}
		at++
		word = s.words[at]
	}
}
