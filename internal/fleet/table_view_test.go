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
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// TestViewPage compares pages of whole views, near their ends and far from them, with sorting
// all rows. Several readers read concurrently. The rows change between the rounds, so a
// reader's hint leads to a place that no longer has its row.
func TestViewPage(t *testing.T) {
	const objects, readers = 2000, 4
	seed := rand.Uint64()
	t.Logf("Seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	x := New(Clusters)
	truth := map[types.NamespacedName]*Row{}
	for len(truth) < objects/2 {
		mutate(t, r, x, truth, objects)
	}
	for range 5 {
		mutate(t, r, x, truth, objects)
		for f, v := range x.views {
			rows := x.gather(newRowSet(x.all))
			slices.SortFunc(rows, f.ordering(false).compare)
			var reading sync.WaitGroup
			for range readers {
				r := rand.New(rand.NewPCG(r.Uint64(), 0))
				reading.Go(func() { checkPages(t, r, v, rows) })
			}
			reading.Wait()
		}
	}
}

func checkPages(t *testing.T, r *rand.Rand, v *view, rows []*Row) {
	t.Helper()
	for range 30 {
		offset := pick(r, 0, nearEnd-1, nearEnd, nearEnd+1, len(rows)-nearEnd, len(rows)-1, len(rows), r.IntN(len(rows)), r.IntN(len(rows)))
		n := min(r.IntN(40), len(rows)-offset)
		descending := r.IntN(2) == 0
		want := slices.Clone(rows)
		if descending {
			slices.Reverse(want)
		}
		got := v.page(window{offset, n, descending})
		if diff := cmp.Diff(ids(Page{Rows: want[offset : offset+n]}), ids(Page{Rows: got})); diff != "" {
			t.Errorf("Rows %d to %d of %d by %s, descending %t (-want +got):\n%s", offset, offset+n, len(rows), v.field.name, descending, diff)
		}
	}
}
