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
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestSortedList moves, adds and removes many ordinals at once. It compares the list with
// sorting all of them.
func TestSortedList(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		size := 1 + r.IntN(4*chunkLength)
		keys := make([]int, size) // by ordinal
		compare := func(a, b uint32) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) }
		has := make([]bool, size)
		ordered := func() []uint32 {
			all := []uint32{}
			for ordinal := range uint32(size) {
				if has[ordinal] {
					all = append(all, ordinal)
				}
			}
			slices.SortFunc(all, compare)
			return all
		}
		for i := range keys {
			keys[i], has[i] = r.IntN(50), r.IntN(2) == 0
		}
		s := newSortedList(ordered())
		for range 40 {
			var changes []change
			had := map[uint32]bool{}
			chance := 1 + r.IntN(20) // sometimes nearly all ordinals change
			for ordinal := range uint32(size) {
				if r.IntN(chance) == 0 {
					changes = append(changes, change{ordinal: ordinal})
					had[ordinal] = has[ordinal]
					keys[ordinal], has[ordinal] = r.IntN(50), r.IntN(1+int(seed%3)) == 0
				}
			}
			r.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
			s.update(changes, func(i int) (remove, insert bool) { return had[changes[i].ordinal], has[changes[i].ordinal] }, compare)

			want := ordered()
			if len(want) == 0 {
				continue
			}
			from := r.IntN(len(want))
			n := 1 + r.IntN(len(want)-from)
			var got []uint32
			s.iterate(from, n, func(ordinal uint32) { got = append(got, ordinal) })
			if diff := gocmp.Diff(want[from:from+n], got); diff != "" {
				t.Fatalf("Seed %d: %d from place %d of %d (-want +got):\n%s", seed, n, from, len(want), diff)
			}
		}
	}
}
