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
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitForResourceVersion(t *testing.T) {
	tests := map[string]struct {
		wanted string
		// reach advances the index after the wait has begun.
		reach   func(*Index) error
		wantErr error
	}{
		"Reached already":           {wanted: "10"},
		"Passed already":            {wanted: "9"},
		"Reached by an event":       {wanted: "11", reach: func(x *Index) error { return x.Observe("11") }},
		"Passed by an event":        {wanted: "11", reach: func(x *Index) error { return x.Observe("20") }},
		"Compared as a number":      {wanted: "9999", reach: func(x *Index) error { return x.Observe("10000") }},
		"Reached by a list":         {wanted: "11", reach: func(x *Index) error { return x.Replace(nil, "11") }},
		"Not reached":               {wanted: "12", reach: func(x *Index) error { return x.Observe("11") }, wantErr: context.DeadlineExceeded},
		"Not taken back by events":  {wanted: "10", reach: func(x *Index) error { return x.Observe("3") }},
		"Older list, then no event": {wanted: "11", reach: func(x *Index) error { return x.Replace(nil, "5") }, wantErr: context.DeadlineExceeded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := New(Clusters)
				if err := x.Replace(nil, "10"); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				result := make(chan error, 1)
				go func() { result <- x.WaitForResourceVersion(ctx, tt.wanted) }()
				synctest.Wait()
				if tt.reach != nil {
					if err := tt.reach(x); err != nil {
						t.Fatal(err)
					}
				}
				if err := <-result; !errors.Is(err, tt.wantErr) {
					t.Errorf("Got error %v, want %v", err, tt.wantErr)
				}
				checkNoWaits(t, x)
			})
		})
	}
}

func TestResourceVersionMustBeANumber(t *testing.T) {
	x := New(Clusters)
	for _, version := range []string{"", "-1", "1.5", "a", "99999999999999999999"} {
		if err := x.WaitForResourceVersion(t.Context(), version); err == nil {
			t.Errorf("WaitForResourceVersion(%q) succeeded", version)
		}
		if err := x.Observe(version); err == nil {
			t.Errorf("Observe(%q) succeeded", version)
		}
		if err := x.Replace(nil, version); err == nil || x.HasSynced() {
			t.Errorf("Replace(%q): %v, synced %t", version, err, x.HasSynced())
		}
	}
}

