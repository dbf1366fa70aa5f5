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
	"strconv"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/hyperfleet-io/hyperfleet/internal/benchflag"
)

// TestRanked reads pages of sets of rows. The rows arrive nearly in the order of their creation,
// many in one second and some late. Other rows are deleted or change their time, and the
// table is renumbered.
func TestRanked(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		x := New(Clusters)
		second, n := 0, 0
		answered := 0
		for range 12 {
			for range r.IntN(60) {
				if r.IntN(5) == 0 {
					second += r.IntN(3)
				}
				at := second
				if r.IntN(20) == 0 {
					at -= r.IntN(10)
				}
				n++
				x.Upsert(rankedRow(r, n, at))
			}
			switch r.IntN(4) {
			case 0:
				for range r.IntN(20) {
					x.Delete(rankedRow(r, 1+r.IntN(n+1), 0).Key)
				}
			case 1:
				if row, ok := x.GetByKey(rankedRow(r, 1+r.IntN(n+1), 0).Key); ok {
					moved := *row
					moved.CreatedTime = moved.CreatedTime.Add(time.Duration(r.IntN(5)-2) * time.Second)
					x.Upsert(&moved)
				}
			case 2:
				x.swap(x.renumbered())
				if !x.strays.IsEmpty() || len(x.rows) != len(x.byID) {
					t.Fatalf("Seed %d: %d strays and %d places of %d rows after renumbering", seed, x.strays.GetCardinality(), len(x.rows), len(x.byID))
				}
				for f, v := range x.views {
					if ordinals := v.tree.Items(); len(ordinals) != len(x.byID) || !slices.IsSortedFunc(ordinals, v.compare) {
						t.Fatalf("Seed %d: the view by %s has %d of %d rows, or is out of order", seed, f.name, len(ordinals), len(x.byID))
					}
				}
			}
			answered += checkRanked(t, r, x)
		}
		if answered == 0 {
			t.Errorf("Seed %d: no page was found by rank", seed)
		}
	}
}

func rankedRow(r *rand.Rand, n, second int) *Row {
	name := "row-" + strconv.Itoa(n)
	return &Row{
		ID:          strconv.FormatUint(r.Uint64(), 36),
		Key:         types.NamespacedName{Name: name},
		Name:        name,
		Sequence:    uint64(r.IntN(3)),
		CreatedTime: epoch.Add(time.Duration(second) * time.Second),
	}
}

// checkRanked compares pages of random sets with sorting the whole set. It returns the number
// of pages.
func checkRanked(t *testing.T, r *rand.Rand, x *Index) (answered int) {
	t.Helper()
	for range 20 {
		set := roaring.New()
		part := 1 + r.IntN(4)
		for _, ordinal := range x.all.ToArray() {
			if r.IntN(part) == 0 {
				set.Add(ordinal)
			}
		}
		total := int(set.GetCardinality())
		if total == 0 {
			continue
		}
		want := x.gather(newRowSet(set))
		x.schema.sort(want)
		descending := r.IntN(2) == 0
		if descending {
			slices.Reverse(want)
		}
		offset := r.IntN(total)
		n := min(total-offset, 1+r.IntN(20))
		steps := steps(10_000)
		ranked, ok := x.rank(newRowSet(set), &steps)
		if !ok {
			continue
		}
		got := ranked.page(window{offset, n, descending})
		answered++
		if diff := cmp.Diff(ids(Page{Rows: want[offset : offset+n]}), ids(Page{Rows: got})); diff != "" {
			t.Fatalf("Rows %d to %d of %d, descending %t (-want +got):\n%s", offset, offset+n, total, descending, diff)
		}
	}
	return answered
}

// BenchmarkRenumber measures renumbering. Writers wait for it, readers do not.
func BenchmarkRenumber(b *testing.B) {
	for _, size := range benchflag.Fleets() {
		x := benchIndex(b, size)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			for b.Loop() {
				x.swap(x.renumbered())
			}
		})
	}
}
