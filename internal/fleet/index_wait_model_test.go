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
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/types"
)

// TestWaitsFollowTheModel lets callers wait for versions and rows in between random writes,
// lists and restores. After each step, exactly the callers have returned that should have
// returned in a naive model.
func TestWaitsFollowTheModel(t *testing.T) {
	for seed := range uint64(rounds(80)) {
		synctest.Test(t, func(t *testing.T) {
			m := newWaitModel(t, rand.New(rand.NewPCG(seed, 13)))
			for step := range 60 {
				if m.r.IntN(2) == 0 {
					m.startWait()
				}
				m.write(step)
				synctest.Wait()
				m.check(seed, step)
			}
			m.cancel()
			synctest.Wait()
			for _, w := range m.waiters {
				if w.due == nil && (!w.returned || !errors.Is(w.err, context.Canceled)) {
					t.Errorf("Seed %d: %s has returned %t with error %v after the end of its context", seed, w.what, w.returned, w.err)
				}
			}
			checkNoWaits(t, m.x)
		})
	}
}

// waitModel is an Index, the content that it should have, and the callers that wait for
// it.
type waitModel struct {
	t       *testing.T
	r       *rand.Rand
	x       *Index
	ctx     context.Context
	cancel  context.CancelFunc
	version int
	rows    map[string]*Row // by id
	waiters []*waiter
}

// waiter is one caller. due is set once the caller must return, by the model. It points
// to the error to return, nil for none.
type waiter struct {
	what     string
	now      func() (due bool, err error)
	due      *error
	returned bool
	err      error
}

func newWaitModel(t *testing.T, r *rand.Rand) *waitModel {
	ctx, cancel := context.WithCancel(t.Context())
	m := &waitModel{t: t, r: r, x: New(Clusters), ctx: ctx, cancel: cancel, version: 10, rows: map[string]*Row{}}
	if err := m.x.Replace(nil, "10"); err != nil {
		t.Fatal(err)
	}
	return m
}

// startWait starts a caller of a random kind.
func (m *waitModel) startWait() {
	w := &waiter{}
	var wait func() error
	id := "2" + strconv.Itoa(m.r.IntN(4))
	generation := int64(m.r.IntN(30))
	switch m.r.IntN(3) {
	case 0:
		wanted := m.version + m.r.IntN(6)
		w.what = fmt.Sprintf("the wait for version %d", wanted)
		w.now = func() (bool, error) { return m.version >= wanted, nil }
		wait = func() error { return m.x.WaitForResourceVersion(m.ctx, strconv.Itoa(wanted)) }
	case 1:
		w.what = fmt.Sprintf("the wait for row %s of generation %d", id, generation)
		w.now = func() (bool, error) {
			row, ok := m.rows[id]
			if !ok {
				return true, ErrNotFound
			}
			return row.Generation >= generation, nil
		}
		wait = func() error {
			row, err := m.x.WaitForRow(m.ctx, id, func(r *Row) bool { return r.Generation >= generation })
			if err == nil && (row.ID != id || row.Generation < generation) {
				err = fmt.Errorf("got row %s of generation %d", row.ID, row.Generation)
			}
			return err
		}
	default:
		w.what = fmt.Sprintf("the wait for the arrival of row %s", id)
		w.now = func() (bool, error) { return m.rows[id] != nil, nil }
		wait = func() error {
			row, err := m.x.WaitForArrival(m.ctx, id)
			if err == nil && row.ID != id {
				err = fmt.Errorf("got row %s", row.ID)
			}
			return err
		}
	}
	m.waiters = append(m.waiters, w)
	go func() {
		w.err = wait()
		w.returned = true
	}()
	synctest.Wait() // the caller has looked once before the next write
	m.settle()
}

// write changes the index and the model in the same way.
func (m *waitModel) write(step int) {
	row := m.row(m.r.IntN(4), step/2)
	switch m.r.IntN(8) {
	case 0:
		m.x.Delete(row.Key)
		for id, held := range m.rows {
			if held.Key == row.Key {
				delete(m.rows, id)
			}
		}
	case 1: // a list, sometimes of a restored API server
		m.version = max(10, m.version+m.r.IntN(4)-1)
		rows := []*Row{}
		clear(m.rows)
		for n := range 4 {
			if m.r.IntN(2) == 0 {
				row := m.row(n, step/2)
				rows = append(rows, row)
				m.rows[row.ID] = row
			}
		}
		if err := m.x.Replace(rows, strconv.Itoa(m.version)); err != nil {
			m.t.Fatal(err)
		}
	case 2, 3:
		to := m.version + m.r.IntN(4) - 1 // a late bookmark moves nothing back
		m.version = max(m.version, to)
		if err := m.x.Observe(strconv.Itoa(to)); err != nil {
			m.t.Fatal(err)
		}
	case 4: // no change between two versions; the index may have reached neither
		from := m.version + m.r.IntN(3) - 1
		to := from + m.r.IntN(3)
		if m.version >= from {
			m.version = max(m.version, to)
		}
		m.x.ObserveGap(uint64(from), uint64(to))
	default:
		for id, held := range m.rows {
			if held.Key == row.Key {
				delete(m.rows, id) // perhaps another object of that name
			}
		}
		m.rows[row.ID] = row
		m.x.Upsert(row)
	}
	m.settle()
}

// row returns the n-th object in a state, now and then another object of the same name.
func (m *waitModel) row(n, generation int) *Row {
	id := "2" + strconv.Itoa(n)
	if m.r.IntN(6) == 0 {
		id += "-again"
	}
	return &Row{ID: id, Key: types.NamespacedName{Name: strconv.Itoa(n)}, Generation: int64(generation), CreatedTime: epoch}
}

// settle records which callers must return now.
func (m *waitModel) settle() {
	for _, w := range m.waiters {
		if w.due != nil {
			continue
		}
		if due, err := w.now(); due {
			w.due = &err
		}
	}
}

func (m *waitModel) check(seed uint64, step int) {
	m.t.Helper()
	for _, w := range m.waiters {
		if w.returned != (w.due != nil) || w.returned && !errors.Is(w.err, *w.due) {
			m.t.Fatalf("Seed %d, step %d: %s has returned %t with error %v, want %t", seed, step, w.what, w.returned, w.err, w.due != nil)
		}
	}
}