func TestWaitForRow(t *testing.T) {
	const id = "2stable-1"
	row := func(n int, side string) *Row { return sideRow("stable", n, side) }
	renamed := func() *Row { // another object of the same name
		r := row(1, "right")
		r.ID = "2new"
		return r
	}
	tests := map[string]struct {
		before []*Row
		// changes are made one by one after the wait has begun.
		changes   []func(*Index)
		wantErr   error
		wantLooks int // 0 means any number
	}{
		"Holds already": {before: []*Row{row(1, "right")}, wantLooks: 1},
		"Comes to hold": {
			before:    []*Row{row(1, "left")},
			changes:   []func(*Index){func(x *Index) { x.Upsert(row(1, "right")) }},
			wantLooks: 2,
		},
		"Comes to hold in two steps": {
			before: []*Row{row(1, "left")},
			changes: []func(*Index){
				func(x *Index) { x.Upsert(row(1, "middle")) },
				func(x *Index) { x.Upsert(row(1, "right")) },
			},
			wantLooks: 3,
		},
		"Comes to hold by a list": {
			before:  []*Row{row(1, "left")},
			changes: []func(*Index){func(x *Index) { _ = x.Replace([]*Row{row(1, "right")}, "2") }},
		},
		"Other rows do not wake it": {
			before: []*Row{row(1, "left"), row(2, "left")},
			changes: []func(*Index){
				func(x *Index) { x.Upsert(row(2, "right")) },
				func(x *Index) { x.Delete(row(2, "").Key) },
			},
			wantErr:   context.DeadlineExceeded,
			wantLooks: 1,
		},
		"A list without a change does not wake it": {
			before: []*Row{row(1, "left")},
			changes: []func(*Index){func(x *Index) {
				held, _ := x.Get(id)
				_ = x.Replace([]*Row{held}, "2")
			}},
			wantErr:   context.DeadlineExceeded,
			wantLooks: 1,
		},
		"Deleted": {
			before:  []*Row{row(1, "left")},
			changes: []func(*Index){func(x *Index) { x.Delete(row(1, "").Key) }},
			wantErr: ErrNotFound,
		},
		"Deleted in a gap of the watch": {
			before:  []*Row{row(1, "left")},
			changes: []func(*Index){func(x *Index) { _ = x.Replace([]*Row{row(2, "left")}, "2") }},
			wantErr: ErrNotFound,
		},
		"Deleted and made anew": {
			before:  []*Row{row(1, "left")},
			changes: []func(*Index){func(x *Index) { x.Upsert(renamed()) }},
			wantErr: ErrNotFound,
		},
		"Does not exist": {before: []*Row{row(2, "right")}, wantErr: ErrNotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := New(Clusters)
				if err := x.Replace(tt.before, "1"); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				looks := 0
				var got *Row
				result := make(chan error, 1)
				go func() {
					var err error
					got, err = x.WaitForRow(ctx, id, func(r *Row) bool {
						looks++
						return isRight(r)
					})
					result <- err
				}()
				for _, change := range tt.changes {
					synctest.Wait()
					change(x)
				}
				if err := <-result; !errors.Is(err, tt.wantErr) {
					t.Fatalf("Got error %v, want %v", err, tt.wantErr)
				}
				if tt.wantErr == nil && (got == nil || got.ID != id || !isRight(got)) {
					t.Errorf("Got %v", got)
				}
				if !errors.Is(tt.wantErr, context.DeadlineExceeded) && time.Since(begun) > 0 {
					t.Errorf("Returned after %s, want at once", time.Since(begun))
				}
				if tt.wantLooks != 0 && looks != tt.wantLooks {
					t.Errorf("Looked at the row %d times, want %d", looks, tt.wantLooks)
				}
				checkNoWaits(t, x)
			})
		})
	}
}

// TestManyWaits has many concurrent waits; some of them are cancelled.
func TestManyWaits(t *testing.T) {
	const waiters = 300
	x := New(Clusters)
	if err := x.Replace(nil, "1"); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for n := range 10 {
		x.Upsert(sideRow("stable", n, "left"))
	}
	for n := range waiters {
		done.Go(func() {
			ctx := t.Context()
			if n%3 == 0 {
				ctx = impatient
			}
			err := x.WaitForResourceVersion(ctx, strconv.Itoa(n+2))
			if err != nil && n%3 != 0 {
				t.Errorf("Wait for version %d: %v", n+2, err)
			}
		})
		done.Go(func() {
			ctx := t.Context()
			if n%3 == 0 {
				ctx = impatient
			}
			id := fmt.Sprintf("2stable-%d", n%10)
			_, err := x.WaitForRow(ctx, id, isRight)
			if err != nil && n%3 != 0 {
				t.Errorf("Wait for row %s: %v", id, err)
			}
		})
	}
	for n := range waiters {
		if n == waiters/2 {
			cancel()
		}
		x.Upsert(sideRow("stable", n%10, strconv.Itoa(n)))
		if err := x.Observe(strconv.Itoa(n + 2)); err != nil {
			t.Error(err)
		}
	}
	for n := range 10 {
		x.Upsert(sideRow("stable", n, "right"))
	}
	done.Wait()
	cancel()
	checkNoWaits(t, x)
}

func checkNoWaits(t *testing.T, x *Index) {
	t.Helper()
	x.waits.mu.Lock()
	defer x.waits.mu.Unlock()
	if len(x.waits.versions) != 0 || len(x.waits.rows) != 0 {
		t.Errorf("%d waits for versions and %d for rows stay behind", len(x.waits.versions), len(x.waits.rows))
	}
}

func isRight(r *Row) bool {
	side, _ := r.Labels.Get("stable")
	return side == "right"
}
