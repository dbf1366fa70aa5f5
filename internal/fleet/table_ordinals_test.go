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
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
)

// TestOrdinals compares random sets, from empty ones to more than one run of blocks, with a
// slice.
func TestOrdinals(t *testing.T) {
	for _, span := range []int{1, 64, 5000, 3 * superBits} {
		r := rand.New(rand.NewPCG(uint64(span), 1))
		initial := roaring.New()
		for range r.IntN(span + 1) {
			initial.Add(uint32(r.IntN(span)))
		}
		s, want := newOrdinals(initial), initial.ToArray()
		for range 200 {
			for range r.IntN(20) {
				ordinal := uint32(r.IntN(span + span/4 + 1)) // also beyond the last ordinal
				i, found := slices.BinarySearch(want, ordinal)
				switch {
				case r.IntN(2) == 0:
					s.add(ordinal)
					if !found {
						want = slices.Insert(want, i, ordinal)
					}
				default:
					s.remove(ordinal)
					if found {
						want = slices.Delete(want, i, i+1)
					}
				}
				if has, shouldHave := s.has(ordinal), slices.Contains(want, ordinal); has != shouldHave {
					t.Fatalf("%d is in the set: %t, want %t", ordinal, has, shouldHave)
				}
			}
			if s.total != len(want) {
				t.Fatalf("%d ordinals, want %d", s.total, len(want))
			}
			if len(want) == 0 {
				continue
			}
			from := r.IntN(len(want))
			n := r.IntN(len(want) - from + 1)
			if got := s.at(from); got != want[from] {
				t.Fatalf("Number %d of %d is %d, want %d", from, len(want), got, want[from])
			}
			got := []uint32{}
			s.iterate(from, n, func(ordinal uint32) { got = append(got, ordinal) })
			if diff := cmp.Diff(want[from:from+n], got); diff != "" {
				t.Fatalf("%d from number %d of %d (-want +got):\n%s", n, from, len(want), diff)
			}
		}
	}
}
