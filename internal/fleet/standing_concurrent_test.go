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
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// TestStandingShowsOwnWrites has several writers, each with rows of its own, that read the
// same standing searches after every write. Other writers are always active. A writer
// knows which of its rows match, and must see exactly these rows, in the requested order,
// no matter which request brought the search up to date.
func TestStandingShowsOwnWrites(t *testing.T) {
	const writers = 4
	writes := rounds(400)
	x := New(Clusters)
	searches := prepareShared(t, x)
	var done sync.WaitGroup
	for n := range writers {
		done.Go(func() {
			w := &ownWriter{x: x, r: rand.New(rand.NewPCG(uint64(n), 21)), name: "w" + strconv.Itoa(n), on: map[int]bool{}}
			for range writes {
				w.write()
				s := searches[w.r.IntN(len(searches))]
				if err := w.check(t.Context(), s); err != nil {
					t.Errorf("%s: %v", w.name, err)
					return
				}
			}
		})
	}
	stop := make(chan struct{})
	var renumbering sync.WaitGroup
	renumbering.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				x.writing.Lock()
				x.swap(x.renumbered())
				x.writing.Unlock()
				time.Sleep(time.Millisecond) // leaves changes for the searches to catch up with
			}
		}
	})
	done.Wait()
	close(stop)
	renumbering.Wait()
	if x.standing.kept.Len() == 0 {
		t.Error("No search stands")
	}
}

// sharedSearch is one search for rows that are on. Each of its orders sorts one writer's
// rows by their numbers, or in reverse.
type sharedSearch struct {
	*Search
	what      string
	ascending bool
}

// prepareShared returns searches for the same rows by posting lists, by patterns and by the
// JSON, in an order of the table and in other orders.
func prepareShared(t *testing.T, x *Index) []sharedSearch {
	t.Helper()
	var all []sharedSearch
	for _, search := range []string{"labels.on = 'yes'", "labels.on ~= '^y'", "spec.on = true", "spec.on = true or labels.on = 'yes'"} {
		for _, order := range []Order{{Field: "created_time"}, {Field: "created_time", Descending: true}, {Field: "generation"}, {Field: "name", Descending: true}} {
			s, err := x.Prepare(parse(t, search), []Order{order})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, sharedSearch{s, fmt.Sprintf("%s by %v", search, order), !order.Descending})
		}
	}
	return all
}

// ownWriter writes rows that nobody else writes.
type ownWriter struct {
	x    *Index
	r    *rand.Rand
	name string
	on   map[int]bool // which of its rows match, by number
}

// write adds, deletes or changes one row.
func (w *ownWriter) write() {
	n := w.r.IntN(40)
	key := types.NamespacedName{Namespace: w.name, Name: strconv.Itoa(n)}
	if w.r.IntN(4) == 0 {
		w.x.Delete(key)
		delete(w.on, n)
		return
	}
	on := w.r.IntN(2) == 0
	w.x.Upsert(&Row{
		ID:          fmt.Sprintf("2%s-%02d", w.name, n),
		Key:         key,
		Name:        fmt.Sprintf("%s-%02d", w.name, n),
		Generation:  int64(n),
		CreatedTime: epoch.Add(time.Duration(n) * time.Second),
		CreatedBy:   w.name,
		Labels:      LabelsOf(map[string]string{"on": map[bool]string{true: "yes", false: "no"}[on]}),
		JSON:        fmt.Appendf(nil, `{"spec":{"on":%t}}`, on),
	})
	w.on[n] = on
}

// check reads the rows of all pages at once and compares those of this writer.
func (w *ownWriter) check(ctx context.Context, s sharedSearch) error {
	page, err := w.x.Page(ctx, s.Search, PageRequest{Limit: 10_000})
	if err != nil {
		return err
	}
	if page.Total != len(page.Rows) {
		return fmt.Errorf("%s: total %d, %d rows", s.what, page.Total, len(page.Rows))
	}
	last, seen := -1, 0
	for i := range page.Rows {
		row := page.Rows[i]
		if !s.ascending {
			row = page.Rows[len(page.Rows)-1-i]
		}
		if row.CreatedBy != w.name {
			continue
		}
		n := int(row.Generation)
		if !w.on[n] || n <= last {
			return fmt.Errorf("%s: row %d follows row %d; it is on: %t", s.what, n, last, w.on[n])
		}
		last = n
		seen++
	}
	want := 0
	for _, on := range w.on {
		if on {
			want++
		}
	}
	if seen != want {
		return fmt.Errorf("%s: %d of its rows, want %d", s.what, seen, want)
	}
	return nil
}
